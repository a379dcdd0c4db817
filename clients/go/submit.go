package wharfinger

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// NewTask is a task to be accepted. Only Script must be there.
type NewTask struct {
	// Script is its plain name, such as image.import.
	Script string
	// Params are what it is given: anything that marshals to an object of JSON. Whole numbers beyond 2^53-1 are refused; send
	// them as strings.
	Params any
	// ID is the last part of the task's name; empty: the server makes one up.
	ID string
	// RequestID makes the request one that is done once, however often it is asked; empty: one is made up, and kept over the tries of one
	// call.
	RequestID string
	// Labels are the caller's own marks.
	Labels map[string]string
	// Policy has retries, timeouts, and what becomes of things made; nil: the defaults.
	Policy *v1.Policy
	// Executor is the plain name of one; empty: the one that the script prefers.
	Executor string
	// ScriptVersion refuses any other version than this one; empty: the installed one.
	ScriptVersion string
}

// TaskOption says more about a task than its script and params.
type TaskOption func(*NewTask)

// WithID gives the task the last part of its name.
func WithID(id string) TaskOption { return func(t *NewTask) { t.ID = id } }

// WithRequestID makes the request one of the caller's own: asked again under that id, by this program or the next one, it
// returns the same task.
func WithRequestID(id string) TaskOption { return func(t *NewTask) { t.RequestID = id } }

// WithLabels puts the caller's own marks on the task.
func WithLabels(labels map[string]string) TaskOption { return func(t *NewTask) { t.Labels = labels } }

// WithPolicy says how hard the task tries, how long, and what becomes of half-done work.
func WithPolicy(policy *v1.Policy) TaskOption { return func(t *NewTask) { t.Policy = policy } }

// WithExecutor names the executor that is to run the task.
func WithExecutor(executor string) TaskOption { return func(t *NewTask) { t.Executor = executor } }

// WithScriptVersion refuses any other version of the script than this one.
func WithScriptVersion(version string) TaskOption {
	return func(t *NewTask) { t.ScriptVersion = version }
}

// Submit has a task accepted. When it returns, the task is durable and will be run. Asked again because no answer came, the
// server makes no second one; an [*Unreachable] has the request id by which to ask again later.
func (c *Client) Submit(ctx context.Context, script string, params any, opts ...TaskOption) (*Handle, error) {
	task, err := c.create(ctx, script, params, opts, false)
	if err != nil {
		return nil, err
	}
	return c.handle(task), nil
}

// Validate checks all that Submit would, creates nothing, and returns the task as it would be.
func (c *Client) Validate(ctx context.Context, script string, params any, opts ...TaskOption) (*v1.Task, error) {
	return c.create(ctx, script, params, opts, true)
}

func (c *Client) create(ctx context.Context, script string, params any, opts []TaskOption, validateOnly bool) (*v1.Task, error) {
	wish := NewTask{Script: script, Params: params}
	for _, opt := range opts {
		opt(&wish)
	}
	request, err := c.createRequest(wish)
	if err != nil {
		return nil, err
	}
	request.ValidateOnly = validateOnly
	return call(ctx, c, tryTime, c.raw.Tasks.CreateTask, request)
}

func (c *Client) createRequest(wish NewTask) (*v1.CreateTaskRequest, error) {
	params, err := structOf(wish.Params)
	if err != nil {
		return nil, err
	}
	task := &v1.Task{Script: wish.Script, Params: params, Labels: wish.Labels, Policy: wish.Policy,
		Executor: wish.Executor, ScriptVersion: wish.ScriptVersion}
	return &v1.CreateTaskRequest{Parent: c.parent(), TaskId: wish.ID, RequestId: cmp.Or(wish.RequestID, newID()), Task: task}, nil
}

// Outcome is what became of one task of a batch: one of the two is set.
type Outcome struct {
	Task *Handle
	Err  error
}

const (
	batchCount = 1000
	// The API takes 3 MiB; what frames each request is counted generously.
	batchBytes = 3<<20 - 16<<10
)

// Batch has many tasks accepted, each for itself, and returns as many outcomes, in the same order: some may be accepted while
// others are refused. A call that fails as a whole is the outcome of each of its tasks.
func (c *Client) Batch(ctx context.Context, tasks []NewTask) []Outcome {
	outcomes := make([]Outcome, len(tasks))
	var requests []*v1.CreateTaskRequest
	var places []int
	size := 0
	send := func() {
		if len(requests) > 0 {
			c.sendBatch(ctx, requests, places, outcomes)
		}
		requests, places, size = nil, nil, 0
	}
	for place, wish := range tasks {
		request, err := c.createRequest(wish)
		if err != nil {
			outcomes[place].Err = err
			continue
		}
		own := proto.Size(request) + 8
		if len(requests) == batchCount || size+own > batchBytes {
			send()
		}
		requests, places, size = append(requests, request), append(places, place), size+own
	}
	send()
	return outcomes
}

func (c *Client) sendBatch(ctx context.Context, requests []*v1.CreateTaskRequest, places []int, outcomes []Outcome) {
	answer, err := call(ctx, c, batchTime, c.raw.Tasks.BatchCreateTasks, &v1.BatchCreateTasksRequest{Parent: c.parent(), Requests: requests})
	if err == nil && len(answer.GetOutcomes()) != len(requests) {
		err = &Refused{Code: codes.Internal, Message: fmt.Sprintf("the server told %d outcomes for %d tasks", len(answer.GetOutcomes()), len(requests))}
	}
	for i, place := range places {
		switch gone, lost := err.(*Unreachable); {
		case lost:
			own := *gone
			own.RequestID = requests[i].GetRequestId()
			outcomes[place].Err = &own
		case err != nil:
			outcomes[place].Err = err
		case answer.Outcomes[i].GetTask() != nil:
			outcomes[place].Task = c.handle(answer.Outcomes[i].GetTask())
		default:
			outcomes[place].Err = refused(answer.Outcomes[i].GetError())
		}
	}
}

// newID makes a UUID of version 7: those sort by time, and so are cheap to index.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[6:]) // it never fails
	binary.BigEndian.PutUint64(id[:8], uint64(time.Now().UnixMilli())<<16|uint64(binary.BigEndian.Uint16(id[6:8])))
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
