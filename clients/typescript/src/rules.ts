// Which errors may be asked again: read from the option `error_rule` that each ErrorReason has in the API's definition.
import { getOption } from "@bufbuild/protobuf";
import type { Refusal } from "./errors.js";
import { error_rule, ErrorReasonSchema, RetryRule } from "./gen/index.js";

let table: Map<string, RetryRule> | undefined;

/** Returns when the same request may be asked again after a refusal of that reason; UNSPECIFIED for unknown reasons. */
export function ruleOf(reason: string): RetryRule {
  table ??= new Map(ErrorReasonSchema.values.map((one) => [one.localName, getOption(one, error_rule).retry]));
  return table.get(reason) ?? RetryRule.UNSPECIFIED;
}

// Without a word from our server these may be a fault between here and there, or a lasting one.
const DOUBTFUL = new Set(["INTERNAL", "UNKNOWN", "DATA_LOSS"]);

/**
 * Returns whether nobody signed the refusal, and it may have come of a broken connection: ask again, but not for ever.
 */
export function doubtful({ code, reason }: Refusal): boolean {
  return reason === "" && DOUBTFUL.has(code);
}

/** Returns whether the same request may go through later. */
export function retriable({ code, reason, retryAfterMs }: Refusal): boolean {
  switch (ruleOf(reason)) {
    case RetryRule.SAME_REQUEST:
    case RetryRule.AFTER_RETRY_INFO:
      return true;
    case RetryRule.NEVER:
      return false;
    default:
      // A newer server's reason: it says itself when to come again. Without a reason: something between here and there.
      return retryAfterMs !== undefined || code === "UNAVAILABLE";
  }
}
