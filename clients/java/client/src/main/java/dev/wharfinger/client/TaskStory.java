package dev.wharfinger.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.wharfinger.v1.Task;
import dev.wharfinger.v1.TaskServiceGrpc;
import dev.wharfinger.v1.WatchTaskRequest;
import dev.wharfinger.v1.WatchTaskResponse;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;

/** Where the watch of one task stands: up to which event all was told, and what the task was when last seen. */
final class TaskStory implements Story<WatchTaskRequest, WatchTaskResponse> {
  // A server that leaves out events each time it is asked is at fault; asking for ever would hide that.
  private static final int GAPS_LIMIT = 5;

  private final String name;
  private final Duration heartbeat;
  private long position;
  private ByteString token = ByteString.EMPTY;
  private Task known;
  private boolean over;
  private boolean gap;
  private int gaps;

  TaskStory(String name, long after, Duration heartbeat) {
    this.name = name;
    this.position = after;
    this.heartbeat = heartbeat;
  }

  @Override
  public MethodDescriptor<WatchTaskRequest, WatchTaskResponse> method() {
    return TaskServiceGrpc.getWatchTaskMethod();
  }

  @Override
  public WatchTaskRequest request() {
    return WatchTaskRequest.newBuilder()
        .setName(name)
        .setAfterSequence(position)
        .setResumeToken(token)
        .setHeartbeatInterval(heartbeat)
        .build();
  }

  @Override
  public List<TaskEvent> take(WatchTaskResponse message, boolean fresh) {
    List<TaskEvent> news =
        switch (message.getKindCase()) {
          case EVENTS -> events(message.getEvents().getEventsList());
          case PROGRESS -> List.of(Telling.progress(name, position, message.getProgress(), ByteString.EMPTY));
          case SNAPSHOT -> snapshot(message.getSnapshot(), fresh);
          case HEARTBEAT, KIND_NOT_SET -> List.of();
        };
    // A token is of the message's position: where not all of it was taken, the number alone goes on.
    token = position == message.getSequence() ? message.getResumeToken() : ByteString.EMPTY;
    return news;
  }

  private List<TaskEvent> snapshot(Task task, boolean fresh) {
    boolean first = known == null;
    known = task;
    if (!fresh && task.hasEndTime()) {
      return end();
    }
    // That of a later connection is no news: whatever changed meanwhile comes as events.
    return first ? List.of(Telling.snapshot(position, task, false, ByteString.EMPTY)) : List.of();
  }

  private List<TaskEvent> events(List<dev.wharfinger.v1.TaskEvent> raw) {
    List<TaskEvent> told = new ArrayList<>();
    for (dev.wharfinger.v1.TaskEvent event : raw) {
      if (event.getSequence() <= position) {
        continue;
      }
      if (event.getSequence() > position + 1) {
        gaps++;
        if (gaps > GAPS_LIMIT) {
          String text = name + ": the server tells event " + event.getSequence() + " after " + position + " each time";
          throw new RefusedException(Status.Code.INTERNAL, "", text, RefusedException.Facts.NONE, null);
        }
        gap = true;
        return told;
      }
      position = event.getSequence();
      gaps = 0;
      told.add(Telling.event(event, ByteString.EMPTY));
    }
    return told;
  }

  @Override
  public List<TaskEvent> end() {
    if (known == null || !known.hasEndTime() || known.getLastSequence() > position) {
      return List.of();
    }
    over = true;
    return List.of(Telling.snapshot(position, known, true, ByteString.EMPTY));
  }

  @Override
  public boolean over() {
    return over;
  }

  @Override
  public boolean gap() {
    boolean found = gap;
    gap = false;
    return found;
  }
}
