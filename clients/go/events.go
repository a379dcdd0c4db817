package wharfinger

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// Event is what a watch tells: a [Snapshot], [StateChange], [EntryChange], [LogLine], [FailureEvent], [ProgressUpdate] or
// [Unknown], and nothing else. A type switch over these is complete.
type Event interface {
	// Where tells which task it is about, and its place among the task's events.
	Where() Position
	event()
}

// Position is where an event stands.
type Position struct {
	// Task is the task's full name.
	Task string
	// Sequence is the number of the event within its task; of a snapshot or progress that of the last event told before it.
	Sequence int64
	// Time is when it was recorded, by the server's clock. Sort by Sequence, not by this.
	Time time.Time
	// Attempt is the epoch of the attempt that it belongs to; 0 for what no attempt did.
	Attempt int64
	// ResumeToken goes on after this event, in another watch: see WatchOptions.
	ResumeToken []byte
}

// Where returns the position itself.
func (p Position) Where() Position { return p }

func (Position) event() {}

// Snapshot is the whole task: the first that a watch of a task tells, and the last once it is at rest. In a project's watch, in
// the BASIC view: each task that is not at rest as the watch begins, and each new one.
type Snapshot struct {
	Position
	State *v1.Task
	// Final is set on the last event of a task's watch.
	Final bool
}

// StateChange says that the task came into a state.
type StateChange struct {
	Position
	State         v1.TaskState
	Actor, Reason string
}

// EntryChange says that an entry of the ledger changed; it has the whole entry.
type EntryChange struct {
	Position
	Entry *v1.LedgerEntry
}

// LogLine is a line that the script told or printed.
type LogLine struct {
	Position
	Level v1.LogLevel
	Text  string
	// Dropped counts the lines before this one that the task had no room for.
	Dropped int64
}

// FailureEvent says that an attempt, a search or an undo failed.
type FailureEvent struct {
	Position
	Failure *v1.Failure
}

// ProgressUpdate is the latest progress; values in between may have been left out.
type ProgressUpdate struct {
	Position
	Progress *v1.Progress
}

// Unknown is something that this package is too old to know.
type Unknown struct {
	Position
	Raw proto.Message
}

// eventOf turns a recorded event into ours.
func eventOf(raw *v1.TaskEvent, token []byte) Event {
	at := Position{raw.GetTask(), raw.GetSequence(), moment(raw.GetTime()), raw.GetAttempt(), token}
	switch detail := raw.GetDetail().(type) {
	case *v1.TaskEvent_StateChange:
		return StateChange{at, detail.StateChange.GetState(), detail.StateChange.GetActor(), detail.StateChange.GetReason()}
	case *v1.TaskEvent_Entry:
		return EntryChange{at, detail.Entry}
	case *v1.TaskEvent_Log:
		return LogLine{at, detail.Log.GetLevel(), detail.Log.GetText(), detail.Log.GetDropped()}
	case *v1.TaskEvent_Failure:
		return FailureEvent{at, detail.Failure}
	}
	return Unknown{at, raw}
}

func snapshotOf(raw *v1.Task, sequence int64, token []byte, final bool) Event {
	return Snapshot{Position{raw.GetName(), sequence, moment(raw.GetUpdateTime()), 0, token}, raw, final}
}

func progressOf(task string, raw *v1.Progress, sequence int64, token []byte) Event {
	return ProgressUpdate{Position{task, sequence, moment(raw.GetUpdateTime()), 0, token}, raw}
}

func moment(raw *timestamppb.Timestamp) time.Time {
	if raw == nil {
		return time.Time{}
	}
	return raw.AsTime()
}
