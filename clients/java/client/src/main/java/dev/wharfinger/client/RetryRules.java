package dev.wharfinger.client;

import dev.wharfinger.v1.ErrorReason;
import dev.wharfinger.v1.ErrorReasonProto;
import dev.wharfinger.v1.RetryRule;
import io.grpc.Status;
import java.util.Map;
import java.util.stream.Collectors;

/** Which errors pass: the table is the option {@code error_rule} of each ErrorReason, read from the descriptor. */
final class RetryRules {
  private static final String PREFIX = "ERROR_REASON_";
  private static final Map<String, RetryRule> RULES =
      ErrorReason.getDescriptor().getValues().stream()
          .filter(value -> value.getOptions().hasExtension(ErrorReasonProto.errorRule))
          .collect(
              Collectors.toUnmodifiableMap(
                  value -> value.getName().substring(PREFIX.length()),
                  value -> value.getOptions().getExtension(ErrorReasonProto.errorRule).getRetry()));

  // Without a word from our server these may be a fault between here and there, or a lasting one: so only so often in a row.
  private static final int DOUBTFUL_LIMIT = 10;

  private RetryRules() {}

  /** Whether the same request may be sent again after an error of that reason. */
  static boolean allows(String reason) {
    RetryRule rule = RULES.getOrDefault(reason, RetryRule.RETRY_RULE_NEVER);
    return rule == RetryRule.RETRY_RULE_SAME_REQUEST || rule == RetryRule.RETRY_RULE_AFTER_RETRY_INFO;
  }

  /** Whether trying again may help, after so many failures in a row. */
  static boolean passing(WharfingerException error, int failures) {
    if (error instanceof UnreachableException) {
      return true;
    }
    if (!(error instanceof RefusedException refused)) {
      return false;
    }
    if (!refused.reason().isEmpty()) {
      return refused.retryable();
    }
    // A reset stream shows as one of these, without a reason.
    boolean doubtful = refused.code() == Status.Code.INTERNAL || refused.code() == Status.Code.UNKNOWN;
    return doubtful && failures < DOUBTFUL_LIMIT;
  }
}
