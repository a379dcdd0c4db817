package dev.wharfinger.client;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Empty;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.wharfinger.v1.CancelTaskRequest;
import dev.wharfinger.v1.CreateTaskRequest;
import dev.wharfinger.v1.DeleteTaskRequest;
import dev.wharfinger.v1.ListLedgerEntriesRequest;
import dev.wharfinger.v1.ListLedgerEntriesResponse;
import dev.wharfinger.v1.Task;
import dev.wharfinger.v1.TaskServiceGrpc;
import dev.wharfinger.v1.WaitTaskRequest;
import dev.wharfinger.v1.WatchTaskRequest;
import dev.wharfinger.v1.WatchTaskResponse;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/** A gRPC server in this process that plays what a test seeds: each call takes the next of what is queued for its method. */
final class FakeServer extends TaskServiceGrpc.TaskServiceImplBase implements AutoCloseable {
  /** How one call goes. */
  interface Play<Q, A> extends BiConsumer<Q, StreamObserver<A>> {}

  final Queue<Play<CreateTaskRequest, Task>> creates = new ArrayDeque<>();
  final Queue<Play<CancelTaskRequest, Task>> cancels = new ArrayDeque<>();
  final Queue<Play<DeleteTaskRequest, Empty>> deletes = new ArrayDeque<>();
  final Queue<Play<WaitTaskRequest, Task>> waits = new ArrayDeque<>();
  final Queue<Play<ListLedgerEntriesRequest, ListLedgerEntriesResponse>> ledgers = new ArrayDeque<>();
  final Queue<Play<WatchTaskRequest, WatchTaskResponse>> watches = new ArrayDeque<>();
  final List<Object> asked = new CopyOnWriteArrayList<>();
  private final String address = UUID.randomUUID().toString();
  private final Server server;

  FakeServer() throws IOException {
    server = InProcessServerBuilder.forName(address).addService(this).build().start();
  }

  WharfingerClient client() {
    return client(WharfingerClient.builder());
  }

  WharfingerClient client(WharfingerClient.Builder builder) {
    ManagedChannel channel = InProcessChannelBuilder.forName(address).build();
    return builder.channel(channel).build();
  }

  <T> List<T> asked(Class<T> kind) {
    return asked.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  static <Q, A> Play<Q, A> answer(A value) {
    return (request, out) -> {
      out.onNext(value);
      out.onCompleted();
    };
  }

  static <Q, A> Play<Q, A> fail(StatusRuntimeException error) {
    return (request, out) -> out.onError(error);
  }

  /** An error as our server sends it; {@code millis} below 0: without RetryInfo. */
  static StatusRuntimeException refusal(Code code, String reason, long millis) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(code.getNumber())
            .setMessage("as seeded")
            .addDetails(Any.pack(ErrorInfo.newBuilder().setReason(reason).setDomain("wharfinger.dev").build()));
    if (millis >= 0) {
      Duration delay = Duration.newBuilder().setNanos((int) (millis * 1_000_000)).build();
      status.addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(delay).build()));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  static StatusRuntimeException bare(Status status) {
    return status.asRuntimeException();
  }

  private <Q, A> void play(Queue<Play<Q, A>> plays, Q request, StreamObserver<A> out) {
    asked.add(request);
    Play<Q, A> play;
    synchronized (plays) {
      play = plays.poll();
    }
    if (play == null) {
      out.onError(Status.FAILED_PRECONDITION.withDescription("nothing more was seeded").asRuntimeException());
    } else {
      play.accept(request, out);
    }
  }

  @Override
  public void createTask(CreateTaskRequest request, StreamObserver<Task> out) {
    play(creates, request, out);
  }

  @Override
  public void cancelTask(CancelTaskRequest request, StreamObserver<Task> out) {
    play(cancels, request, out);
  }

  @Override
  public void deleteTask(DeleteTaskRequest request, StreamObserver<Empty> out) {
    play(deletes, request, out);
  }

  @Override
  public void waitTask(WaitTaskRequest request, StreamObserver<Task> out) {
    play(waits, request, out);
  }

  @Override
  public void listLedgerEntries(ListLedgerEntriesRequest request, StreamObserver<ListLedgerEntriesResponse> out) {
    play(ledgers, request, out);
  }

  @Override
  public void watchTask(WatchTaskRequest request, StreamObserver<WatchTaskResponse> out) {
    play(watches, request, out);
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
