package dev.wharfinger.client;

import dev.wharfinger.v1.CreateTaskRequest;
import dev.wharfinger.v1.Policy;
import dev.wharfinger.v1.Task;
import java.util.UUID;

/**
 * A task to be submitted. Changed by its methods, each of which returns it.
 *
 * <p>It has a request id from the beginning: submitting it again makes no second task.
 */
public final class Submission {
  private final Task.Builder task = Task.newBuilder();
  private String taskId = "";
  private String requestId = UUID.randomUUID().toString();
  private boolean validateOnly;

  private Submission(String script, Object params) {
    task.setScript(script).setParams(Params.struct(params));
  }

  /**
   * A task that runs a script.
   *
   * @param script its name, such as {@code image.import}
   * @param params a record, a map or a Struct; null for none
   * @return it, to be changed further
   * @throws IllegalArgumentException for params that JSON does not have, or that would be changed on the way; it names the place
   */
  public static Submission of(String script, Object params) {
    return new Submission(script, params);
  }

  /**
   * The last part of the task's name, in place of one that the server makes up.
   *
   * @param id 1 to 63 lower-case letters, digits and hyphens
   * @return this
   */
  public Submission taskId(String id) {
    taskId = id;
    return this;
  }

  /**
   * The caller's own id of this request, for a program that may be restarted between two tries.
   *
   * @param id 1 to 128 characters
   * @return this
   */
  public Submission requestId(String id) {
    requestId = id;
    return this;
  }

  /**
   * The id of this request.
   *
   * @return the caller's, or the one that was made up
   */
  public String requestId() {
    return requestId;
  }

  /**
   * A mark to filter by.
   *
   * @param key its key
   * @param value its value
   * @return this
   */
  public Submission label(String key, String value) {
    task.putLabels(key, value);
    return this;
  }

  /**
   * Retries, timeouts, and what happens to things already made.
   *
   * @param policy of the protos
   * @return this
   */
  public Submission policy(Policy policy) {
    task.setPolicy(policy);
    return this;
  }

  /**
   * Where it is to run.
   *
   * @param executor the executor's plain name
   * @return this
   */
  public Submission executor(String executor) {
    task.setExecutor(executor);
    return this;
  }

  /**
   * Only check everything, and create nothing.
   *
   * @return this
   */
  public Submission validateOnly() {
    validateOnly = true;
    return this;
  }

  Task task() {
    return task.build();
  }

  CreateTaskRequest request(String parent) {
    return CreateTaskRequest.newBuilder()
        .setParent(parent)
        .setTaskId(taskId)
        .setTask(task)
        .setRequestId(requestId)
        .setValidateOnly(validateOnly)
        .build();
  }
}
