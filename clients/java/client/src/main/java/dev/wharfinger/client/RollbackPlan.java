package dev.wharfinger.client;

import dev.wharfinger.v1.RollbackTaskRequest;
import dev.wharfinger.v1.RollbackWave;
import dev.wharfinger.v1.Task;
import java.util.List;
import java.util.Map;

/** What a rollback would do if every undo succeeds. Nothing is done before {@link #carryOut()}. */
public final class RollbackPlan {
  private final TaskHandle task;
  private final RollbackTaskRequest asked;
  private final Task answer;

  RollbackPlan(TaskHandle task, RollbackTaskRequest asked, Task answer) {
    this.task = task;
    this.asked = asked;
    this.answer = answer;
  }

  /**
   * Keys in the order in which they are undone; those of one wave go at once.
   *
   * @return the waves
   */
  public List<List<String>> waves() {
    return answer.getRollbackPlan().getWavesList().stream().map(RollbackWave::getKeysList).map(List::<String>copyOf).toList();
  }

  /**
   * Keys that are kept: those to be retained, and what they depend on.
   *
   * @return the keys
   */
  public List<String> retained() {
    return List.copyOf(answer.getRollbackPlan().getRetainedList());
  }

  /**
   * Keys that are looked for first, since it is not known whether they exist.
   *
   * @return the keys
   */
  public List<String> sought() {
    return List.copyOf(answer.getRollbackPlan().getSoughtList());
  }

  /**
   * Keys that cannot be undone.
   *
   * @return the reason of each
   */
  public Map<String, String> blocked() {
    return Map.copyOf(answer.getRollbackPlan().getBlockedMap());
  }

  /**
   * Does what was planned, if the task is still as it was: it is then ROLLING_BACK, and {@link TaskHandle#await()} waits for the
   * end.
   *
   * @return the task
   * @throws RefusedException ETAG_MISMATCH where the task changed meanwhile, and the plan with it
   */
  public TaskHandle carryOut() {
    return task.rollback(asked.toBuilder().setValidateOnly(false).setEtag(answer.getEtag()));
  }
}
