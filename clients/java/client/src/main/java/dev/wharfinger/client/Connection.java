package dev.wharfinger.client;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

/** The connection to a server: calls with a deadline for each try, repeated while that may help. */
final class Connection implements AutoCloseable {
  static final Duration TRY = Duration.ofSeconds(30);
  private static final int MESSAGE_LIMIT = 16 * 1024 * 1024;

  private final Settings settings;
  private final ManagedChannel channel;
  private final Channel calls;
  private final Duration patience;
  private volatile boolean answered;
  private volatile boolean closed;

  Connection(Settings settings, ManagedChannel channel, Duration patience) {
    this.settings = settings;
    this.channel = channel;
    this.patience = patience;
    Metadata headers = new Metadata();
    if (!settings.token().isEmpty()) {
      headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + settings.token());
    }
    this.calls = ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** A channel as the settings want it. The server need not be there. */
  static ManagedChannel open(Settings settings) {
    ChannelCredentials credentials = InsecureChannelCredentials.create();
    if (settings.tls()) {
      try {
        TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
        if (settings.ca() != null) {
          tls.trustManager(new ByteArrayInputStream(settings.ca()));
        }
        if (settings.cert() != null) {
          tls.keyManager(new ByteArrayInputStream(settings.cert()), new ByteArrayInputStream(settings.key()));
        }
        credentials = tls.build();
      } catch (IOException | IllegalArgumentException error) {
        throw new IllegalArgumentException("a certificate or key is no PEM: " + error.getMessage(), error);
      }
    }
    try {
      ManagedChannelBuilder<?> builder =
          Grpc.newChannelBuilder(settings.target(), credentials)
              .userAgent("wharfinger-java/" + Version.TEXT)
              .maxInboundMessageSize(MESSAGE_LIMIT)
              // A connection that died silently is found out within 40 seconds, while calls are open.
              .keepAliveTime(30, TimeUnit.SECONDS)
              .keepAliveTimeout(10, TimeUnit.SECONDS);
      if (settings.local()) {
        // A proxy of the environment has nothing to do with this machine's own addresses.
        builder.proxyDetector(address -> null);
      }
      return builder.build();
    } catch (IllegalArgumentException error) {
      throw new IllegalArgumentException("the certificates can't be used: " + error.getMessage(), error);
    }
  }

  Settings settings() {
    return settings;
  }

  /** The channel, with the token on each call. */
  Channel channel() {
    return calls;
  }

  boolean answered() {
    return answered;
  }

  boolean closed() {
    return closed;
  }

  void heard() {
    answered = true;
  }

  /** The answer of a call. Every request of ours may be repeated: it only reads, or carries a request id. */
  <Q extends Message, A> A call(MethodDescriptor<Q, A> method, Q request) {
    return call(method, request, TRY, new Outage(this, patience, "calling " + method.getBareMethodName()), new Backoff());
  }

  <Q extends Message, A> A call(
      MethodDescriptor<Q, A> method, Q request, Duration each, Outage outage, Backoff backoff) {
    while (true) {
      try {
        A answer = once(method, request, each);
        outage.over();
        return answer;
      } catch (WharfingerException error) {
        if (!RetryRules.passing(error, backoff.failures())) {
          throw error;
        }
        pause(outage.bear(error, backoff.next(error)));
        again(error);
      }
    }
  }

  <Q extends Message, A> A once(MethodDescriptor<Q, A> method, Q request, Duration each) {
    requireOpen();
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(each.toMillis(), TimeUnit.MILLISECONDS);
    try {
      A answer = ClientCalls.blockingUnaryCall(calls, method, options, request);
      heard();
      return answer;
    } catch (StatusRuntimeException error) {
      if (Thread.currentThread().isInterrupted()) {
        throw interrupted(error);
      }
      throw translate(error.getStatus(), error.getTrailers(), requestId(request));
    }
  }

  /** The error of a call. One that our server answered shows that it is there. */
  WharfingerException translate(Status status, Metadata trailers, String requestId) {
    if (closed) {
      throw new IllegalStateException("the client was closed meanwhile");
    }
    WharfingerException error =
        Errors.translate(status, trailers == null ? new Metadata() : trailers, settings, answered, requestId);
    if (error instanceof RefusedException refused && !refused.reason().isEmpty()) {
      heard();
    }
    return error;
  }

  /** Have the next call try at once, whatever gRPC's own back-off is at; and on a new connection where this one seems dead. */
  void again(WharfingerException error) {
    if (error instanceof UnreachableException unreachable && unreachable.code() == Status.Code.DEADLINE_EXCEEDED) {
      channel.enterIdle();
    } else {
      channel.resetConnectBackoff();
    }
  }

  static void pause(Duration length) {
    try {
      Thread.sleep(Math.max(0, length.toMillis()));
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw interrupted(error);
    }
  }

  /** What an interrupted thread's call throws; the thread's flag stays set. */
  static CancellationException interrupted(Throwable cause) {
    CancellationException error = new CancellationException("the thread was interrupted; what was asked for may be done");
    error.initCause(cause);
    return error;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the client is closed");
    }
  }

  private static String requestId(Message request) {
    FieldDescriptor field = request.getDescriptorForType().findFieldByName("request_id");
    return field == null ? "" : (String) request.getField(field);
  }

  @Override
  public void close() {
    closed = true;
    channel.shutdownNow();
  }
}
