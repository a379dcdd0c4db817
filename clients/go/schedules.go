package wharfinger

import (
	"cmp"
	"context"
	"iter"
	"strings"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// CreateSchedule has a task asked for at times: schedule has what each firing asks for, and when. When it returns, the
// schedule is durable and will fire. Without a request id one is made up, and kept over the tries of this call. Schedules are
// experimental.
func (c *Client) CreateSchedule(ctx context.Context, id string, schedule *v1.Schedule, requestID string) (*v1.Schedule, error) {
	return call(ctx, c, tryTime, c.raw.Schedules.CreateSchedule, &v1.CreateScheduleRequest{Parent: c.parent(), ScheduleId: id,
		Schedule: schedule, RequestId: cmp.Or(requestID, newID())})
}

// Schedule returns a schedule by its full name or plain id.
func (c *Client) Schedule(ctx context.Context, name string) (*v1.Schedule, error) {
	return call(ctx, c, tryTime, c.raw.Schedules.GetSchedule, &v1.GetScheduleRequest{Name: c.scheduleName(name)})
}

// Schedules tells the project's schedules in the order of their names. An error is the last that it tells.
func (c *Client) Schedules(ctx context.Context) iter.Seq2[*v1.Schedule, error] {
	return pages(func(token string) ([]*v1.Schedule, string, error) {
		page, err := call(ctx, c, tryTime, c.raw.Schedules.ListSchedules,
			&v1.ListSchedulesRequest{Parent: c.parent(), PageSize: pageSize, PageToken: token})
		return page.GetSchedules(), page.GetNextPageToken(), err
	})
}

// PauseSchedule lets a schedule fire no more until it is resumed; its tasks go on.
func (c *Client) PauseSchedule(ctx context.Context, name string) (*v1.Schedule, error) {
	return call(ctx, c, tryTime, c.raw.Schedules.PauseSchedule, &v1.PauseScheduleRequest{Name: c.scheduleName(name)})
}

// ResumeSchedule lets a paused schedule fire again, from its next instant on.
func (c *Client) ResumeSchedule(ctx context.Context, name string) (*v1.Schedule, error) {
	return call(ctx, c, tryTime, c.raw.Schedules.ResumeSchedule, &v1.ResumeScheduleRequest{Name: c.scheduleName(name)})
}

// RunSchedule asks for a schedule's task now; its instants stay as they are. Without a request id one is made up.
func (c *Client) RunSchedule(ctx context.Context, name, requestID string) (*Handle, error) {
	task, err := call(ctx, c, tryTime, c.raw.Schedules.RunSchedule,
		&v1.RunScheduleRequest{Name: c.scheduleName(name), RequestId: cmp.Or(requestID, newID())})
	if err != nil {
		return nil, err
	}
	return c.handle(task), nil
}

// DeleteSchedule deletes a schedule; its tasks stay.
func (c *Client) DeleteSchedule(ctx context.Context, name string) error {
	_, err := call(ctx, c, tryTime, c.raw.Schedules.DeleteSchedule, &v1.DeleteScheduleRequest{Name: c.scheduleName(name)})
	return err
}

func (c *Client) scheduleName(name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	return c.parent() + "/schedules/" + name
}
