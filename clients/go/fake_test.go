package wharfinger

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/wharfinger/wharfinger/clients/go/wharfinger/v1"
)

// fault is what the fake does wrong in one call: it is asked once, and then the next one in line is.
type fault int

const (
	none         fault = iota
	cut                // reset the connection
	unavailable        // UNAVAILABLE without a word more, as something between here and there says it
	draining           // UNAVAILABLE with reason and RetryInfo
	broken             // INTERNAL without details, as a reset stream shows
	watchLimit         // RESOURCE_EXHAUSTED with WATCH_LIMIT and RetryInfo
	endedEarly         // the stream's good end, before all was told
	gap                // an event is left out
	repeated           // what was told already is told again
	dumb               // nothing is said any more, and the connection stays
	lost               // the call is done, and its answer is lost
	newer              // a kind of message that nobody here knows
	lastOfFaults = repeated
)

const fakeTask = "projects/default/tasks/fake"

// fake is a server of the generated services, over real connections on loopback, with faults to order.
type fake struct {
	v1.UnimplementedTaskServiceServer
	v1.UnimplementedExecutorServiceServer
	address string

	mutex       sync.Mutex
	faults      []fault
	retryAfter  time.Duration
	task        *v1.Task
	entries     []*v1.LedgerEntry
	events      []*v1.TaskEvent
	made        map[string]*v1.Task // by request id
	asked       map[string]int      // calls by method
	tokens      []string
	connections []net.Conn
	watching    int
}

// newFake starts one; the task has so many events and succeeded.
func newFake(t *testing.T, events int, options ...grpc.ServerOption) *fake {
	t.Helper()
	f := &fake{made: map[string]*v1.Task{}, asked: map[string]int{}, retryAfter: 20 * time.Millisecond}
	now := timestamppb.Now()
	for n := range int64(events) {
		f.events = append(f.events, &v1.TaskEvent{Task: fakeTask, Sequence: n + 1, Time: now,
			Detail: &v1.TaskEvent_Log{Log: &v1.LogLine{Text: fmt.Sprint("line ", n+1)}}})
	}
	f.task = &v1.Task{Name: fakeTask, Script: "fake", State: v1.TaskState_TASK_STATE_SUCCEEDED, EndTime: now, LastSequence: int64(events)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.address = listener.Addr().String()
	server := grpc.NewServer(append(options, grpc.UnaryInterceptor(f.count))...)
	v1.RegisterTaskServiceServer(server, f)
	v1.RegisterExecutorServiceServer(server, f)
	go func() { _ = server.Serve(&remembering{listener, f}) }()
	t.Cleanup(server.Stop)
	return f
}

// remembering keeps the connections that it accepts, to cut them.
type remembering struct {
	net.Listener
	fake *fake
}

func (r *remembering) Accept() (net.Conn, error) {
	connection, err := r.Listener.Accept()
	if err == nil {
		r.fake.mutex.Lock()
		defer r.fake.mutex.Unlock()
		r.fake.connections = append(r.fake.connections, connection)
	}
	return connection, err
}

func (f *fake) cut() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, connection := range f.connections {
		if tcp, ok := connection.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = connection.Close()
	}
	f.connections = nil
}

func (f *fake) next() fault {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if len(f.faults) == 0 {
		return none
	}
	first := f.faults[0]
	f.faults = f.faults[1:]
	return first
}

func (f *fake) calls(method string) int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.asked[method]
}

func (f *fake) count(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	f.note(ctx, info.FullMethod)
	first := f.next()
	if first == lost {
		_, _ = handler(ctx, request)
		f.cut()
		return nil, status.Error(codes.Unavailable, "never read")
	}
	if err := f.fail(ctx, first); err != nil {
		return nil, err
	}
	return handler(ctx, request)
}

func (f *fake) note(ctx context.Context, method string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.asked[method[len("/wharfinger.v1."):]]++
	incoming, _ := metadata.FromIncomingContext(ctx)
	f.tokens = append(f.tokens, incoming.Get("authorization")...)
}

