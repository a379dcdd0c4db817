package wharfinger

import (
	"context"
	"fmt"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// A server that leaves out events each time it is asked is at fault; asking for ever would hide that.
const gapsLimit = 5

// WatchOptions say where a watch begins, and how soon a dead connection is found out.
type WatchOptions struct {
	// After tells only events with a greater number; of a task's watch only.
	After int64
	// ResumeToken goes on after the event that has it; with the same task, or the same project and Filter.
	ResumeToken []byte
	// Filter chooses tasks by what never changes in their life, such as `script = "image.import"`; of a project's watch only.
	Filter string
	// Heartbeat is how long the server may say nothing; 5 seconds by default, 1 at least. A connection is dead that misses three.
	Heartbeat time.Duration
}

func (o *WatchOptions) heartbeat() time.Duration {
	if o.Heartbeat == 0 {
		return heartbeatTime
	}
	return max(o.Heartbeat, shortestHeartbeat)
}

// Watch tells the task's life from its beginning: a snapshot, then its events each once, in order and without a gap, progress in
// between, and a last snapshot when the task is at rest, which ends it. It outlives connections and servers. An error is the last
// that it tells, with a nil event: the context's, or one that asking again would not help.
func (h *Handle) Watch(ctx context.Context) iter.Seq2[Event, error] {
	return h.WatchFrom(ctx, WatchOptions{})
}

// WatchFrom is Watch from another point than the beginning.
func (h *Handle) WatchFrom(ctx context.Context, from WatchOptions) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		story := &story{name: h.name, position: from.After, token: from.ResumeToken, wait: durationpb.New(from.heartbeat())}
		stream := newStream(h.client, from.heartbeat(), func(ctx context.Context) (grpc.ServerStreamingClient[v1.WatchTaskResponse], error) {
			return h.client.raw.Tasks.WatchTask(ctx, story.request())
		})
		defer stream.drop()
		for !story.over {
			message, err := stream.next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			news, err := story.take(message, stream.fresh)
			for _, event := range news {
				if !yield(event, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if story.gap {
				stream.drop()
			}
		}
	}
}

// story is where the watch of one task stands: up to which event all was told, and what the task was when last seen.
type story struct {
	name     string
	position int64
	token    []byte
	wait     *durationpb.Duration
	known    *v1.Task
	gaps     int
	gap      bool
	over     bool
}

func (s *story) request() *v1.WatchTaskRequest {
	return &v1.WatchTaskRequest{Name: s.name, AfterSequence: s.position, ResumeToken: s.token, HeartbeatInterval: s.wait}
}

// take returns what a message tells that was not told before; nil is the stream's good end. With gap set events are missing
// before those of the message, and the stream is to be opened again.
func (s *story) take(message *v1.WatchTaskResponse, fresh bool) (news []Event, err error) {
	s.gap = false
	if message == nil {
		return s.end(), nil
	}
	if s.known == nil && len(s.token) > 0 && message.GetSequence() > s.position {
		s.position = message.GetSequence() // the place that the caller's token means
	}
	switch kind := message.GetKind().(type) {
	case *v1.WatchTaskResponse_Snapshot:
		news = s.snapshot(kind.Snapshot, message, fresh)
	case *v1.WatchTaskResponse_Events:
		news, err = s.events(kind.Events.GetEvents(), message.GetResumeToken())
	case *v1.WatchTaskResponse_Progress:
		news = []Event{progressOf(s.name, kind.Progress, s.position, message.GetResumeToken())}
	case nil:
		if len(message.ProtoReflect().GetUnknown()) > 0 { // a kind of message that is newer than this package
			s.position = max(s.position, message.GetSequence())
			news = []Event{Unknown{Position{Task: s.name, Sequence: s.position, ResumeToken: message.GetResumeToken()}, message}}
		}
	}
	// A token is of the message's position: where not all of it was taken, the number alone goes on.
	s.token = nil
	if s.position == message.GetSequence() {
		s.token = message.GetResumeToken()
	}
	return news, err
}

func (s *story) snapshot(task *v1.Task, message *v1.WatchTaskResponse, fresh bool) []Event {
	first := s.known == nil
	s.known = task
	if !fresh && task.GetEndTime() != nil {
		return s.end()
	}
	if !first { // that of a later connection is no news: whatever changed meanwhile comes as events
		return nil
	}
	return []Event{snapshotOf(task, s.position, message.GetResumeToken(), false)}
}

func (s *story) events(raws []*v1.TaskEvent, token []byte) (news []Event, err error) {
	for i, raw := range raws {
		switch sequence := raw.GetSequence(); {
		case sequence <= s.position:
			continue
		case sequence > s.position+1:
			s.gap, s.gaps = true, s.gaps+1
			if s.gaps > gapsLimit {
				err = &Refused{Code: codes.Internal, Message: fmt.Sprintf("%s: the server tells event %d after %d each time", s.name, sequence, s.position)}
			}
			return news, err
		}
		s.position++
		s.gaps = 0
		own := token
		if i < len(raws)-1 {
			own = nil // the message's token is of its last event
		}
		news = append(news, eventOf(raw, own))
	}
	return news, nil
}

// end returns what is left to tell when the server ended the stream well: the last snapshot, if that was the end.
func (s *story) end() []Event {
	if s.known == nil || s.known.GetEndTime() == nil || s.known.GetLastSequence() > s.position {
		return nil
	}
	s.over = true
	return []Event{snapshotOf(s.known, s.position, nil, true)}
}

// WatchProject tells what happens in the client's project, without an end: a snapshot of each task that is not at rest, then
// events, each once. It outlives connections and servers. To go on in another program, keep the ResumeToken of an event when
// that, and all before it, was dealt with. An error is the last that it tells.
func (c *Client) WatchProject(ctx context.Context, from WatchOptions) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		token, wait := from.ResumeToken, durationpb.New(from.heartbeat())
		stream := newStream(c, from.heartbeat(), func(ctx context.Context) (grpc.ServerStreamingClient[v1.WatchTasksResponse], error) {
			return c.raw.Tasks.WatchTasks(ctx, &v1.WatchTasksRequest{Parent: c.parent(), Filter: from.Filter, ResumeToken: token, HeartbeatInterval: wait})
		})
		defer stream.drop()
		for {
			message, err := stream.next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			if message == nil {
				continue
			}
			before := token
			token = message.GetResumeToken()
			for _, event := range projectEvents(message, before, token) {
				if !yield(event, nil) {
					return
				}
			}
		}
	}
}

// projectEvents are what a message of a project's watch tells. Only its last event has the message's own token: whoever goes on
// after an earlier one is told the message again.
func projectEvents(message *v1.WatchTasksResponse, before, token []byte) (news []Event) {
	switch kind := message.GetKind().(type) {
	case *v1.WatchTasksResponse_Snapshot:
		news = []Event{snapshotOf(kind.Snapshot, kind.Snapshot.GetLastSequence(), token, false)}
	case *v1.WatchTasksResponse_Events:
		raws := kind.Events.GetEvents()
		for i, raw := range raws {
			own := before
			if i == len(raws)-1 {
				own = token
			}
			news = append(news, eventOf(raw, own))
		}
	case *v1.WatchTasksResponse_Progress:
		news = []Event{progressOf(kind.Progress.GetTask(), kind.Progress.GetProgress(), 0, token)}
	case nil:
		if len(message.ProtoReflect().GetUnknown()) > 0 {
			news = []Event{Unknown{Position{ResumeToken: token}, message}}
		}
	}
	return news
}
