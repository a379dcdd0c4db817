package dev.wharfinger.client;

import dev.wharfinger.v1.Failure;
import java.util.Optional;

/** The task ended without success, and nothing is left over. The subclasses tell of other ends than FAILED. */
public class TaskFailedException extends WharfingerException {
  private static final long serialVersionUID = 1L;

  private final transient TaskHandle task;
  private final transient Failure failure;

  TaskFailedException(TaskHandle task) {
    this(task, "");
  }

  TaskFailedException(TaskHandle task, String more) {
    super(task.name() + " (" + task.script() + ") is " + task.state() + ": " + why(task.raw()) + more, null);
    this.task = task;
    this.failure = task.raw().hasFailure() ? task.raw().getFailure() : null;
  }

  /**
   * The task, by which it can be gone on with.
   *
   * @return its handle
   */
  public final TaskHandle task() {
    return task;
  }

  /**
   * Why.
   *
   * @return the first cause; empty if the server did not say
   */
  public final Optional<Failure> failure() {
    return Optional.ofNullable(failure);
  }

  private static String why(dev.wharfinger.v1.Task task) {
    if (!task.hasFailure()) {
      return "no reason was given";
    }
    Failure failure = task.getFailure();
    return failure.getReason().isEmpty() ? failure.getMessage() : failure.getMessage() + " [" + failure.getReason() + "]";
  }
}
