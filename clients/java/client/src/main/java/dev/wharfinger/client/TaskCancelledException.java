package dev.wharfinger.client;

/** The task was cancelled, and nothing is left over. */
public final class TaskCancelledException extends TaskFailedException {
  private static final long serialVersionUID = 1L;

  TaskCancelledException(TaskHandle task) {
    super(task);
  }
}
