package dev.wharfinger.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.wharfinger.v1.Task;
import dev.wharfinger.v1.TaskProgress;
import dev.wharfinger.v1.TaskServiceGrpc;
import dev.wharfinger.v1.WatchTasksRequest;
import dev.wharfinger.v1.WatchTasksResponse;
import io.grpc.MethodDescriptor;
import java.util.ArrayList;
import java.util.List;

/** Where the watch of a project stands. Within one message only the last event has that message's own token. */
final class ProjectStory implements Story<WatchTasksRequest, WatchTasksResponse> {
  private final String parent;
  private final String filter;
  private final Duration heartbeat;
  private ByteString token;

  ProjectStory(String parent, String filter, ByteString token, Duration heartbeat) {
    this.parent = parent;
    this.filter = filter;
    this.token = token;
    this.heartbeat = heartbeat;
  }

  @Override
  public MethodDescriptor<WatchTasksRequest, WatchTasksResponse> method() {
    return TaskServiceGrpc.getWatchTasksMethod();
  }

  @Override
  public WatchTasksRequest request() {
    return WatchTasksRequest.newBuilder()
        .setParent(parent)
        .setFilter(filter)
        .setResumeToken(token)
        .setHeartbeatInterval(heartbeat)
        .build();
  }

  @Override
  public List<TaskEvent> take(WatchTasksResponse message, boolean fresh) {
    ByteString before = token;
    token = message.getResumeToken();
    return switch (message.getKindCase()) {
      case SNAPSHOT -> {
        Task task = message.getSnapshot();
        yield List.of(Telling.snapshot(task.getLastSequence(), task, false, token));
      }
      case EVENTS -> {
        List<dev.wharfinger.v1.TaskEvent> raw = message.getEvents().getEventsList();
        List<TaskEvent> told = new ArrayList<>();
        for (int i = 0; i < raw.size(); i++) {
          told.add(Telling.event(raw.get(i), i == raw.size() - 1 ? token : before));
        }
        yield told;
      }
      case PROGRESS -> {
        TaskProgress progress = message.getProgress();
        yield List.of(Telling.progress(progress.getTask(), 0, progress.getProgress(), token));
      }
      case HEARTBEAT, KIND_NOT_SET -> List.of();
    };
  }

  @Override
  public List<TaskEvent> end() {
    return List.of();
  }

  @Override
  public boolean over() {
    return false;
  }

  @Override
  public boolean gap() {
    return false;
  }
}
