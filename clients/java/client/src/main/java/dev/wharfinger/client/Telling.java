package dev.wharfinger.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.wharfinger.v1.Progress;
import dev.wharfinger.v1.Task;
import java.time.Instant;

/** The messages of a watch as this client's events. */
final class Telling {
  private Telling() {}

  static TaskEvent event(dev.wharfinger.v1.TaskEvent raw, ByteString token) {
    TaskEvent.Place place =
        new TaskEvent.Place(raw.getTask(), raw.getSequence(), moment(raw.getTime()), raw.getAttempt(), token);
    return switch (raw.getDetailCase()) {
      case STATE_CHANGE -> {
        dev.wharfinger.v1.StateChange change = raw.getStateChange();
        yield new TaskEvent.StateChanged(place, State.of(change.getState()), change.getActor(), change.getReason());
      }
      case ENTRY -> new TaskEvent.EntryChanged(place, raw.getEntry());
      case LOG ->
          new TaskEvent.LogLine(place, raw.getLog().getLevel(), raw.getLog().getText(), raw.getLog().getDropped());
      case FAILURE -> new TaskEvent.Failed(place, raw.getFailure());
      case DETAIL_NOT_SET -> new TaskEvent.Unknown(place, raw);
    };
  }

  static TaskEvent progress(String task, long sequence, Progress raw, ByteString token) {
    return new TaskEvent.Progressed(new TaskEvent.Place(task, sequence, moment(raw.getUpdateTime()), 0, token), raw);
  }

  static TaskEvent snapshot(long sequence, Task raw, boolean last, ByteString token) {
    Instant time = moment(raw.getUpdateTime());
    return new TaskEvent.Snapshot(new TaskEvent.Place(raw.getName(), sequence, time, 0, token), raw, last);
  }

  private static Instant moment(Timestamp raw) {
    return Instant.ofEpochSecond(raw.getSeconds(), raw.getNanos());
  }
}
