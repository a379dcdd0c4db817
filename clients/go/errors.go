package wharfinger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// Refused is the answer of a server that would not do what was asked.
type Refused struct {
	// Code is the canonical status.
	Code codes.Code
	// Reason is the name of a v1.ErrorReason without its prefix, such as TASK_NOT_FOUND; be ready for words that this
	// package does not know. It is empty when something between here and the server answered.
	Reason string
	// Message says what is wrong, for people.
	Message string
	// Metadata has the facts that are documented with the reason.
	Metadata map[string]string
	// Violations name the fields at fault.
	Violations []Violation
	// RetryAfter is how long the server asks to wait; 0: it does not say.
	RetryAfter time.Duration
	// Choices are what a field might be instead, the likeliest first.
	Choices []string
	// AllowedStates are the states of the task that would have allowed it.
	AllowedStates []v1.TaskState

	cause error
}

// Violation is what is wrong with one field of a request, such as task.params.stores[0].
type Violation struct {
	Field, Description string
}

// Error says what is wrong, the reason in brackets, and each field at fault that the sentence does not tell already.
func (r *Refused) Error() string {
	word := r.Reason
	if word == "" {
		word = codeWord(r.Code)
	}
	message := r.Message
	if message == "" {
		message = "the request was refused"
	}
	text := fmt.Sprintf("wharfinger: %s [%s]", message, word)
	for _, one := range r.Violations {
		if line := one.Field + ": " + one.Description; !strings.Contains(message, line) {
			text += "; " + line
		}
	}
	return text
}

// Unwrap returns gRPC's own error, for status.Code and the like; nil where this package refused by itself.
func (r *Refused) Unwrap() error { return r.cause }

// Retryable tells whether the same request, with the same request id, may be asked again later.
func (r *Refused) Retryable() bool { return retryable(r) }

// Unreachable says that no answer came: the server can't be reached, or did not answer in time.
type Unreachable struct {
	// Server is its address.
	Server string
	// Detail is why, and Hint what to do about it, as far as that is known.
	Detail, Hint string
	// Code is gRPC's.
	Code codes.Code
	// RequestID is that of a request which may have been accepted all the same: asking again under it does nothing twice.
	RequestID string

	cause error
}

// Error says which server did not answer, why, and what to do about it.
func (u *Unreachable) Error() string {
	text := fmt.Sprintf("wharfinger: no answer from the server at %s: %s", u.Server, u.Detail)
	if u.Hint != "" {
		text += "; " + u.Hint
	}
	return text
}

// Unwrap returns the context's error where the caller's time was over, else gRPC's own.
func (u *Unreachable) Unwrap() error { return u.cause }

var errClosed = errors.New("wharfinger: this client is closed; make a new one")

// translate turns gRPC's error into ours; ctx is the caller's own.
func (c *Client) translate(ctx context.Context, err error) error {
	if c.line.isClosed() {
		return errClosed
	}
	told := status.Convert(err)
	found := refused(told.Proto())
	switch told.Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		if found.Reason != "" { // our server's own word
			break
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		detail, hint := c.because(told.Message())
		return &Unreachable{Server: c.settings.server, Detail: detail, Hint: hint, Code: told.Code(), cause: err}
	}
	c.answered.Store(true)
	found.cause = err
	if found.Reason == "" && found.Code == codes.Unimplemented {
		found.Message += fmt.Sprintf("; what listens at %s is an older server, or no Wharfinger server", c.settings.server)
	}
	return found
}

// refused makes an error of a status with its details; those that nobody here knows are passed over.
func refused(told *spb.Status) *Refused {
	found := &Refused{Code: codes.Code(told.GetCode()), Message: told.GetMessage()}
	for _, packed := range told.GetDetails() {
		detail, err := packed.UnmarshalNew()
		if err != nil {
			continue
		}
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			found.Reason, found.Metadata = detail.GetReason(), detail.GetMetadata()
		case *errdetails.BadRequest:
			for _, one := range detail.GetFieldViolations() {
				found.Violations = append(found.Violations, Violation{one.GetField(), one.GetDescription()})
			}
		case *errdetails.RetryInfo:
			found.RetryAfter = detail.GetRetryDelay().AsDuration()
		case *v1.Choices:
			found.Choices = detail.GetValues()
		case *v1.AllowedStates:
			found.AllowedStates = detail.GetAllowed()
		}
	}
	return found
}

// invalid is a refusal by this package, before anything is sent.
func invalid(reason, field, description string) *Refused {
	return &Refused{Code: codes.InvalidArgument, Reason: reason, Message: field + ": " + description,
		Violations: []Violation{{field, description}}}
}

// late is the error of a wait whose context ended; last is what stood in its way, if anything did.
func late(ctx context.Context, what string, last error) error {
	if last == nil {
		return fmt.Errorf("wharfinger: %s: %w", what, ctx.Err())
	}
	return fmt.Errorf("wharfinger: %s: %w; at last: %s", what, ctx.Err(), strings.TrimPrefix(last.Error(), "wharfinger: "))
}

func asRefused(err error) *Refused {
	var found *Refused
	errors.As(err, &found)
	return found
}
