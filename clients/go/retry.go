package wharfinger

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

const (
	// How long one try of a call may take; a context that ends sooner goes before.
	tryTime, batchTime = 30 * time.Second, 60 * time.Second
	// A server that nobody here ever heard from is waited for so long: as a restart takes, and no longer, since most such
	// addresses are wrong.
	firstTime = 5 * time.Second
	// A stream that broke without a word from our server may be a fault between here and there, or a lasting one; so only so often in a row.
	doubtfulLimit = 10
)

// rules has the rule of each reason, read from the API's definition: the option `error_rule` of v1.ErrorReason.
var rules = func() map[string]*v1.ErrorRule {
	found := map[string]*v1.ErrorRule{}
	values := v1.ErrorReason(0).Descriptor().Values()
	for i := range values.Len() {
		value := values.Get(i)
		if rule, ok := proto.GetExtension(value.Options(), v1.E_ErrorRule).(*v1.ErrorRule); ok && rule != nil {
			found[strings.TrimPrefix(string(value.Name()), "ERROR_REASON_")] = rule
		}
	}
	return found
}()

// retryable tells whether the same request may be asked again. Every request of this package may be asked twice: it only
// reads, or carries an id under which the server does it once.
func retryable(err error) bool {
	if refusal := asRefused(err); refusal != nil {
		rule, known := rules[refusal.Reason]
		if !known {
			// A newer server's reason: it says by RetryInfo whether asking again helps.
			return refusal.Reason != "" && refusal.RetryAfter > 0
		}
		return rule.GetRetry() == v1.RetryRule_RETRY_RULE_SAME_REQUEST || rule.GetRetry() == v1.RetryRule_RETRY_RULE_AFTER_RETRY_INFO
	}
	var gone *Unreachable
	return errors.As(err, &gone)
}

// doubtful tells whether it may be a broken stream: those show as INTERNAL or UNKNOWN, without a reason.
func doubtful(err error) bool {
	refusal := asRefused(err)
	return refusal != nil && refusal.Reason == "" && (refusal.Code == codes.Internal || refusal.Code == codes.Unknown)
}

// waits are the pauses between tries: doubling from 0.1 to 3 seconds, each drawn at random up to that, so that not everyone
// comes back at once; and never shorter than the server asked for.
type waits struct{ failures int }

func (w *waits) next(err error) time.Duration {
	const first, longest = 100 * time.Millisecond, 3 * time.Second
	limit := min(longest, first<<min(w.failures, 10))
	w.failures++
	pause := limit/10 + rand.N(limit-limit/10)
	if refusal := asRefused(err); refusal != nil && refusal.RetryAfter > 0 {
		pause = refusal.RetryAfter + min(pause, first)
	}
	return pause
}

// ease forgets all failures but so many: something was received.
func (w *waits) ease(keep int) { w.failures = min(w.failures, keep) }

// sleep waits, and tells whether the context is still alive then.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// call makes a unary call, and makes it again where that can help: with the same request, and so the same request id.
func call[Q, A proto.Message](ctx context.Context, c *Client, limit time.Duration, do func(context.Context, Q, ...grpc.CallOption) (A, error), request Q) (A, error) {
	var pauses waits
	for began := time.Now(); ; {
		_, generation := c.line.current()
		answer, err := try(ctx, limit, do, request)
		if err == nil {
			c.answered.Store(true)
			return answer, nil
		}
		err = c.translate(ctx, err)
		if gone := (*Unreachable)(nil); errors.As(err, &gone) {
			gone.RequestID = requestID(request)
			if ctx.Err() == nil && silent(gone) {
				c.line.renew(generation)
			}
		}
		pause := pauses.next(err)
		// One that took a whole try is asked once more, however little patience there is.
		left := c.patience - time.Since(began)
		again := pause <= left || (left < 0 && pauses.failures == 1 && c.patience > 0)
		if ctx.Err() != nil || !retryable(err) || !again {
			return answer, err
		}
		c.tell("asking again", err, pause)
		if !sleep(ctx, pause) {
			return answer, given(ctx, err)
		}
	}
}

// given is the error of a call whose caller gave it up while it was to be asked again: the last one, and the context's.
func given(ctx context.Context, err error) error {
	if gone := (*Unreachable)(nil); errors.As(err, &gone) {
		gone.cause = ctx.Err()
		return gone
	}
	return late(ctx, "the call was given up", err)
}

func try[Q, A proto.Message](ctx context.Context, limit time.Duration, do func(context.Context, Q, ...grpc.CallOption) (A, error), request Q) (A, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx, request)
}

// requestID is the id that a request carries, "" for one without.
func requestID(request proto.Message) string {
	message := request.ProtoReflect()
	if field := message.Descriptor().Fields().ByName(protoreflect.Name("request_id")); field != nil {
		return message.Get(field).String()
	}
	return ""
}

// outage is what one watch or wait bears of a server that does not answer.
type outage struct {
	client *Client
	began  time.Time
	waits  waits
}

// bear waits before the server is asked again. It returns an error instead when that is no use: err itself, or the context's.
// worked tells whether what is asked again ever did.
func (o *outage) bear(ctx context.Context, err error, doing string, worked bool) error {
	if ctx.Err() != nil {
		return late(ctx, doing+" was given up", err)
	}
	if !retryable(err) && !(doubtful(err) && o.waits.failures < doubtfulLimit) {
		return err
	}
	pause := o.waits.next(err)
	heard := o.client.answered.Load()
	if asRefused(err) != nil {
		heard = worked
	}
	if !heard && time.Since(o.began)+pause >= firstTime {
		return err
	}
	o.client.tell(doing+" again", err, pause)
	if !sleep(ctx, pause) {
		return late(ctx, doing+" was given up", err)
	}
	return nil
}
