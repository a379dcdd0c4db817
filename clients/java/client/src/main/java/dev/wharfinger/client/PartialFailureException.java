package dev.wharfinger.client;

import dev.wharfinger.v1.LedgerEntry;
import dev.wharfinger.v1.PartialFailure;
import dev.wharfinger.v1.PartialFailureAction;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The task stopped half-way and something may be alive. Go on by {@link #task()}: {@link TaskHandle#resume()}, {@link
 * TaskHandle#planRollback()}, {@link TaskHandle#resolve}, whichever {@link #allowedActions()} names.
 */
public final class PartialFailureException extends TaskFailedException {
  private static final long serialVersionUID = 1L;

  private final transient PartialFailure stands;
  private final transient List<LedgerEntry> leftOver;

  /** What can be done about a half-done task. */
  public enum Action {
    /** Go on from what exists: {@link TaskHandle#resume()}. */
    RESUME,
    /** Undo what was made: {@link TaskHandle#planRollback()}. */
    ROLL_BACK,
    /** Decide for single entries: {@link TaskHandle#resolve}. */
    RESOLVE
  }

  PartialFailureException(TaskHandle task, List<LedgerEntry> leftOver) {
    super(task, summary(task.raw().getPartialFailure(), leftOver));
    this.stands = task.raw().getPartialFailure();
    this.leftOver = List.copyOf(leftOver);
  }

  /**
   * The leftovers that exist, also where undoing them failed: all, in the order in which they were intended.
   *
   * @return entries of the ledger
   */
  public List<LedgerEntry> created() {
    return leftOver.stream().filter(entry -> !Ledgers.uncertain(entry)).toList();
  }

  /**
   * The leftovers of which nobody can tell whether they exist. Treat them as alive.
   *
   * @return entries of the ledger
   */
  public List<LedgerEntry> uncertain() {
    return leftOver.stream().filter(Ledgers::uncertain).toList();
  }

  /**
   * Planned keys that were never begun, in the order of the plan.
   *
   * @return the first 100
   */
  public List<String> notAttempted() {
    return stands.getNotAttemptedList();
  }

  /**
   * What the leftovers cost while they live.
   *
   * @return empty: nobody knows
   */
  public Optional<LeftoverCosts> cost() {
    return stands.hasCost() ? Optional.of(LeftoverCosts.of(stands.getCost())) : Optional.empty();
  }

  /**
   * What can be done about it now, as far as this client knows it.
   *
   * @return in no order
   */
  public Set<Action> allowedActions() {
    Set<Action> allowed = EnumSet.noneOf(Action.class);
    for (PartialFailureAction action : stands.getAllowedActionsList()) {
      switch (action) {
        case PARTIAL_FAILURE_ACTION_RESUME -> allowed.add(Action.RESUME);
        case PARTIAL_FAILURE_ACTION_ROLL_BACK -> allowed.add(Action.ROLL_BACK);
        case PARTIAL_FAILURE_ACTION_RESOLVE -> allowed.add(Action.RESOLVE);
        default -> {}
      }
    }
    return allowed;
  }

  /**
   * The step in which it failed.
   *
   * @return empty when it failed outside of steps
   */
  public String failedStep() {
    return stands.getFailedStep();
  }

  /**
   * Whether trying again might help: the script called its failure retryable, or the executor was lost.
   *
   * @return false where nothing speaks for it
   */
  public boolean retryable() {
    return stands.getRetryable();
  }

  /**
   * What {@link TaskHandle#resume(String)} has to name, since another version of the script than the task's is installed.
   *
   * @return empty: nothing
   */
  public String resumeVersion() {
    return stands.getResumeVersion();
  }

  private static String summary(PartialFailure stands, List<LedgerEntry> leftOver) {
    String things =
        leftOver.stream()
            .limit(10)
            .map(e -> "\n  left over: " + Ledgers.word(e) + " " + e.getKey() + " " + e.getExternalId())
            .map(String::stripTrailing)
            .collect(Collectors.joining());
    String further = leftOver.size() > 10 ? "\n  and " + (leftOver.size() - 10) + " more" : "";
    String rest =
        stands.getNotAttemptedCount() == 0 ? "" : "\n  never begun: " + String.join(", ", stands.getNotAttemptedList());
    return things + further + rest;
  }
}
