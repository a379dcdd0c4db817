package wharfinger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

func TestSubmitMakesOneTaskThoughItsAnswersAreLost(t *testing.T) {
	t.Parallel()
	f := newFake(t, 0)
	f.faults = []fault{lost, unavailable, lost, draining}
	handle, err := connect(t, f).Submit(t.Context(), "fake", map[string]any{"n": 1})
	if err != nil {
		t.Fatal(err)
	}
	if handle.Name() != "projects/default/tasks/t1" || len(f.made) != 1 || f.calls("TaskService/CreateTask") != 5 {
		t.Errorf("%s: %d tasks by %d calls", handle.Name(), len(f.made), f.calls("TaskService/CreateTask"))
	}
}

func TestSubmitThatIsGivenUpTellsTheRequestID(t *testing.T) {
	t.Parallel()
	f := newFake(t, 0)
	f.faults = []fault{lost, dumb}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	client := connect(t, f)
	_, err := client.Submit(ctx, "fake", nil)
	var gone *Unreachable
	if !errors.As(err, &gone) || gone.RequestID == "" || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%#v", err)
	}
	handle, err := client.Submit(t.Context(), "fake", nil, WithRequestID(gone.RequestID))
	if err != nil || handle.Name() != "projects/default/tasks/t1" || len(f.made) != 1 {
		t.Errorf("%v, %d tasks", err, len(f.made))
	}
}

func TestACallIsNotAskedAgainWhereThatIsNoUse(t *testing.T) {
	t.Parallel()
	f := newFake(t, 0)
	f.faults = []fault{broken}
	_, err := connect(t, f).Submit(t.Context(), "fake", nil)
	var refusal *Refused
	if !errors.As(err, &refusal) || refusal.Reason != "" || refusal.Code != codes.Internal || f.calls("TaskService/CreateTask") != 1 {
		t.Errorf("%v after %d calls", err, f.calls("TaskService/CreateTask"))
	}
	if status.Code(err) != codes.Internal {
		t.Error("gRPC's own code can't be had from it")
	}
}

func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	f := newFake(t, 0)
	for range 100 {
		f.faults = append(f.faults, unavailable)
	}
	began := time.Now()
	_, err := connect(t, f, WithPatience(time.Second)).Submit(t.Context(), "fake", nil)
	var gone *Unreachable
	if !errors.As(err, &gone) || time.Since(began) > 3*time.Second || f.calls("TaskService/CreateTask") > 12 {
		t.Errorf("%v after %s and %d calls", err, time.Since(began), f.calls("TaskService/CreateTask"))
	}
	if want := "wharfinger: no answer from the server at " + f.address + ": upstream connect error"; err.Error() != want {
		t.Errorf("%s", err)
	}
}

func TestBatchTellsAnOutcomeForEachTask(t *testing.T) {
	t.Parallel()
	f := newFake(t, 0)
	wishes := []NewTask{{Script: "a"}, {Script: "nope"}, {Script: "a", Params: []int{1}}}
	for range 1200 {
		wishes = append(wishes, NewTask{Script: "b", Params: map[string]string{"text": strings.Repeat("x", 5000)}})
	}
	outcomes := connect(t, f).Batch(t.Context(), wishes)
	var refusal *Refused
	if outcomes[0].Task.Name() != "a" || !errors.As(outcomes[1].Err, &refusal) || refusal.Reason != "UNKNOWN_SCRIPT" ||
		!errors.As(outcomes[2].Err, &refusal) || refusal.Reason != "PARAMS_INVALID" {
		t.Errorf("%v", outcomes[:3])
	}
	for i, outcome := range outcomes[3:] {
		if outcome.Err != nil || outcome.Task.Name() != "b" {
			t.Fatalf("%d: %v", i, outcome)
		}
	}
	if got := f.calls("TaskService/BatchCreateTasks"); got != 2 { // 6 MB, of which 3 MiB go at once
		t.Errorf("%d calls", got)
	}
}

func TestResultOfATaskThatSucceeded(t *testing.T) {
	t.Parallel()
	f := newFake(t, 0)
	f.task.Result, _ = structpb.NewStruct(map[string]any{"steps": 3, "names": []any{"a"}})
	f.faults = []fault{cut, draining, broken, unavailable}
	var result struct {
		Steps int
		Names []string
	}
	if err := connect(t, f).Task("fake").Result(t.Context(), &result); err != nil || result.Steps != 3 || result.Names[0] != "a" {
		t.Errorf("%v %v", result, err)
	}
}

func TestResultOfATaskThatDidNot(t *testing.T) {
	for state, want := range map[v1.TaskState]string{
		v1.TaskState_TASK_STATE_FAILED:           "*wharfinger.TaskFailed",
		v1.TaskState_TASK_STATE_CANCELLED:        "*wharfinger.TaskCancelled",
		v1.TaskState_TASK_STATE_ROLLED_BACK:      "*wharfinger.RolledBack",
		v1.TaskState_TASK_STATE_PARTIALLY_FAILED: "*wharfinger.PartialFailure",
		v1.TaskState_TASK_STATE_ROLLBACK_FAILED:  "*wharfinger.PartialFailure",
		99:                                       "*wharfinger.TaskFailed", // of a newer server
	} {
		t.Run(Word(state), func(t *testing.T) {
			f := newFake(t, 0)
			f.task.State = state
			f.task.Failure = &v1.Failure{Reason: "BROKEN", Message: "the crane is broken"}
			if strings.HasSuffix(want, "PartialFailure") {
				f.task.PartialFailure = &v1.PartialFailure{}
			}
			err := connect(t, f).Task("fake").Result(t.Context(), nil)
			if got := fmt.Sprintf("%T", err); got != want || !strings.Contains(err.Error(), "is "+Word(state)) ||
				!strings.Contains(err.Error(), "the crane is broken [BROKEN]") {
				t.Errorf("%s: %v", got, err)
			}
		})
	}
}

