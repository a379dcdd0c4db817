package wharfinger

import (
	"cmp"
	"context"
	"iter"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// One long poll: short enough for proxies that cut silent calls, long enough to cost nothing.
const pollTime = 25 * time.Second

// Handle is one task of a client's server. It is safe for use by many goroutines.
type Handle struct {
	client *Client
	name   string
	task   *v1.Task
}

func (c *Client) handle(task *v1.Task) *Handle { return &Handle{c, task.GetName(), task} }

// Name returns the task's full name, projects/PROJECT/tasks/ID.
func (h *Handle) Name() string { return h.name }

// Accepted returns the task as it was when it was accepted (of a batch, in the BASIC view); nil for a handle by [Client.Task].
func (h *Handle) Accepted() *v1.Task { return h.task }

// Get returns the task as it stands.
func (h *Handle) Get(ctx context.Context) (*v1.Task, error) {
	return call(ctx, h.client, tryTime, h.client.raw.Tasks.GetTask, &v1.GetTaskRequest{Name: h.name})
}

// Wait returns the task once it is at rest, however it ended. Broken connections and restarts of the server are waited out.
func (h *Handle) Wait(ctx context.Context) (*v1.Task, error) {
	outage := outage{client: h.client, began: time.Now()}
	request := &v1.WaitTaskRequest{Name: h.name, Timeout: durationpb.New(pollTime)}
	for {
		if ctx.Err() != nil {
			return nil, late(ctx, h.name+" did not end in time; it is not affected and goes on", nil)
		}
		_, generation := h.client.line.current()
		task, err := try(ctx, pollTime+10*time.Second, h.client.raw.Tasks.WaitTask, request)
		if err == nil {
			h.client.answered.Store(true)
			if task.GetEndTime() != nil {
				return task, nil
			}
			outage.waits.ease(0)
			// An early answer is allowed; a server that always answers at once must not be asked in a tight loop.
			sleep(ctx, 50*time.Millisecond)
			continue
		}
		if ctx.Err() != nil {
			continue
		}
		err = h.client.translate(ctx, err)
		if gone, ok := err.(*Unreachable); ok && silent(gone) {
			h.client.line.renew(generation)
		}
		if err := outage.bear(ctx, err, "waiting for "+h.name, true); err != nil {
			return nil, err
		}
	}
}

// Result waits until the task is at rest, and puts what it returned into a variable, as json.Unmarshal does; nil: nobody wants it.
// The error of a task that did not succeed is a [*PartialFailure], [*TaskFailed], [*TaskCancelled] or [*RolledBack].
func (h *Handle) Result(ctx context.Context, into any) error {
	task, err := h.Wait(ctx)
	if err != nil {
		return err
	}
	if task.GetState() == v1.TaskState_TASK_STATE_SUCCEEDED {
		return decode(task.GetResult(), into)
	}
	return h.ending(ctx, task)
}

// CancelOptions say more about a cancellation.
type CancelOptions struct {
	// Reason is for whoever reads the events.
	Reason string
	// Etag acts only if the task still has it, and RequestID is the caller's own id of this request; one is made up without.
	Etag, RequestID string
}

// Cancel asks the task to stop, and returns at once; the task is then CANCELLING, or CANCELLED if it had not begun. Asking
// again is no error.
func (h *Handle) Cancel(ctx context.Context, options CancelOptions) (*v1.Task, error) {
	return call(ctx, h.client, tryTime, h.client.raw.Tasks.CancelTask, &v1.CancelTaskRequest{Name: h.name,
		Reason: options.Reason, Etag: options.Etag, RequestId: cmp.Or(options.RequestID, newID())})
}

// ResumeOptions say more about how a task goes on.
type ResumeOptions struct {
	// ScriptVersion puts the task on the installed version: PartialFailure.ResumeVersion says when it must be named.
	ScriptVersion string
	// Etag acts only if the task still has it, and RequestID is the caller's own id of this request; one is made up without.
	Etag, RequestID string
}

// Resume lets a half-done task run again with what it made; the task is then QUEUED.
func (h *Handle) Resume(ctx context.Context, options ResumeOptions) (*v1.Task, error) {
	return call(ctx, h.client, tryTime, h.client.raw.Tasks.ResumeTask, &v1.ResumeTaskRequest{Name: h.name,
		ScriptVersion: options.ScriptVersion, Etag: options.Etag, RequestId: cmp.Or(options.RequestID, newID())})
}

// RollbackOptions say what is undone.
type RollbackOptions struct {
	// Only undoes these keys; none: all.
	Only []string
	// Retain keeps these keys, with all that they depend on: they are the caller's from then on.
	Retain []string
	// Etag acts only if the task still has it, and RequestID is the caller's own id of this request; one is made up without.
	Etag, RequestID string
}

// Plan tells what a rollback would do, and does nothing.
func (h *Handle) Plan(ctx context.Context, options RollbackOptions) (*v1.RollbackPlan, error) {
	task, err := call(ctx, h.client, tryTime, h.client.raw.Tasks.RollbackTask, &v1.RollbackTaskRequest{Name: h.name,
		Only: options.Only, Retain: options.Retain, Etag: options.Etag, ValidateOnly: true})
	return task.GetRollbackPlan(), err
}

// Rollback undoes what the task made, children first, and returns at once; the task is then ROLLING_BACK.
func (h *Handle) Rollback(ctx context.Context, options RollbackOptions) (*v1.Task, error) {
	return call(ctx, h.client, tryTime, h.client.raw.Tasks.RollbackTask, &v1.RollbackTaskRequest{Name: h.name,
		Only: options.Only, Retain: options.Retain, Etag: options.Etag, RequestId: cmp.Or(options.RequestID, newID())})
}

// ResolveOptions say more about a verdict.
type ResolveOptions struct {
	// ExternalID is the provider's id, needed for CREATED where the entry has none.
	ExternalID string
	// Reason is for whoever reads the events.
	Reason string
	// Etag acts only if the task still has it, and RequestID is the caller's own id of this request; one is made up without.
	Etag, RequestID string
}

// Resolve tells a person's verdict on one entry of the ledger, after a look at the provider.
func (h *Handle) Resolve(ctx context.Context, key string, verdict v1.LedgerVerdict, options ResolveOptions) (*v1.Task, error) {
	return call(ctx, h.client, tryTime, h.client.raw.Tasks.ResolveLedgerEntry, &v1.ResolveLedgerEntryRequest{Name: h.name,
		Key: key, Verdict: verdict, ExternalId: options.ExternalID, Reason: options.Reason,
		Etag: options.Etag, RequestId: cmp.Or(options.RequestID, newID())})
}

// DeleteOptions say more about a deletion.
type DeleteOptions struct {
	// AllowMissing makes it no error that there is no such task, and never was.
	AllowMissing bool
	// Etag acts only if the task still has it, and RequestID is the caller's own id of this request; one is made up without.
	Etag, RequestID string
}

// Delete removes a task that is at rest and owns nothing that may be alive.
func (h *Handle) Delete(ctx context.Context, options DeleteOptions) error {
	_, err := call(ctx, h.client, tryTime, h.client.raw.Tasks.DeleteTask, &v1.DeleteTaskRequest{Name: h.name,
		AllowMissing: options.AllowMissing, Etag: options.Etag, RequestId: cmp.Or(options.RequestID, newID())})
	return err
}

// Ledger tells what the task made, or was about to make, in the order of intent. The filter is one such as `state = UNCERTAIN`;
// empty: all. An error is the last that it tells.
func (h *Handle) Ledger(ctx context.Context, filter string) iter.Seq2[*v1.LedgerEntry, error] {
	return pages(func(token string) ([]*v1.LedgerEntry, string, error) {
		page, err := call(ctx, h.client, tryTime, h.client.raw.Tasks.ListLedgerEntries,
			&v1.ListLedgerEntriesRequest{Parent: h.name, Filter: filter, PageSize: pageSize, PageToken: token})
		return page.GetEntries(), page.GetNextPageToken(), err
	})
}

// Events tells the events that are recorded after a number, in order; 0: all. An error is the last that it tells.
func (h *Handle) Events(ctx context.Context, after int64) iter.Seq2[Event, error] {
	return pages(func(token string) ([]Event, string, error) {
		page, err := call(ctx, h.client, tryTime, h.client.raw.Tasks.ListTaskEvents,
			&v1.ListTaskEventsRequest{Parent: h.name, AfterSequence: after, PageSize: pageSize, PageToken: token})
		var events []Event
		for _, raw := range page.GetEvents() {
			events = append(events, eventOf(raw, nil))
		}
		return events, page.GetNextPageToken(), err
	})
}
