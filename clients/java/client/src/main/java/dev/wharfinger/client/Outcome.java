package dev.wharfinger.client;

/** What became of one submission of many. */
public sealed interface Outcome {
  /**
   * Accepted and durable.
   *
   * @param task the task
   */
  record Accepted(TaskHandle task) implements Outcome {}

  /**
   * Not accepted; or, where it is an {@link UnreachableException}, perhaps accepted: submit the same {@link Submission} again.
   *
   * @param error why
   */
  record NotAccepted(WharfingerException error) implements Outcome {}

  /**
   * The task, if it was accepted.
   *
   * @return the task
   * @throws WharfingerException why it was not
   */
  default TaskHandle task() {
    if (this instanceof Accepted accepted) {
      return accepted.task();
    }
    throw ((NotAccepted) this).error();
  }
}
