package dev.wharfinger.client;

/**
 * What the task had made was undone on somebody's request; nothing is left over but what they retained. {@link #failure()} is
 * why it had failed before, if it had.
 */
public final class RolledBackException extends TaskFailedException {
  private static final long serialVersionUID = 1L;

  RolledBackException(TaskHandle task) {
    super(task);
  }
}
