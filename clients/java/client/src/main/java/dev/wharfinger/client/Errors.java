package dev.wharfinger.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.wharfinger.v1.AllowedStates;
import dev.wharfinger.v1.Choices;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** gRPC's errors in this client's words, with the details that ride in the trailers. */
final class Errors {
  // What a broken connection, or something between here and the server, answers.
  private static final Set<Status.Code> NO_ANSWER =
      EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED, Status.Code.CANCELLED);

  private Errors() {}

  static WharfingerException translate(
      Status status, Metadata trailers, Settings settings, boolean answered, String requestId) {
    StatusRuntimeException cause = status.asRuntimeException(trailers);
    com.google.rpc.Status told = StatusProto.fromThrowable(cause);
    boolean bare = told == null || told.getDetailsCount() == 0;
    // What is no gRPC server answers in other ways; what gRPC is told of it then says which.
    boolean foreign = !answered && Causes.known(status, settings).isPresent();
    if (bare && (foreign || NO_ANSWER.contains(status.getCode()))) {
      String why = Causes.of(status, settings, answered);
      return new UnreachableException(settings.server(), why, status.getCode(), requestId, cause);
    }
    if (bare) {
      String text = status.getDescription() == null ? "" : status.getDescription();
      return new RefusedException(status.getCode(), "", text, RefusedException.Facts.NONE, cause);
    }
    return refused(told, cause);
  }

  /** The refusal that stands in a message, such as an outcome of a batch, or in the trailers of a call. */
  static RefusedException refused(com.google.rpc.Status told, Throwable cause) {
    ErrorInfo info = detail(told, ErrorInfo.class).orElse(ErrorInfo.getDefaultInstance());
    List<RefusedException.Violation> violations =
        detail(told, BadRequest.class).orElse(BadRequest.getDefaultInstance()).getFieldViolationsList().stream()
            .map(v -> new RefusedException.Violation(v.getField(), v.getDescription()))
            .toList();
    Optional<Duration> retryAfter =
        detail(told, RetryInfo.class)
            .map(RetryInfo::getRetryDelay)
            .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
    RefusedException.Facts facts =
        new RefusedException.Facts(
            info.getMetadataMap(),
            violations,
            retryAfter,
            List.copyOf(detail(told, Choices.class).orElse(Choices.getDefaultInstance()).getValuesList()),
            detail(told, AllowedStates.class).orElse(AllowedStates.getDefaultInstance()).getAllowedList().stream()
                .map(State::of)
                .toList());
    Status.Code code = Status.fromCodeValue(told.getCode()).getCode();
    return new RefusedException(code, info.getReason(), told.getMessage(), facts, cause);
  }

  private static <D extends Message> Optional<D> detail(com.google.rpc.Status status, Class<D> kind) {
    for (Any packed : status.getDetailsList()) {
      if (packed.is(kind)) {
        try {
          return Optional.of(packed.unpack(kind));
        } catch (InvalidProtocolBufferException error) {
          // Damaged on the way; the code and the sentence are left.
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }
}
