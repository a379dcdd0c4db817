// Watch creates a task and prints its events, each once, over connections that it breaks itself; of a task that stops
// half-way it prints where that leaves us. To run it: go run ./examples/watch HOST:PORT SCRIPT '{"param": "value"}'
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"os"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: watch HOST:PORT SCRIPT PARAMS-AS-JSON")
	}
	params := &structpb.Struct{}
	must(params, params.UnmarshalJSON([]byte(os.Args[3])))
	request := &v1.CreateTaskRequest{Parent: "projects/default", RequestId: rand.Text(), // asking again gives the same task
		Task: &v1.Task{Script: os.Args[2], Params: params}}
	task, sequence := &v1.Task{}, int64(0)
	for messages, ended := 2, false; !ended; messages *= 2 {
		connection := must(grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials())))
		task, sequence, ended = watch(v1.NewTaskServiceClient(connection), request, sequence, messages)
		connection.Close()
	}
	fmt.Println("ended", task.Name, task.State, task.GetError().GetMessage())
	if half := task.PartialFailure; half != nil {
		fmt.Printf("failed step %q, retryable %t, left over %d\n", half.FailedStep, half.Retryable, half.LeftOverCount)
		for _, r := range half.LeftOver {
			fmt.Println("left over", r.State, r.Key, r.Type, r.ExternalId, r.GetError().GetMessage())
		}
		fmt.Println("not attempted", half.NotAttempted, "\nallowed", half.AllowedActions)
		fmt.Println("costs", half.Cost.GetKnownHourly(), "unpriced", half.Cost.GetUnpriced(), "uncertain", half.Cost.GetUncertain())
	}
}

// watch prints the events after a sequence until so many messages have come, or the task is at rest.
func watch(client v1.TaskServiceClient, request *v1.CreateTaskRequest, sequence int64, messages int) (*v1.Task, int64, bool) {
	ctx := context.Background()
	task := must(client.CreateTask(ctx, request))
	stream := must(client.WatchTask(ctx, &v1.WatchTaskRequest{Name: task.Name, AfterSequence: sequence}))
	for range messages {
		message, err := stream.Recv()
		if err == io.EOF {
			return task, sequence, true
		}
		task = cmp.Or(must(message, err).GetSnapshot(), task)
		for _, event := range message.GetEvents().GetEvents() {
			switch detail := event.Detail.(type) {
			case *v1.TaskEvent_StateChange:
				fmt.Println("event", event.Sequence, detail.StateChange.State)
			case *v1.TaskEvent_Resource:
				fmt.Println("event", event.Sequence, detail.Resource.State, detail.Resource.Key)
			default:
				fmt.Println("event", event.Sequence, event.GetError().GetMessage()+event.GetLog().GetText())
			}
		}
		sequence = message.Sequence
	}
	fmt.Println("hung up after", sequence)
	return task, sequence, false
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
