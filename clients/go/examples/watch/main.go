// Watch creates a task and prints its events, each once, over connections that it ends itself; of a task that stops
// half-way it prints where that leaves us. To run it: go run ./examples/watch HOST:PORT SCRIPT '{"param": "value"}'
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	wharfinger "github.com/wharfinger/wharfinger/clients/go"
	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: watch HOST:PORT SCRIPT PARAMS-AS-JSON")
	}
	ctx, id := context.Background(), rand.Text() // asking again under the id gives the same task
	for events, after, ended := 2, int64(0), false; !ended; events *= 2 {
		client := must(wharfinger.New(wharfinger.WithServer(os.Args[1])))
		task := must(client.Submit(ctx, os.Args[2], json.RawMessage(os.Args[3]), wharfinger.WithRequestID(id)))
		if after, ended = watch(ctx, task, after, events); ended {
			end(must(task.Wait(ctx)), task.Result(ctx, nil))
		} else {
			fmt.Println("hung up after", after)
		}
		client.Close()
	}
}

// watch prints the events after a number until so many have come, or the task is at rest.
func watch(ctx context.Context, task *wharfinger.Handle, after int64, events int) (int64, bool) {
	for event, err := range task.WatchFrom(ctx, wharfinger.WatchOptions{After: after}) {
		after = must(event, err).Where().Sequence
		switch event := event.(type) {
		case wharfinger.StateChange:
			fmt.Println("event", after, wharfinger.Word(event.State))
		case wharfinger.EntryChange:
			fmt.Println("event", after, wharfinger.Word(event.Entry.State), event.Entry.Key)
		case wharfinger.LogLine:
			fmt.Println("event", after, event.Text)
		case wharfinger.FailureEvent:
			fmt.Println("event", after, event.Failure.GetMessage())
		default:
			continue
		}
		if events--; events == 0 {
			return after, false
		}
	}
	return after, true
}

// end prints how it ended, and what is left over.
func end(task *v1.Task, err error) {
	fmt.Println("ended", task.Name, wharfinger.Word(task.State), task.GetFailure().GetMessage())
	half, ok := errors.AsType[*wharfinger.PartialFailure](err)
	if !ok {
		return
	}
	fmt.Printf("failed step %q, retryable %t, left over %d\n", half.FailedStep, half.Retryable, len(half.Created)+len(half.Uncertain))
	for _, entry := range append(half.Created, half.Uncertain...) {
		fmt.Println("left over", wharfinger.Word(entry.State), entry.Key, entry.Type, entry.ExternalId, entry.GetFailure().GetMessage())
	}
	fmt.Println("not attempted", half.NotAttempted, "\nallowed", half.AllowedActions)
	fmt.Println("costs", half.Cost.GetKnownHourly(), "unpriced", half.Cost.GetUnpriced(), "uncertain", half.Cost.GetUncertain())
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
