package wharfinger

import (
	"context"
	"fmt"
	"strings"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// PartialFailure says that the task stopped half-way and something may be alive. What can be done about it is
// [Handle.Resume], [Handle.Rollback] and [Handle.Resolve], as far as AllowedActions has them.
type PartialFailure struct {
	Task *v1.Task
	// Failure is the first cause; nil where the server told none. Of a rollback that stopped, Task.RollbackFailure says why.
	Failure *v1.Failure
	// Created are the leftovers that exist, also where undoing them failed, and Uncertain those of which nobody can tell: treat
	// them as alive. Both are whole, in the order of intent.
	Created, Uncertain []*v1.LedgerEntry
	// NotAttempted are the keys that were planned and never begun, the first 100.
	NotAttempted []string
	// Cost is what the leftovers cost while they live; nil: nobody knows.
	Cost *v1.LeftoverCost
	// AllowedActions are what can be done about it now.
	AllowedActions []v1.PartialFailureAction
	// FailedStep is the name of the step; empty outside of steps.
	FailedStep string
	// Retryable says that trying again might help.
	Retryable bool
	// ResumeVersion is what Resume has to name as ScriptVersion; empty: nothing.
	ResumeVersion string
}

// Error says why the task stopped, what is left over, and what can be done.
func (p *PartialFailure) Error() string {
	step := ""
	if p.FailedStep != "" {
		step = " in step " + p.FailedStep
	}
	text := ended(p.Task, step, p.Failure)
	if failed := p.Task.GetRollbackFailure(); failed != nil {
		text += "; its rollback stopped: " + because(failed)
	}
	for _, part := range []struct {
		title   string
		entries []*v1.LedgerEntry
	}{{"created", p.Created}, {"uncertain", p.Uncertain}} {
		if len(part.entries) > 0 {
			text += fmt.Sprintf("; %s (%d): %s", part.title, len(part.entries), shown(part.entries))
		}
	}
	if len(p.NotAttempted) > 0 {
		text += fmt.Sprintf("; %d not attempted", len(p.NotAttempted))
	}
	var actions []string
	for _, action := range p.AllowedActions {
		actions = append(actions, Word(action))
	}
	return text + "; allowed: " + strings.Join(actions, ", ")
}

// shown names the first few entries; a log line is no place for all.
func shown(entries []*v1.LedgerEntry) string {
	const most = 5
	var names []string
	for _, entry := range entries[:min(most, len(entries))] {
		name := entry.GetKey()
		if id := entry.GetExternalId(); id != "" {
			name += " = " + id
		}
		names = append(names, name)
	}
	if len(entries) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// TaskFailed says that the task failed, and nothing is left over.
type TaskFailed struct {
	Task    *v1.Task
	Failure *v1.Failure
}

// Error says why.
func (t *TaskFailed) Error() string { return ended(t.Task, "", t.Failure) }

// TaskCancelled says that the task was cancelled, and nothing is left over.
type TaskCancelled struct {
	Task    *v1.Task
	Failure *v1.Failure
}

// Error says by whom, and why.
func (t *TaskCancelled) Error() string { return ended(t.Task, "", t.Failure) }

// RolledBack says that what the task had made was undone on somebody's request. Failure is why it had failed before; nil if it had
// not.
type RolledBack struct {
	Task    *v1.Task
	Failure *v1.Failure
}

// Error says so.
func (r *RolledBack) Error() string {
	text := fmt.Sprintf("wharfinger: %s (%s) is %s", r.Task.GetName(), r.Task.GetScript(), stateWord(r.Task))
	if r.Failure != nil {
		text += "; before that it failed: " + because(r.Failure)
	}
	return text
}

func ended(task *v1.Task, where string, failure *v1.Failure) string {
	return fmt.Sprintf("wharfinger: %s (%s) is %s%s: %s", task.GetName(), task.GetScript(), stateWord(task), where, because(failure))
}

func stateWord(task *v1.Task) string { return Word(task.GetState()) }

func because(failure *v1.Failure) string {
	if failure == nil {
		return "no reason was given"
	}
	return fmt.Sprintf("%s [%s]", failure.GetMessage(), failure.GetReason())
}

// ending returns the error of a task that is at rest and did not succeed.
func (h *Handle) ending(ctx context.Context, task *v1.Task) error {
	switch failure := task.GetFailure(); {
	case task.GetPartialFailure() != nil:
		return h.partialFailure(ctx, task)
	case task.GetState() == v1.TaskState_TASK_STATE_CANCELLED:
		return &TaskCancelled{task, failure}
	case task.GetState() == v1.TaskState_TASK_STATE_ROLLED_BACK:
		return &RolledBack{task, failure}
	default:
		return &TaskFailed{task, failure}
	}
}

// partialFailure reads all leftovers, those beyond what the task itself can hold from the ledger.
func (h *Handle) partialFailure(ctx context.Context, task *v1.Task) error {
	half := task.GetPartialFailure()
	leftOver := half.GetLeftOver()
	if int(half.GetTotalLeftOver()) > len(leftOver) {
		leftOver = nil
		for entry, err := range h.Ledger(ctx, "") {
			if err != nil {
				return fmt.Errorf("wharfinger: %s is %s, and its ledger can't be read: %w", task.GetName(), stateWord(task), err)
			}
			if entry.GetOwned() && !closed(entry) {
				leftOver = append(leftOver, entry)
			}
		}
	}
	found := &PartialFailure{Task: task, Failure: task.GetFailure(), NotAttempted: half.GetNotAttempted(), Cost: half.GetCost(),
		AllowedActions: half.GetAllowedActions(), FailedStep: half.GetFailedStep(), Retryable: half.GetRetryable(), ResumeVersion: half.GetResumeVersion()}
	for _, entry := range leftOver {
		if exists(entry) {
			found.Created = append(found.Created, entry)
		} else {
			found.Uncertain = append(found.Uncertain, entry)
		}
	}
	return found
}

// closed tells whether the task has nothing more to do with the thing.
func closed(entry *v1.LedgerEntry) bool {
	switch entry.GetState() {
	case v1.LedgerEntryState_LEDGER_ENTRY_STATE_NOT_CREATED, v1.LedgerEntryState_LEDGER_ENTRY_STATE_UNDONE,
		v1.LedgerEntryState_LEDGER_ENTRY_STATE_RETAINED, v1.LedgerEntryState_LEDGER_ENTRY_STATE_FORGOTTEN:
		return true
	}
	return false
}

// exists tells whether a leftover certainly does; of a state that this package does not know nobody can tell.
func exists(entry *v1.LedgerEntry) bool {
	switch entry.GetState() {
	case v1.LedgerEntryState_LEDGER_ENTRY_STATE_CREATED, v1.LedgerEntryState_LEDGER_ENTRY_STATE_UNDOING,
		v1.LedgerEntryState_LEDGER_ENTRY_STATE_UNDO_FAILED:
		return true
	}
	return false
}
