package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	wharfinger "github.com/wharfinger/wharfinger/clients/go"
	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// arguments are those of all operations; each takes its own.
type arguments struct {
	Server, Project, CA string
	Token               *string
	Plaintext           bool

	wish
	Tasks []wish
	ID    int

	Task, Filter, Reason, Key, Verdict string
	ResumeToken                        string   `json:"resume_token"`
	ExternalID                         string   `json:"external_id"`
	Heartbeat                          float64  // seconds
	Timeout                            *float64 // seconds
	Only, Retain                       []string
	AllowMissing                       bool `json:"allow_missing"`

	Provider, SKU, Region, Unit, Source string
	Catalog, By                         string
	Schedule, Cron                      string
	TimeZone                            string `json:"time_zone"`
}

// wish is a task to be submitted.
type wish struct {
	Script       string
	Params       json.RawMessage
	TaskID       string `json:"task_id"`
	RequestID    string `json:"request_id"`
	Labels       map[string]string
	Policy       json.RawMessage
	ValidateOnly bool `json:"validate_only"`
}

func (w wish) policy() (*v1.Policy, error) {
	if len(w.Policy) == 0 {
		return nil, nil
	}
	policy := &v1.Policy{}
	return policy, protojson.Unmarshal(w.Policy, policy)
}

func (w wish) newTask() (wharfinger.NewTask, error) {
	policy, err := w.policy()
	var params any
	if len(w.Params) > 0 {
		params = w.Params
	}
	return wharfinger.NewTask{Script: w.Script, Params: params, ID: w.TaskID, RequestID: w.RequestID, Labels: w.Labels, Policy: policy}, err
}

type operation = func(context.Context, *driver, int, arguments) (any, error)

var operations = map[string]operation{
	"submit": submit, "batch": batch, "list": list, "result": result, "plan": plan, "ledger": ledger, "events": events,
	"price": price, "estimate": estimate, "json": asJSON,
	"whoami": whoami, "count": count, "price_history": priceHistory, "price_changes": priceChanges, "budgets": budgets, "leftovers": leftovers,
	"schedule_create": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		task := &v1.Task{Script: args.Script, Params: &structpb.Struct{}}
		if err := protojson.Unmarshal(args.Params, task.Params); err != nil {
			return nil, err
		}
		wished := &v1.Schedule{Task: task, Timing: &v1.Schedule_Cron{Cron: args.Cron}, TimeZone: args.TimeZone}
		return toldSchedule(d.client.CreateSchedule(ctx, args.Schedule, wished, ""))
	},
	"schedule_get": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		return toldSchedule(d.client.Schedule(ctx, args.Schedule))
	},
	"schedule_list": func(ctx context.Context, d *driver, _ int, _ arguments) (any, error) {
		found := []any{}
		for schedule, err := range d.client.Schedules(ctx) {
			one, err := toldSchedule(schedule, err)
			if err != nil {
				return nil, err
			}
			found = append(found, one)
		}
		return found, nil
	},
	"schedule_pause": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		return toldSchedule(d.client.PauseSchedule(ctx, args.Schedule))
	},
	"schedule_resume": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		return toldSchedule(d.client.ResumeSchedule(ctx, args.Schedule))
	},
	"schedule_run": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		handle, err := d.client.RunSchedule(ctx, args.Schedule, "")
		if err != nil {
			return nil, err
		}
		return told(handle.Get(ctx))
	},
	"schedule_delete": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		return object{}, d.client.DeleteSchedule(ctx, args.Schedule)
	},
	"get": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		return told(d.client.Get(ctx, args.Task))
	},
	"watch": func(ctx context.Context, d *driver, id int, args arguments) (any, error) {
		from := wharfinger.WatchOptions{Heartbeat: seconds(args.Heartbeat)}
		return d.tell(id, d.client.Task(args.Task).WatchFrom(ctx, from))
	},
	"watch_project": func(ctx context.Context, d *driver, id int, args arguments) (any, error) {
		token, err := hex.DecodeString(args.ResumeToken)
		if err != nil {
			return nil, err
		}
		return d.tell(id, d.client.WatchProject(ctx, wharfinger.WatchOptions{Filter: args.Filter, ResumeToken: token, Heartbeat: seconds(args.Heartbeat)}))
	},
	"cancel": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		return told(d.client.Task(args.Task).Cancel(ctx, wharfinger.CancelOptions{Reason: args.Reason}))
	},
	"resume": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		return told(d.client.Task(args.Task).Resume(ctx, wharfinger.ResumeOptions{}))
	},
	"rollback": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		return told(d.client.Task(args.Task).Rollback(ctx, wharfinger.RollbackOptions{Only: args.Only, Retain: args.Retain}))
	},
	"resolve": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		verdict := v1.LedgerVerdict(v1.LedgerVerdict_value["LEDGER_VERDICT_"+args.Verdict])
		return told(d.client.Task(args.Task).Resolve(ctx, args.Key, verdict, wharfinger.ResolveOptions{ExternalID: args.ExternalID}))
	},
	"delete": func(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
		return object{}, d.client.Task(args.Task).Delete(ctx, wharfinger.DeleteOptions{AllowMissing: args.AllowMissing})
	},
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }

func told(task *v1.Task, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return taskOf(task), nil
}

func submit(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	task, err := args.newTask()
	if err != nil {
		return nil, err
	}
	options := []wharfinger.TaskOption{wharfinger.WithID(task.ID), wharfinger.WithRequestID(task.RequestID),
		wharfinger.WithLabels(task.Labels), wharfinger.WithPolicy(task.Policy)}
	if args.ValidateOnly {
		return told(d.client.Validate(ctx, task.Script, task.Params, options...))
	}
	handle, err := d.client.Submit(ctx, task.Script, task.Params, options...)
	if err != nil {
		return nil, err
	}
	return taskOf(handle.Accepted()), nil
}

func batch(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	var tasks []wharfinger.NewTask
	for _, one := range args.Tasks {
		task, err := one.newTask()
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, task)
	}
	outcomes := []object{}
	for _, outcome := range d.client.Batch(ctx, tasks) {
		if outcome.Err != nil {
			outcomes = append(outcomes, object{"error": errorOf(outcome.Err)})
		} else {
			outcomes = append(outcomes, object{"task": taskOf(outcome.Task.Accepted())})
		}
	}
	return outcomes, nil
}

func list(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	found := []object{}
	for task, err := range d.client.List(ctx, args.Filter) {
		if err != nil {
			return nil, err
		}
		found = append(found, taskOf(task))
	}
	return found, nil
}

func result(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	if args.Timeout != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, seconds(*args.Timeout))
		defer cancel()
	}
	var found object
	err := d.client.Task(args.Task).Result(ctx, &found)
	return object{"result": found}, err
}

func plan(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	found, err := d.client.Task(args.Task).Plan(ctx, wharfinger.RollbackOptions{Only: args.Only, Retain: args.Retain})
	if err != nil {
		return nil, err
	}
	waves := [][]string{}
	for _, wave := range found.GetWaves() {
		waves = append(waves, wave.GetKeys())
	}
	blocked := found.GetBlocked()
	if blocked == nil {
		blocked = map[string]string{}
	}
	return object{"waves": waves, "retained": listed(found.GetRetained()), "sought": listed(found.GetSought()), "blocked": blocked}, nil
}

func ledger(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	found := []object{}
	for entry, err := range d.client.Task(args.Task).Ledger(ctx, "") {
		if err != nil {
			return nil, err
		}
		found = append(found, object{"key": entry.GetKey(), "type": entry.GetType(), "state": wharfinger.Word(entry.GetState()), "external_id": entry.GetExternalId()})
	}
	return found, nil
}

func events(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	found := []object{}
	for event, err := range d.client.Task(args.Task).Events(ctx, 0) {
		if err != nil {
			return nil, err
		}
		found = append(found, eventOf(event))
	}
	return found, nil
}

