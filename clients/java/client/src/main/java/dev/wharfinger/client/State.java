package dev.wharfinger.client;

import dev.wharfinger.v1.TaskState;

/** Where a task is in its life. {@code TaskState} of the protos says when each is. */
public enum State {
  /** Accepted and durable; not at work yet, or not again. */
  QUEUED,
  /** At work. */
  RUNNING,
  /** Asked to stop. */
  CANCELLING,
  /** What it made is being undone. */
  ROLLING_BACK,
  /** Done. */
  SUCCEEDED,
  /** Failed, and nothing is left over. */
  FAILED,
  /** Cancelled, and nothing is left over. */
  CANCELLED,
  /** Stopped half-way: something may be alive. */
  PARTIALLY_FAILED,
  /** All that it had made was undone on request. */
  ROLLED_BACK,
  /** Some undo failed: something may be alive. */
  ROLLBACK_FAILED,
  /** A state that this client is too old to know. */
  UNKNOWN;

  private static final String PREFIX = "TASK_STATE_";

  static State of(TaskState state) {
    if (state == TaskState.UNRECOGNIZED || state == TaskState.TASK_STATE_UNSPECIFIED) {
      return UNKNOWN;
    }
    return valueOf(state.name().substring(PREFIX.length()));
  }
}
