package wharfinger

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// told watches to the end, and returns the events; the error is the last.
func told(ctx context.Context, handle *Handle) (events []Event, err error) {
	for event, failed := range handle.WatchFrom(ctx, WatchOptions{Heartbeat: time.Second}) {
		if failed != nil {
			return events, failed
		}
		events = append(events, event)
	}
	return events, nil
}

// whole fails the test unless the events are a snapshot, 1 to last, and a final snapshot.
func whole(t *testing.T, events []Event, last int64) {
	t.Helper()
	if first, ok := events[0].(Snapshot); !ok || first.Final {
		t.Errorf("it begins with %#v", events[0])
	}
	if end, ok := events[len(events)-1].(Snapshot); !ok || !end.Final {
		t.Errorf("it ends with %#v", events[len(events)-1])
	}
	var want int64 = 1
	for _, event := range events[1 : len(events)-1] {
		if got := event.Where().Sequence; got != want {
			t.Fatalf("event %d where %d should be", got, want)
		}
		want++
	}
	if want != last+1 {
		t.Errorf("the last event is %d, of %d", want-1, last)
	}
}

func TestWatchTellsEachEventOnceWhateverBreaks(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			f := newFake(t, 40)
			// What refuses a watch is waited out once it was open.
			f.faults = append([]fault{cut}, seeded(seed, 4)...)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			events, err := told(ctx, connect(t, f).Task("fake"))
			if err != nil {
				t.Fatal(err)
			}
			whole(t, events, 40)
			if got := f.calls("TaskService/WatchTask"); got < 2 {
				t.Errorf("nothing broke: it was opened %d times", got)
			}
		})
	}
}

func TestWatchTakesThreeMissedHeartbeatsForADeadLine(t *testing.T) {
	t.Parallel()
	f := newFake(t, 10)
	f.faults = []fault{dumb}
	began := time.Now()
	events, err := told(t.Context(), connect(t, f).Task("fake"))
	if err != nil {
		t.Fatal(err)
	}
	whole(t, events, 10)
	if took := time.Since(began); took < 3*time.Second || took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if len(f.connections) != 2 {
		t.Errorf("there were %d connections; the second try goes by a new one", len(f.connections))
	}
}

func TestWatchWaitsAsLongAsTheServerAsksFor(t *testing.T) {
	t.Parallel()
	f := newFake(t, 5)
	f.faults, f.retryAfter = []fault{cut, watchLimit, watchLimit}, 400*time.Millisecond
	began := time.Now()
	events, err := told(t.Context(), connect(t, f).Task("fake"))
	if err != nil {
		t.Fatal(err)
	}
	whole(t, events, 5)
	if took := time.Since(began); took < 800*time.Millisecond {
		t.Errorf("it asked again too soon: all was over after %s", took)
	}
}

func TestWatchThatWasNeverOpenIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	f := newFake(t, 5)
	f.faults, f.retryAfter = []fault{watchLimit}, time.Minute
	_, err := told(t.Context(), connect(t, f).Task("fake"))
	var refusal *Refused
	if !errors.As(err, &refusal) || refusal.Reason != "WATCH_LIMIT" || refusal.RetryAfter != time.Minute || refusal.Metadata["limit"] != "1" {
		t.Errorf("%#v", err)
	}
}

func TestWatchGivesUpAServerThatLeavesOutEventsEachTime(t *testing.T) {
	t.Parallel()
	f := newFake(t, 5)
	f.events = append(f.events[:2:2], f.events[3:]...) // 3 is missing
	_, err := told(t.Context(), connect(t, f).Task("fake"))
	var refusal *Refused
	if !errors.As(err, &refusal) || refusal.Code != codes.Internal {
		t.Fatalf("%v", err)
	}
	if got := f.calls("TaskService/WatchTask"); got != gapsLimit+1 {
		t.Errorf("it was asked %d times", got)
	}
}

func TestWatchTellsWhatItDoesNotKnowAsUnknown(t *testing.T) {
	t.Parallel()
	f := newFake(t, 4)
	f.faults = []fault{newer}
	f.events[1].Detail = nil
	f.events[1].ProtoReflect().SetUnknown([]byte{0xfa, 0x01, 0x01, 'x'})
	f.events[2].Detail = &v1.TaskEvent_StateChange{StateChange: &v1.StateChange{State: 99}}
	events, err := told(t.Context(), connect(t, f).Task("fake"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := events[1].(Unknown); !ok {
		t.Errorf("a kind of message: %#v", events[1])
	}
	whole(t, append(events[:1:1], events[2:]...), 4)
	if _, ok := events[3].(Unknown); !ok {
		t.Errorf("a kind of event: %#v", events[3])
	}
	if change, ok := events[4].(StateChange); !ok || Word(change.State) != "UNKNOWN" {
		t.Errorf("a state: %#v", events[4])
	}
}

func TestWatchEndsWithItsReader(t *testing.T) {
	t.Parallel()
	f := newFake(t, 5)
	f.task.EndTime = nil
	handle := connect(t, f).Task("fake")
	for range handle.Watch(t.Context()) {
		break
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := told(ctx, handle); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	for range 100 {
		f.mutex.Lock()
		open := f.watching
		f.mutex.Unlock()
		if open == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the server still has an open watch")
}

func TestWatchEndsWithItsClient(t *testing.T) {
	t.Parallel()
	f := newFake(t, 1)
	f.task.EndTime = nil
	client := connect(t, f)
	for event, err := range client.Task("fake").Watch(t.Context()) {
		if err != nil {
			if !errors.Is(err, errClosed) {
				t.Errorf("%v", err)
			}
			return
		}
		if event.Where().Sequence == 1 {
			_ = client.Close()
		}
	}
	t.Error("it ended as if all were told")
}