// fail returns the error of a fault, or nil for those that are none of a whole call.
func (f *fake) fail(ctx context.Context, first fault) error {
	switch first {
	case cut:
		f.cut()
		return status.Error(codes.Unavailable, "never read")
	case unavailable:
		return status.Error(codes.Unavailable, "upstream connect error")
	case draining:
		return refusal(codes.Unavailable, "SERVER_DRAINING", f.retryAfter)
	case broken:
		return status.Error(codes.Internal, "stream terminated by RST_STREAM")
	case watchLimit:
		return refusal(codes.ResourceExhausted, "WATCH_LIMIT", f.retryAfter)
	case dumb:
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// refusal is an error as our server makes them.
func refusal(code codes.Code, reason string, after time.Duration, more ...protoadapt.MessageV1) error {
	details := append(more, &errdetails.ErrorInfo{Reason: reason, Domain: "wharfinger.dev", Metadata: map[string]string{"limit": "1"}})
	if after > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
	}
	told, err := status.New(code, "no: "+reason).WithDetails(details...)
	if err != nil {
		panic(err)
	}
	return told.Err()
}

func (f *fake) ListExecutors(context.Context, *v1.ListExecutorsRequest) (*v1.ListExecutorsResponse, error) {
	return &v1.ListExecutorsResponse{}, nil
}

func (f *fake) CreateTask(_ context.Context, request *v1.CreateTaskRequest) (*v1.Task, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.made[request.GetRequestId()] == nil {
		task := request.GetTask()
		task.Name = fmt.Sprintf("%s/tasks/t%d", request.GetParent(), len(f.made)+1)
		f.made[request.GetRequestId()] = task
	}
	return f.made[request.GetRequestId()], nil
}

func (f *fake) BatchCreateTasks(_ context.Context, request *v1.BatchCreateTasksRequest) (*v1.BatchCreateTasksResponse, error) {
	answer := &v1.BatchCreateTasksResponse{}
	for _, one := range request.GetRequests() {
		outcome := &v1.CreateTaskOutcome{Outcome: &v1.CreateTaskOutcome_Task{Task: &v1.Task{Name: one.GetTask().GetScript()}}}
		if one.GetTask().GetScript() == "nope" {
			outcome.Outcome = &v1.CreateTaskOutcome_Error{Error: status.Convert(refusal(codes.NotFound, "UNKNOWN_SCRIPT", 0)).Proto()}
		}
		answer.Outcomes = append(answer.Outcomes, outcome)
	}
	return answer, nil
}

func (f *fake) GetTask(context.Context, *v1.GetTaskRequest) (*v1.Task, error) { return f.task, nil }

func (f *fake) WaitTask(ctx context.Context, request *v1.WaitTaskRequest) (*v1.Task, error) {
	if f.task.GetEndTime() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(request.GetTimeout().AsDuration()):
		}
	}
	return f.task, nil
}

func (f *fake) ListLedgerEntries(_ context.Context, request *v1.ListLedgerEntriesRequest) (*v1.ListLedgerEntriesResponse, error) {
	var begin int
	_, _ = fmt.Sscan(request.GetPageToken(), &begin)
	end := min(begin+100, len(f.entries)) // a server's pages may be smaller than asked for
	answer := &v1.ListLedgerEntriesResponse{Entries: f.entries[begin:end]}
	if end < len(f.entries) {
		answer.NextPageToken = fmt.Sprint(end)
	}
	return answer, nil
}

func (f *fake) DeleteTask(context.Context, *v1.DeleteTaskRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (f *fake) WatchTask(request *v1.WatchTaskRequest, stream grpc.ServerStreamingServer[v1.WatchTaskResponse]) error {
	ctx := stream.Context()
	f.note(ctx, v1.TaskService_WatchTask_FullMethodName)
	f.mutex.Lock()
	f.watching++
	f.mutex.Unlock()
	defer func() { f.mutex.Lock(); f.watching--; f.mutex.Unlock() }()
	first := f.next()
	if first == watchLimit {
		return f.fail(ctx, first)
	}
	at := request.GetAfterSequence()
	send := func(message *v1.WatchTaskResponse) {
		message.Sequence, message.ResumeToken = at, fmt.Append(nil, at)
		_ = stream.Send(message)
	}
	if string(request.GetResumeToken()) != "" && string(request.GetResumeToken()) != fmt.Sprint(at) {
		return refusal(codes.OutOfRange, "RESUME_TOKEN_TOO_OLD", 0)
	}
	send(&v1.WatchTaskResponse{Kind: &v1.WatchTaskResponse_Snapshot{Snapshot: f.task}})
	for _, chunk := range chunks(f.events[at:]) {
		switch first {
		case repeated:
			chunk = f.events[max(0, chunk[0].GetSequence()-3) : chunk[0].GetSequence()-1+int64(len(chunk))]
		case gap:
			at++
			chunk = chunk[min(1, len(chunk)-1):]
		case newer:
			message := &v1.WatchTaskResponse{}
			message.ProtoReflect().SetUnknown([]byte{0xfa, 0x01, 0x01, 'x'}) // field 31
			send(message)
			first = none
		case endedEarly:
			return nil
		}
		at = chunk[len(chunk)-1].GetSequence()
		send(&v1.WatchTaskResponse{Kind: &v1.WatchTaskResponse_Events{Events: &v1.TaskEvents{Events: chunk}}})
		if err := f.fail(ctx, first); err != nil {
			return err
		}
	}
	if f.task.GetEndTime() == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	send(&v1.WatchTaskResponse{Kind: &v1.WatchTaskResponse_Snapshot{Snapshot: f.task}})
	return nil
}

// chunks cuts events into messages of 1, 2, 3 … of them.
func chunks(events []*v1.TaskEvent) (cut [][]*v1.TaskEvent) {
	for size := 1; len(events) > 0; size++ {
		n := min(size, len(events))
		cut, events = append(cut, events[:n]), events[n:]
	}
	return cut
}

// seeded draws so many faults of those that a watch meets.
func seeded(seed uint64, count int) (drawn []fault) {
	random := rand.New(rand.NewPCG(seed, 0))
	for range count {
		drawn = append(drawn, fault(1+random.IntN(int(lastOfFaults))))
	}
	return slices.Clip(drawn)
}

func connect(t *testing.T, f *fake, options ...Option) *Client {
	t.Helper()
	client, err := New(append([]Option{WithServer(f.address)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func withCertificate(certificate tls.Certificate) grpc.ServerOption {
	return grpc.Creds(credentials.NewServerTLSFromCert(&certificate))
}
