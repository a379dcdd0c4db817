package dev.wharfinger.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnknownFieldSet;
import com.google.rpc.Code;
import dev.wharfinger.v1.LogLine;
import dev.wharfinger.v1.Task;
import dev.wharfinger.v1.TaskEvents;
import dev.wharfinger.v1.TaskState;
import dev.wharfinger.v1.WatchTaskRequest;
import dev.wharfinger.v1.WatchTaskResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A watch over streams that break, fall silent, leave things out or are refused. */
@Timeout(60)
class WatchTest {
  private static final String NAME = "projects/default/tasks/one";
  private FakeServer server;
  private WharfingerClient client;

  @BeforeEach
  void start() throws IOException {
    server = new FakeServer();
    client = server.client(WharfingerClient.builder().heartbeat(Duration.ofMillis(300)));
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private static Task task(boolean atRest, long last) {
    Task.Builder task = Task.newBuilder().setName(NAME).setLastSequence(last).setState(TaskState.TASK_STATE_RUNNING);
    if (atRest) {
      task.setState(TaskState.TASK_STATE_SUCCEEDED).setEndTime(Timestamp.newBuilder().setSeconds(1));
    }
    return task.build();
  }

  private static WatchTaskResponse snapshot(Task task, long position) {
    return WatchTaskResponse.newBuilder().setSnapshot(task).setSequence(position).build();
  }

  private static WatchTaskResponse lines(long... sequences) {
    TaskEvents.Builder events = TaskEvents.newBuilder();
    for (long sequence : sequences) {
      events.addEvents(
          dev.wharfinger.v1.TaskEvent.newBuilder()
              .setTask(NAME)
              .setSequence(sequence)
              .setLog(LogLine.newBuilder().setText("line " + sequence)));
    }
    long last = sequences[sequences.length - 1];
    ByteString token = ByteString.copyFromUtf8("token " + last);
    return WatchTaskResponse.newBuilder().setEvents(events).setSequence(last).setResumeToken(token).build();
  }

  /** Sends these and then fails; null: ends well. */
  private static FakeServer.Play<WatchTaskRequest, WatchTaskResponse> stream(
      StatusRuntimeException error, WatchTaskResponse... messages) {
    return (request, out) -> {
      Arrays.stream(messages).forEach(out::onNext);
      if (error == null) {
        out.onCompleted();
      } else {
        out.onError(error);
      }
    };
  }

  private List<TaskEvent> all() {
    List<TaskEvent> told = new ArrayList<>();
    try (TaskWatch watch = client.task(NAME).watch()) {
      watch.forEach(told::add);
    }
    return told;
  }

  private static List<Long> numbers(List<TaskEvent> told) {
    return told.stream().filter(event -> !(event instanceof TaskEvent.Snapshot)).map(TaskEvent::sequence).toList();
  }

  private static List<Long> upTo(long last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  @Test
  void aCutStreamGoesOnWhereItWas() {
    server.watches.add(stream(FakeServer.bare(Status.UNAVAILABLE), snapshot(task(false, 2), 0), lines(1, 2)));
    server.watches.add(stream(FakeServer.bare(Status.UNKNOWN), snapshot(task(false, 3), 2), lines(3)));
    // As it may be told twice.
    server.watches.add(stream(null, snapshot(task(false, 3), 2), lines(3, 4), snapshot(task(true, 4), 4)));
    List<TaskEvent> told = all();
    assertEquals(upTo(4), numbers(told));
    assertTrue(((TaskEvent.Snapshot) told.get(told.size() - 1)).last());
    assertEquals(2, told.stream().filter(TaskEvent.Snapshot.class::isInstance).count());
    List<WatchTaskRequest> asked = server.asked(WatchTaskRequest.class);
    assertEquals(List.of(0L, 2L, 3L), asked.stream().map(WatchTaskRequest::getAfterSequence).toList());
    assertEquals("token 2", asked.get(1).getResumeToken().toStringUtf8());
  }

  @Test
  void threeMissedHeartbeatsAreADeadLine() {
    server.watches.add((request, out) -> out.onNext(snapshot(task(false, 1), 0))); // and no word more
    server.watches.add(stream(null, snapshot(task(true, 1), 0), lines(1), snapshot(task(true, 1), 1)));
    long began = System.nanoTime();
    assertEquals(upTo(1), numbers(all()));
    assertTrue(System.nanoTime() - began >= Duration.ofMillis(900).toNanos());
    assertEquals(2, server.asked.size());
  }

  @Test
  void aGapIsAskedForAnew() {
    server.watches.add((request, out) -> {
      out.onNext(snapshot(task(false, 3), 0));
      out.onNext(lines(1));
      out.onNext(lines(3));
    });
    server.watches.add(stream(null, snapshot(task(true, 3), 1), lines(2, 3), snapshot(task(true, 3), 3)));
    assertEquals(upTo(3), numbers(all()));
    assertEquals(1L, server.asked(WatchTaskRequest.class).get(1).getAfterSequence());
  }

  @Test
  void aServerThatLeavesOutEventsEachTimeIsNotAskedForEver() {
    for (int i = 0; i < 10; i++) {
      server.watches.add(stream(null, snapshot(task(false, 3), 0), lines(2)));
    }
    RefusedException error = assertThrows(RefusedException.class, this::all);
    assertTrue(error.getMessage().contains("tells event 2 after 0 each time"), error.getMessage());
  }

  @Test
  void theLimitOfWatchesIsWaitedOut() {
    server.watches.add(stream(FakeServer.refusal(Code.RESOURCE_EXHAUSTED, "WATCH_LIMIT", 500)));
    server.watches.add(stream(null, snapshot(task(true, 1), 0), lines(1), snapshot(task(true, 1), 1)));
    long began = System.nanoTime();
    assertEquals(upTo(1), numbers(all()));
    assertTrue(System.nanoTime() - began >= Duration.ofMillis(500).toNanos());
  }

  @Test
  void aWatchThatIsRefusedFromItsBeginningDoesNotWaitForEver() {
    try (WharfingerClient hasty = server.client(WharfingerClient.builder().patience(Duration.ofMillis(500)))) {
      for (int i = 0; i < 20; i++) {
        server.watches.add(stream(FakeServer.refusal(Code.RESOURCE_EXHAUSTED, "WATCH_LIMIT", 100)));
      }
      try (TaskWatch watch = hasty.task(NAME).watch()) {
        assertEquals("WATCH_LIMIT", assertThrows(RefusedException.class, () -> watch.iterator().hasNext()).reason());
      }
    }
  }

  @Test
  void whatWillNotPassIsThrown() {
    server.watches.add(stream(FakeServer.refusal(Code.OUT_OF_RANGE, "POSITION_AHEAD", -1)));
    assertEquals("POSITION_AHEAD", assertThrows(RefusedException.class, this::all).reason());
  }

  @Test
  void eventsAndStatesOfANewerServerAreUnknownAndCounted() {
    dev.wharfinger.v1.TaskEvent strange =
        dev.wharfinger.v1.TaskEvent.newBuilder()
            .setTask(NAME)
            .setSequence(1)
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(90, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                    .build())
            .build();
    Task resting = task(true, 1).toBuilder().setStateValue(77).build();
    WatchTaskResponse events =
        WatchTaskResponse.newBuilder().setEvents(TaskEvents.newBuilder().addEvents(strange)).setSequence(1).build();
    WatchTaskResponse strangeMessage = WatchTaskResponse.newBuilder().setSequence(1).build();
    server.watches.add(stream(null, snapshot(resting, 0), events, strangeMessage, snapshot(resting, 1)));
    List<TaskEvent> told = all();
    assertInstanceOf(TaskEvent.Unknown.class, told.get(1));
    assertEquals(State.UNKNOWN, ((TaskEvent.Snapshot) told.get(2)).state());
  }

  @Test
  void closingFromAnotherThreadEndsTheIteration() throws InterruptedException {
    server.watches.add((request, out) -> out.onNext(snapshot(task(false, 1), 0)));
    TaskWatch watch = client.task(NAME).watch();
    Thread reader = new Thread(() -> watch.forEach(event -> {}));
    reader.start();
    while (server.asked.isEmpty()) {
      Thread.sleep(5);
    }
    watch.close();
    reader.join(5000);
    assertTrue(!reader.isAlive());
  }
}
