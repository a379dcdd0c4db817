package wharfinger

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// Client speaks with one server about the tasks of one project. It is safe for use by many goroutines; make one, and share it.
type Client struct {
	settings settings
	line     *line
	raw      Raw
	patience time.Duration
	logger   *slog.Logger
	// Whether anything was ever heard from the server.
	answered atomic.Bool
}

// Raw has the generated stubs, on the client's own connection and with its token. What they return is gRPC's own, errors
// included, and nothing is asked again.
type Raw struct {
	Connection grpc.ClientConnInterface
	Tasks      v1.TaskServiceClient
	Prices     v1.PricingServiceClient
	Access     v1.AccessServiceClient
	Executors  v1.ExecutorServiceClient
	Schedules  v1.ScheduleServiceClient
}

// New makes a client. It reads files and the environment, and connects with the first call: the server need not be there
// yet. The error says which setting is wrong.
func New(opts ...Option) (*Client, error) {
	chosen := options{patience: firstTime, logger: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&chosen)
	}
	settings, err := chosen.resolve()
	if err != nil {
		return nil, err
	}
	line, err := newLine(settings, chosen.dial)
	if err != nil {
		return nil, err
	}
	return &Client{
		settings: settings,
		line:     line,
		raw: Raw{
			Connection: line,
			Tasks:      v1.NewTaskServiceClient(line),
			Prices:     v1.NewPricingServiceClient(line),
			Access:     v1.NewAccessServiceClient(line),
			Executors:  v1.NewExecutorServiceClient(line),
			Schedules:  v1.NewScheduleServiceClient(line),
		},
		patience: chosen.patience,
		logger:   chosen.logger,
	}, nil
}

// Dial makes a client and waits until its server answers, for as long as [WithPatience] says. The error is [*Unreachable] or
// [*Refused], or says which setting is wrong.
func Dial(ctx context.Context, opts ...Option) (*Client, error) {
	client, err := New(opts...)
	if err != nil {
		return nil, err
	}
	if _, err := call(ctx, client, tryTime, client.raw.Executors.ListExecutors, &v1.ListExecutorsRequest{PageSize: 1}); err != nil {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

// Close ends the connection; calls and watches that are open end with it. Tasks are not affected.
func (c *Client) Close() error { return c.line.close() }

// Raw returns the generated stubs.
func (c *Client) Raw() Raw { return c.raw }

// Server returns the address of the server, for people.
func (c *Client) Server() string { return c.settings.server }

// Project returns the plain name of the project.
func (c *Client) Project() string { return c.settings.project }

func (c *Client) parent() string { return "projects/" + c.settings.project }

// Task returns a handle of a task, without asking for it. The name is a full one, or the plain id of a task of the client's
// project.
func (c *Client) Task(name string) *Handle {
	if !strings.Contains(name, "/") {
		name = c.parent() + "/tasks/" + name
	}
	return &Handle{client: c, name: name}
}

func (c *Client) tell(what string, err error, pause time.Duration) {
	c.logger.Info("wharfinger: "+what, "server", c.settings.server, "cause", err, "pause", pause)
}
