package dev.wharfinger.client;

import dev.wharfinger.v1.CancelTaskRequest;
import dev.wharfinger.v1.DeleteTaskRequest;
import dev.wharfinger.v1.GetTaskRequest;
import dev.wharfinger.v1.LedgerEntry;
import dev.wharfinger.v1.LedgerVerdict;
import dev.wharfinger.v1.ResolveLedgerEntryRequest;
import dev.wharfinger.v1.ResumeTaskRequest;
import dev.wharfinger.v1.RollbackTaskRequest;
import dev.wharfinger.v1.Task;
import dev.wharfinger.v1.TaskServiceGrpc;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * A task, by its name, as it was last seen: {@link #refresh()} looks again, and so does each verb. The verbs carry a request id
 * and may be asked again. Safe for use by several threads.
 */
public final class TaskHandle {
  private final WharfingerClient client;
  private final String name;
  private volatile Task seen;

  TaskHandle(WharfingerClient client, String name) {
    this.client = client;
    this.name = name;
  }

  TaskHandle(WharfingerClient client, Task seen) {
    this(client, seen.getName());
    this.seen = seen;
  }

  /**
   * The task's full name.
   *
   * @return such as {@code projects/default/tasks/one}
   */
  public String name() {
    return name;
  }

  /**
   * The name of the script that it runs.
   *
   * @return such as {@code image.import}
   */
  public String script() {
    return raw().getScript();
  }

  /**
   * Where it is in its life, as last seen.
   *
   * @return UNKNOWN for a state that this client does not know
   */
  public State state() {
    return State.of(raw().getState());
  }

  /**
   * Whether nothing happens any more by itself, as last seen.
   *
   * @return true also in states that this client does not know
   */
  public boolean atRest() {
    return raw().hasEndTime();
  }

  /**
   * All that the server told, as last seen; it is asked where nothing was seen yet.
   *
   * @return the generated message
   */
  public Task raw() {
    Task known = seen;
    return known == null ? refresh().seen : known;
  }

  /**
   * Looks again.
   *
   * @return this
   */
  public TaskHandle refresh() {
    GetTaskRequest request = GetTaskRequest.newBuilder().setName(name).build();
    return saw(client.connection().call(TaskServiceGrpc.getGetTaskMethod(), request));
  }

  /**
   * Tells the task's life as it happens, from its beginning. Close it, or read it to its end.
   *
   * @return a watch that resumes by itself
   */
  public TaskWatch watch() {
    return watch(0);
  }

  /**
   * Tells what happens after an event.
   *
   * @param afterSequence the event's number
   * @return a watch that resumes by itself
   */
  public TaskWatch watch(long afterSequence) {
    return client.watch(beat -> new TaskStory(name, afterSequence, beat));
  }

  /**
   * Waits until the task is at rest. Broken connections and restarts of the server are waited out.
   *
   * @return this
   */
  public TaskHandle await() {
    return await(null);
  }

  /**
   * Waits until the task is at rest, and no longer than that.
   *
   * @param timeout how long at most; null: for ever
   * @return this
   * @throws TimedOutException the time is over; the task goes on
   */
  public TaskHandle await(Duration timeout) {
    return saw(Waiting.untilAtRest(client.connection(), name, timeout));
  }

  /**
   * Waits for the end and returns the result.
   *
   * @return maps, lists, text, booleans and null; whole numbers are Long, others Double
   * @throws PartialFailureException the task stopped half-way and something may be alive
   * @throws TaskFailedException it failed, was cancelled ({@link TaskCancelledException}) or rolled back ({@link
   *     RolledBackException})
   */
  public Map<String, Object> result() {
    return Results.map(await().outcome());
  }

  /**
   * As {@link #result()}, but waits no longer than that.
   *
   * @param timeout how long at most
   * @return the result
   * @throws TimedOutException the time is over; the task goes on
   */
  public Map<String, Object> result(Duration timeout) {
    return Results.map(await(timeout).outcome());
  }

  /**
   * As {@link #result()}, as a record of the caller's: each component is what the result has by that name ({@link JsonName}).
   *
   * @param kind a record, or Struct
   * @param <T> the kind
   * @return the result
   * @throws IllegalArgumentException the result does not fit; it names the place
   */
  public <T> T resultAs(Class<T> kind) {
    return Results.as(await().outcome(), kind);
  }

  /**
   * As {@link #result()}, on another thread.
   *
   * @return a future that fails with what {@link #result()} throws
   */
  public CompletableFuture<Map<String, Object>> resultAsync() {
    return client.later(this::result);
  }

  /**
   * Asks the task to stop; a task that is cancelled already is no error.
   *
   * @return this: CANCELLING, or CANCELLED if it had not begun
   */
  public TaskHandle cancel() {
    return cancel("");
  }

  /**
   * As {@link #cancel()}, with why.
   *
   * @param reason for whoever reads the events
   * @return this
   */
  public TaskHandle cancel(String reason) {
    CancelTaskRequest request =
        CancelTaskRequest.newBuilder().setName(name).setReason(reason).setRequestId(newId()).build();
    return saw(client.connection().call(TaskServiceGrpc.getCancelTaskMethod(), request));
  }

  /**
   * Lets a half-done task run again with what it made: that is used again, and only the rest is made.
   *
   * @return this: QUEUED
   */
  public TaskHandle resume() {
    return resume("");
  }

  /**
   * As {@link #resume()}, with another version of the script.
   *
   * @param scriptVersion which must be the installed one; empty: see {@link PartialFailureException#resumeVersion()}
   * @return this
   */
  public TaskHandle resume(String scriptVersion) {
    ResumeTaskRequest request =
        ResumeTaskRequest.newBuilder().setName(name).setScriptVersion(scriptVersion).setRequestId(newId()).build();
    return saw(client.connection().call(TaskServiceGrpc.getResumeTaskMethod(), request));
  }

  /**
   * What a rollback of all that the task made would do.
   *
   * @return the plan, to be looked at and carried out
   */
  public RollbackPlan planRollback() {
    return planRollback(List.of(), List.of());
  }

  /**
   * What a rollback would do.
   *
   * @param only undo these keys only; empty: all
   * @param retain keep these keys, with all that they depend on
   * @return the plan, to be looked at and carried out
   */
  public RollbackPlan planRollback(Collection<String> only, Collection<String> retain) {
    RollbackTaskRequest request = rollbackRequest(only, retain).setValidateOnly(true).build();
    return new RollbackPlan(this, request, client.connection().call(TaskServiceGrpc.getRollbackTaskMethod(), request));
  }

  /**
   * Undoes what the task made, without a look at the plan.
   *
   * @param only undo these keys only; empty: all
   * @param retain keep these keys, with all that they depend on
   * @return this: ROLLING_BACK
   */
  public TaskHandle rollback(Collection<String> only, Collection<String> retain) {
    return rollback(rollbackRequest(only, retain));
  }

  TaskHandle rollback(RollbackTaskRequest.Builder request) {
    RollbackTaskRequest once = request.setRequestId(newId()).build();
    return saw(client.connection().call(TaskServiceGrpc.getRollbackTaskMethod(), once));
  }

  private RollbackTaskRequest.Builder rollbackRequest(Collection<String> only, Collection<String> retain) {
    return RollbackTaskRequest.newBuilder().setName(name).addAllOnly(only).addAllRetain(retain);
  }

  /**
   * Tells a person's verdict on one entry of the ledger, after a look at the provider.
   *
   * @param key the entry's key
   * @param verdict what is the case
   * @param externalId the provider's id, needed for CREATED where the entry has none; otherwise empty
   * @return this
   */
  public TaskHandle resolve(String key, LedgerVerdict verdict, String externalId) {
    ResolveLedgerEntryRequest request =
        ResolveLedgerEntryRequest.newBuilder()
            .setName(name)
            .setKey(key)
            .setVerdict(verdict)
            .setExternalId(externalId)
            .setRequestId(newId())
            .build();
    return saw(client.connection().call(TaskServiceGrpc.getResolveLedgerEntryMethod(), request));
  }

  /** Deletes the task, which must be at rest and own nothing that may be alive; one that is deleted already is no error. */
  public void delete() {
    delete(false);
  }

  /**
   * Deletes the task.
   *
   * @param allowMissing no error either where there is no such task, and never was
   */
  public void delete(boolean allowMissing) {
    DeleteTaskRequest request =
        DeleteTaskRequest.newBuilder().setName(name).setAllowMissing(allowMissing).setRequestId(newId()).build();
    client.connection().call(TaskServiceGrpc.getDeleteTaskMethod(), request);
  }

  /**
   * The whole ledger, in the order of intent.
   *
   * @return read page by page
   */
  public Stream<LedgerEntry> ledger() {
    return Pages.ledger(client.connection(), name);
  }

  /**
   * The events so far.
   *
   * @param afterSequence only those with a greater number
   * @return in order, read page by page
   */
  public Stream<TaskEvent> events(long afterSequence) {
    return Pages.events(client.connection(), name, afterSequence);
  }

  private com.google.protobuf.Struct outcome() {
    return Waiting.outcome(client.connection(), this);
  }

  private TaskHandle saw(Task task) {
    seen = task;
    return this;
  }

  private static String newId() {
    return UUID.randomUUID().toString();
  }

  /** Returns the name, with the state as last seen. */
  @Override
  public String toString() {
    Task known = seen;
    return known == null ? name : name + " " + State.of(known.getState());
  }
}
