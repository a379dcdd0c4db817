package dev.wharfinger.client;

import com.google.protobuf.ByteString;
import dev.wharfinger.v1.Failure;
import dev.wharfinger.v1.LedgerEntry;
import dev.wharfinger.v1.LogLevel;
import dev.wharfinger.v1.Progress;
import dev.wharfinger.v1.Task;
import java.time.Instant;

/**
 * What a watch tells: a task's numbered events, each once and in order, with snapshots and progress in between. There are no
 * others than these, and {@link Unknown} stands for what a newer server tells.
 */
public sealed interface TaskEvent {
  /**
   * Which task, when, and where in the watch.
   *
   * @param task the task's full name
   * @param sequence the event's number, 1, 2, 3 and so on without a gap; for what is no event that of the last one told before
   *     it, 0 in the watch of a project
   * @param time when it was recorded, by the server's clock
   * @param attempt epoch of the attempt that it belongs to; 0 for none
   * @param resumeToken set by the watch of a project: give it back to go on after this
   */
  record Place(String task, long sequence, Instant time, long attempt, ByteString resumeToken) {}

  /**
   * Where it stands.
   *
   * @return task, number and time
   */
  Place place();

  /**
   * The task's full name.
   *
   * @return such as {@code projects/default/tasks/one}
   */
  default String task() {
    return place().task();
  }

  /**
   * The event's number within its task.
   *
   * @return as {@link Place#sequence()} says
   */
  default long sequence() {
    return place().sequence();
  }

  /**
   * What to give {@link WharfingerClient#watchProject(String, ByteString)} to go on after this.
   *
   * @return empty in the watch of one task
   */
  default ByteString resumeToken() {
    return place().resumeToken();
  }

  /**
   * The whole task as it is: told first, and last of all when it is at rest.
   *
   * @param place where it stands
   * @param raw the task; in the watch of a project without params and result
   * @param last whether the watch ends with it
   */
  record Snapshot(Place place, Task raw, boolean last) implements TaskEvent {
    /**
     * The task's state.
     *
     * @return UNKNOWN for one that this client does not know
     */
    public State state() {
      return State.of(raw.getState());
    }
  }

  /**
   * The task came into a state.
   *
   * @param place where it stands
   * @param state the new state
   * @param actor who caused it: a creator's name or {@code server}
   * @param reason why, for people; may be empty
   */
  record StateChanged(Place place, State state, String actor, String reason) implements TaskEvent {}

  /**
   * An entry of the ledger changed.
   *
   * @param place where it stands
   * @param entry the whole entry as it then was
   */
  record EntryChanged(Place place, LedgerEntry entry) implements TaskEvent {}

  /**
   * The script told or printed a line.
   *
   * @param place where it stands
   * @param level how grave the script calls it
   * @param text the line
   * @param dropped how many lines before it were left out
   */
  record LogLine(Place place, LogLevel level, String text, long dropped) implements TaskEvent {}

  /**
   * An attempt, a search or an undo failed; later events say what that led to.
   *
   * @param place where it stands
   * @param failure why
   */
  record Failed(Place place, Failure failure) implements TaskEvent {}

  /**
   * How far the task is; values in between may have been left out.
   *
   * @param place where it stands
   * @param progress the latest
   */
  record Progressed(Place place, Progress progress) implements TaskEvent {}

  /**
   * An event of a kind that this client is too old to know.
   *
   * @param place where it stands
   * @param raw what came
   */
  record Unknown(Place place, dev.wharfinger.v1.TaskEvent raw) implements TaskEvent {}
}
