package dev.wharfinger.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An open server stream, read by a thread that may block for so long and no longer. */
final class MessageStream<A> extends ClientCall.Listener<A> {
  private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();
  private final Connection connection;
  private final ClientCall<?, A> call;

  /** How the call ended. */
  private record End(Status status, Metadata trailers) {}

  /** The stream said nothing for as long as was allowed. It is cancelled. */
  static final class Silence extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private <Q> MessageStream(Connection connection, MethodDescriptor<Q, A> method, Q request) {
    this.connection = connection;
    ClientCall<Q, A> opened = connection.channel().newCall(method, CallOptions.DEFAULT);
    this.call = opened;
    opened.start(this, new Metadata());
    opened.sendMessage(request);
    opened.halfClose();
    // One is read while another is on its way; more would only fill this side's memory.
    opened.request(2);
  }

  static <Q, A> MessageStream<A> open(Connection connection, MethodDescriptor<Q, A> method, Q request) {
    connection.requireOpen();
    return new MessageStream<>(connection, method, request);
  }

  /** The next message; null when the server ended the stream well. */
  @SuppressWarnings("unchecked")
  A read(Duration longest) throws Silence {
    Object next;
    try {
      next = arrived.poll(longest.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException error) {
      cancel();
      Thread.currentThread().interrupt();
      throw Connection.interrupted(error);
    }
    if (next == null) {
      cancel();
      throw new Silence();
    }
    if (next instanceof End end) {
      if (end.status().isOk()) {
        return null;
      }
      throw connection.translate(end.status(), end.trailers(), "");
    }
    connection.heard();
    call.request(1);
    return (A) next;
  }

  void cancel() {
    call.cancel("the watch was given up", null);
  }

  @Override
  public void onMessage(A message) {
    arrived.add(message);
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    arrived.add(new End(status, trailers));
  }
}