func TestPartialFailureHasAllThatIsLeftOver(t *testing.T) {
	t.Parallel()
	f := newFake(t, 0)
	states := []v1.LedgerEntryState{v1.LedgerEntryState_LEDGER_ENTRY_STATE_CREATED, v1.LedgerEntryState_LEDGER_ENTRY_STATE_UNCERTAIN,
		v1.LedgerEntryState_LEDGER_ENTRY_STATE_UNDONE, v1.LedgerEntryState_LEDGER_ENTRY_STATE_UNDO_FAILED, 99}
	for n := range 250 {
		f.entries = append(f.entries, &v1.LedgerEntry{Key: fmt.Sprint("k", n), State: states[n%5], Owned: n%5 != 0 || n < 200})
	}
	f.task.State = v1.TaskState_TASK_STATE_PARTIALLY_FAILED
	f.task.PartialFailure = &v1.PartialFailure{TotalLeftOver: 190, LeftOver: f.entries[:100], NotAttempted: []string{"x"}, FailedStep: "unload",
		AllowedActions: []v1.PartialFailureAction{v1.PartialFailureAction_PARTIAL_FAILURE_ACTION_RESUME}}
	err := connect(t, f).Task("fake").Result(t.Context(), nil)
	var half *PartialFailure
	if !errors.As(err, &half) {
		t.Fatal(err)
	}
	// Of 50 each: created but for the last 10, which are not owned, and undo failed; uncertain, and of a state that nobody knows.
	if len(half.Created) != 90 || len(half.Uncertain) != 100 || f.calls("TaskService/ListLedgerEntries") != 3 {
		t.Errorf("%d created, %d uncertain, %d pages", len(half.Created), len(half.Uncertain), f.calls("TaskService/ListLedgerEntries"))
	}
	want := "wharfinger: projects/default/tasks/fake (fake) is PARTIALLY_FAILED in step unload: no reason was given; created (90): k0, k3, k5, k8, k10, …; " +
		"uncertain (100): k1, k4, k6, k9, k11, …; 1 not attempted; allowed: RESUME"
	if err.Error() != want {
		t.Errorf("%s", err)
	}
}

func TestWaitIsNotOverBeforeTheTaskIs(t *testing.T) {
	t.Parallel()
	f := newFake(t, 0)
	f.task.EndTime = nil
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := connect(t, f).Task("fake").Result(ctx, nil)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "it is not affected and goes on") {
		t.Errorf("%v", err)
	}
}

func TestATaskThatFailedIsWrittenAsJSON(t *testing.T) {
	task := &v1.Task{Name: fakeTask, Failure: &v1.Failure{Reason: "BROKEN", Metadata: map[string]string{"crane": "3"}}}
	if _, err := protojson.Marshal(task); err != nil {
		t.Error(err)
	}
	if _, err := protojson.Marshal(status.Convert(refusal(codes.NotFound, "TASK_NOT_FOUND", time.Second)).Proto()); err != nil {
		t.Error(err)
	}
}

func TestParams(t *testing.T) {
	type disk struct {
		Name   string   `json:"name"`
		Stores []string `json:"stores,omitempty"`
		Size   int64    `json:"size"`
	}
	made, err := structOf(disk{"d", []string{"a"}, 1 << 40})
	if err != nil || made.AsMap()["size"] != float64(1<<40) || made.AsMap()["stores"].([]any)[0] != "a" {
		t.Errorf("%v %v", made, err)
	}
	for _, good := range []any{nil, map[string]int{}, struct{}{}, made} {
		if _, err := structOf(good); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for want, bad := range map[string]any{
		"task.params: a []int is no object of JSON; give a struct, or a map of names to values":                     []int{1},
		"task.params: a string is no object of JSON; give a struct, or a map of names to values":                    "text",
		"task.params.a[1]: whole numbers beyond 2^53-1 would be changed on the way; send a string":                  map[string]any{"a": []any{1, uint64(1) << 53}},
		"task.params.a.size: whole numbers beyond 2^53-1 would be changed on the way; send a string":                map[string]any{"a": disk{Size: -1 << 53}},
		"task.params: json: unsupported type: chan int":                                                             map[string]any{"a": make(chan int)},
		"task.params" + strings.Repeat(".a", deepest+1) + ": nested deeper than " + fmt.Sprint(deepest) + " levels": nested(deepest + 1),
	} {
		var refusal *Refused
		if _, err := structOf(bad); !errors.As(err, &refusal) || refusal.Message != want || refusal.Reason != "PARAMS_INVALID" {
			t.Errorf("%v\nexpected %s", err, want)
		}
	}
}

func nested(levels int) any {
	made := any(1)
	for range levels {
		made = map[string]any{"a": made}
	}
	return made
}
