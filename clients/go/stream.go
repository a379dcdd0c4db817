package wharfinger

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

const (
	// How long a watched stream may say nothing before the server sends a heartbeat. The server takes a second at least.
	heartbeatTime, shortestHeartbeat = 5 * time.Second, time.Second
	// So many heartbeats may be missed before a connection counts as dead.
	missed = 3
)

// stream is a server's stream that is opened again when it breaks, each time with a request made anew.
type stream[A any] struct {
	client  *Client
	open    func(context.Context) (grpc.ServerStreamingClient[A], error)
	silence time.Duration
	outage  outage

	live       grpc.ServerStreamingClient[A]
	cancel     context.CancelFunc
	generation int
	// Whether anything ever came by it, and whether the message last returned was the first of its connection.
	worked, fresh bool
	// Whether it was open before, so that the next one is not opened at once.
	ended bool
}

func newStream[A any](c *Client, heartbeat time.Duration, open func(context.Context) (grpc.ServerStreamingClient[A], error)) *stream[A] {
	return &stream[A]{client: c, open: open, silence: heartbeat * missed, outage: outage{client: c, began: time.Now()}}
}

// next returns the next message, and nil when the server ended the stream well: it is opened again by the next call. The
// error is the context's, or one that asking again would not help.
func (s *stream[A]) next(ctx context.Context) (*A, error) {
	for {
		opening := s.live == nil
		message, err := s.read(ctx)
		if err == nil {
			s.client.answered.Store(true)
			s.worked, s.fresh = true, opening
			// A connection that tells nothing but its first message is half a success.
			if opening {
				s.outage.waits.ease(3)
			} else {
				s.outage.waits.ease(0)
			}
			return message, nil
		}
		s.drop()
		if err == io.EOF {
			s.client.answered.Store(true)
			return nil, nil
		}
		if err := s.outage.bear(ctx, err, "watching", s.worked); err != nil {
			return nil, err
		}
		s.ended = false // the pause is over
	}
}

// read opens the stream where it is not, and reads one message; one that says nothing for too long is given up.
func (s *stream[A]) read(ctx context.Context) (*A, error) {
	if s.live == nil {
		if s.ended && !sleep(ctx, s.outage.waits.next(nil)) {
			return nil, ctx.Err()
		}
		s.ended = true
	}
	var silent atomic.Bool
	var own context.Context
	if s.live == nil {
		own, s.cancel = context.WithCancel(ctx)
	}
	cancel := s.cancel
	timer := time.AfterFunc(s.silence, func() { silent.Store(true); cancel() })
	defer timer.Stop()
	var message *A
	var err error
	if s.live == nil {
		_, s.generation = s.client.line.current()
		s.live, err = s.open(own)
	}
	if err == nil {
		message, err = s.live.Recv()
	}
	switch {
	case err == nil || err == io.EOF:
		return message, err
	case silent.Load() && ctx.Err() == nil:
		s.client.line.renew(s.generation)
		return nil, &Unreachable{Server: s.client.settings.server, Detail: "it said nothing for " + s.silence.String(), Code: codes.DeadlineExceeded, cause: err}
	}
	return nil, s.client.translate(ctx, err)
}

// drop gives up the present connection; the next message comes by a new one.
func (s *stream[A]) drop() {
	if s.cancel != nil {
		s.cancel()
	}
	s.live = nil
}
