package wharfinger

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

const (
	// Pages keep to 3 MiB; the rest is room for one large task.
	messageLimit = 16 << 20
	// Calls on a connection that was replaced may end by themselves for so long, before it is closed.
	retirement = 2 * time.Minute
)

// line is the connection to the server, in whose place a new one can be put: gRPC itself finds out that one is dead after
// 40 seconds, and a watch that counts heartbeats sooner.
type line struct {
	target  string
	options []grpc.DialOption

	mutex      sync.Mutex
	present    *grpc.ClientConn
	generation int
	retired    []*grpc.ClientConn
	closed     bool
}

func newLine(settings settings, more []grpc.DialOption) (*line, error) {
	secure := insecure.NewCredentials()
	if settings.tls != nil {
		secure = credentials.NewTLS(settings.tls)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(secure),
		grpc.WithUserAgent("wharfinger-go/" + Version),
		// What is asked again, and when, is decided in retry.go, which knows the reasons.
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageLimit), grpc.MaxCallSendMsgSize(messageLimit)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		// gRPC's own would grow to two minutes.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
	}
	if settings.token != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer{settings.token, settings.tls != nil}))
	}
	line := &line{target: settings.target, options: append(options, more...)}
	var err error
	line.present, err = grpc.NewClient(line.target, line.options...)
	return line, err
}

// bearer is the token that every call carries.
type bearer struct {
	token  string
	secure bool
}

// GetRequestMetadata returns what every call carries.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.token}, nil
}

// RequireTransportSecurity is false where the settings allowed for a token within this machine.
func (b bearer) RequireTransportSecurity() bool { return b.secure }

// Invoke makes a unary call on the present connection.
func (l *line) Invoke(ctx context.Context, method string, args, reply any, options ...grpc.CallOption) error {
	connection, _ := l.current()
	return connection.Invoke(ctx, method, args, reply, options...)
}

// NewStream begins a stream on the present connection.
func (l *line) NewStream(ctx context.Context, about *grpc.StreamDesc, method string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	connection, _ := l.current()
	return connection.NewStream(ctx, about, method, options...)
}

// current returns the present connection, with its number.
func (l *line) current() (*grpc.ClientConn, int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.present, l.generation
}

// renew puts a new connection in the place of the one with that number, unless somebody did so already.
func (l *line) renew(generation int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.closed || generation != l.generation {
		return
	}
	next, err := grpc.NewClient(l.target, l.options...)
	if err != nil {
		return // the options were good once; stay with what there is
	}
	old := l.present
	l.present, l.generation, l.retired = next, l.generation+1, append(l.retired, old)
	time.AfterFunc(retirement, func() { l.retire(old) })
}

func (l *line) retire(old *grpc.ClientConn) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for i, one := range l.retired {
		if one == old {
			l.retired = append(l.retired[:i], l.retired[i+1:]...)
			_ = old.Close()
			return
		}
	}
}

func (l *line) isClosed() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.closed
}

func (l *line) close() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	for _, old := range l.retired {
		_ = old.Close()
	}
	l.retired = nil
	return l.present.Close()
}