func whoami(ctx context.Context, d *driver, _ int, _ arguments) (any, error) {
	caller, err := d.client.Caller(ctx)
	word := func(name, prefix string) string { return strings.TrimPrefix(name, prefix) }
	return object{"creator": caller.GetCreator(), "identity": word(caller.GetIdentity().String(), "CALLER_IDENTITY_"),
		"role": word(caller.GetRole().String(), "ROLE_"), "all_projects": caller.GetAllProjects(), "projects": listed(caller.GetProjects())}, err
}

func count(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	found := 0
	for _, err := range d.client.Task(args.Task).Watch(ctx) {
		if err != nil {
			return nil, err
		}
		found++
	}
	return object{"events": found}, nil
}

func price(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	found, err := d.client.Price(ctx, wharfinger.PriceQuery{Provider: args.Provider, SKU: args.SKU, Region: args.Region, Unit: args.Unit, Source: args.Source})
	if err != nil {
		return nil, err
	}
	return object{"amount": found.GetAmount().GetAmount(), "currency": found.GetAmount().GetCurrencyCode(), "unit": found.GetUnit()}, nil
}

func estimate(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	task, err := args.newTask()
	if err != nil {
		return nil, err
	}
	found, err := d.client.Estimate(ctx, task.Script, task.Params)
	if err != nil {
		return nil, err
	}
	return object{"hourly": moneyOf(found.GetHourly()), "unpriced": listed(found.GetUnpriced())}, nil
}

func amountOf(price *v1.Price) any {
	if price.GetAmount() == nil {
		return nil
	}
	return price.GetAmount().GetAmount()
}

func priceHistory(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	points, err := d.client.PriceHistory(ctx, wharfinger.PriceQuery{Provider: args.Provider, SKU: args.SKU})
	found := []any{}
	for _, point := range points {
		found = append(found, amountOf(point.GetPrice()))
	}
	return found, err
}

func priceChanges(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	found := []object{}
	for change, err := range d.client.PriceChanges(ctx, args.Catalog, "") {
		if err != nil {
			return nil, err
		}
		sku := cmp.Or(change.GetAfter().GetSku(), change.GetBefore().GetSku())
		found = append(found, object{"sku": sku, "before": amountOf(change.GetBefore()), "after": amountOf(change.GetAfter())})
	}
	return found, nil
}

func budgets(ctx context.Context, d *driver, _ int, _ arguments) (any, error) {
	found, err := d.client.Budgets(ctx)
	told := []object{}
	for _, budget := range found {
		told = append(told, object{"project": strings.TrimPrefix(budget.GetProject(), "projects/"),
			"limit": moneyOf(budget.GetHourlyLimit()), "use": moneyOf(budget.GetHourlyUse())})
	}
	return told, err
}

func leftovers(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	by := v1.LeftoverGrouping_value["LEFTOVER_GROUPING_"+strings.ToUpper(args.By)]
	found, err := d.client.Leftovers(ctx, v1.LeftoverGrouping(by))
	if err != nil {
		return nil, err
	}
	groups := []object{}
	for _, group := range found.GetGroups() {
		groups = append(groups, groupOf(group))
	}
	return object{"groups": groups, "total": groupOf(found.GetTotal())}, nil
}

func groupOf(group *v1.LeftoverGroup) object {
	cost := group.GetCost()
	return object{"key": group.GetKey(), "tasks": group.GetTaskCount(), "alive": group.GetAliveCount(), "cost": object{
		"known_hourly": moneyOf(cost.GetKnownHourly()), "unpriced": cost.GetUnpriced(), "uncertain": cost.GetUncertain()}}
}

func asJSON(ctx context.Context, d *driver, _ int, args arguments) (any, error) {
	task, err := d.client.Get(ctx, args.Task)
	if err != nil {
		return nil, err
	}
	text, err := protojson.Marshal(task)
	return json.RawMessage(text), err
}

func toldSchedule(schedule *v1.Schedule, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return object{"name": schedule.GetName(), "cron": schedule.GetCron(), "time_zone": schedule.GetTimeZone(), "paused": schedule.GetPaused()}, nil
}
