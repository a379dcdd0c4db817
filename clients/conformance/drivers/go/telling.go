package main

import (
	"context"
	"encoding/hex"
	"errors"

	wharfinger "github.com/wharfinger/wharfinger/clients/go"
	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
	codepb "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
)

func taskOf(task *v1.Task) object {
	told := object{
		"name": task.GetName(), "state": wharfinger.Word(task.GetState()), "script": task.GetScript(), "script_version": task.GetScriptVersion(),
		"params": task.GetParams().AsMap(), "result": nil, "failure": nil, "labels": facts(task.GetLabels()), "creator": task.GetCreator(),
		"last_sequence": task.GetLastSequence(),
	}
	if task.GetResult() != nil {
		told["result"] = task.GetResult().AsMap()
	}
	if task.GetFailure() != nil {
		told["failure"] = failureOf(task.GetFailure())
	}
	return told
}

func failureOf(failure *v1.Failure) object {
	return object{"code": wharfinger.Word(failure.GetCode()), "reason": failure.GetReason(), "message": failure.GetMessage(), "metadata": facts(failure.GetMetadata())}
}

func eventOf(event wharfinger.Event) object {
	at := event.Where()
	told := object{"kind": "unknown", "task": at.Task, "sequence": at.Sequence}
	if len(at.ResumeToken) > 0 {
		told["resume_token"] = hex.EncodeToString(at.ResumeToken)
	}
	switch event := event.(type) {
	case wharfinger.Snapshot:
		told["kind"], told["state"], told["final"] = "snapshot", wharfinger.Word(event.State.GetState()), event.Final
	case wharfinger.StateChange:
		told["kind"], told["state"], told["reason"] = "state", wharfinger.Word(event.State), event.Reason
	case wharfinger.EntryChange:
		told["kind"], told["key"], told["entry_state"] = "entry", event.Entry.GetKey(), wharfinger.Word(event.Entry.GetState())
	case wharfinger.LogLine:
		told["kind"], told["text"] = "log", event.Text
	case wharfinger.FailureEvent:
		told["kind"], told["reason"], told["text"] = "failure", event.Failure.GetReason(), event.Failure.GetMessage()
	case wharfinger.ProgressUpdate:
		told["kind"], told["text"] = "progress", event.Progress.GetMessage()
	case wharfinger.Unknown:
	}
	return told
}

func errorOf(err error) object {
	told := object{"kind": "Invalid", "message": err.Error()}
	var (
		half      *wharfinger.PartialFailure
		failed    *wharfinger.TaskFailed
		cancelled *wharfinger.TaskCancelled
		undone    *wharfinger.RolledBack
		refusal   *wharfinger.Refused
		gone      *wharfinger.Unreachable
	)
	switch {
	case errors.As(err, &half):
		failureIn(told, "PartialFailure", half.Failure)
		told["created"], told["uncertain"], told["not_attempted"] = keys(half.Created), keys(half.Uncertain), listed(half.NotAttempted)
		told["failed_step"], told["retryable"], told["cost"] = half.FailedStep, half.Retryable, costOf(half.Cost)
		actions := []string{}
		for _, action := range half.AllowedActions {
			actions = append(actions, wharfinger.Word(action))
		}
		told["allowed_actions"] = actions
	case errors.As(err, &failed):
		failureIn(told, "TaskFailed", failed.Failure)
	case errors.As(err, &cancelled):
		failureIn(told, "TaskCancelled", cancelled.Failure)
	case errors.As(err, &undone):
		failureIn(told, "RolledBack", undone.Failure)
	case errors.Is(err, context.DeadlineExceeded):
		told["kind"] = "TimedOut"
	case errors.As(err, &refusal):
		told["kind"], told["code"], told["reason"] = "Refused", codeOf(refusal.Code), refusal.Reason
		told["metadata"], told["choices"], told["retryable"] = facts(refusal.Metadata), listed(refusal.Choices), refusal.Retryable()
		fields := []string{}
		for _, violation := range refusal.Violations {
			fields = append(fields, violation.Field)
		}
		told["violations"] = fields
	case errors.As(err, &gone):
		told["kind"], told["code"], told["retryable"] = "Unreachable", codeOf(gone.Code), true
	}
	return told
}

func failureIn(told object, kind string, failure *v1.Failure) {
	told["kind"] = kind
	if failure != nil {
		told["code"], told["reason"], told["metadata"] = wharfinger.Word(failure.GetCode()), failure.GetReason(), facts(failure.GetMetadata())
	}
}

func codeOf(code codes.Code) string { return wharfinger.Word(codepb.Code(code)) }

func costOf(cost *v1.LeftoverCost) any {
	if cost == nil {
		return nil
	}
	return object{"known_hourly": moneyOf(cost.GetKnownHourly()), "unpriced": cost.GetUnpriced(), "uncertain": cost.GetUncertain()}
}

func moneyOf(sums []*v1.DecimalMoney) []object {
	told := []object{}
	for _, sum := range sums {
		told = append(told, object{"amount": sum.GetAmount(), "currency": sum.GetCurrencyCode()})
	}
	return told
}

func keys(entries []*v1.LedgerEntry) []string {
	told := []string{}
	for _, entry := range entries {
		told = append(told, entry.GetKey())
	}
	return told
}

// listed is a list that JSON does not write as null.
func listed(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}

// facts are an object that JSON does not write as null.
func facts(texts map[string]string) map[string]string {
	if texts == nil {
		return map[string]string{}
	}
	return texts
}
