package dev.wharfinger.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.rpc.Code;
import dev.wharfinger.v1.CancelTaskRequest;
import dev.wharfinger.v1.CreateTaskRequest;
import dev.wharfinger.v1.DeleteTaskRequest;
import dev.wharfinger.v1.Task;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a call does when its answer is lost, delayed or a refusal. */
@Timeout(30)
class CallsTest {
  private static final Task MADE = Task.newBuilder().setName("projects/default/tasks/one").setScript("s").build();
  private FakeServer server;
  private WharfingerClient client;

  @BeforeEach
  void start() throws IOException {
    server = new FakeServer();
    client = server.client();
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void aSubmissionWhoseAnswerIsLostIsSentAgainUnderTheSameId() {
    server.creates.add(FakeServer.fail(FakeServer.bare(Status.UNAVAILABLE.withDescription("Connection reset"))));
    server.creates.add(FakeServer.answer(MADE));
    assertEquals("projects/default/tasks/one", client.submit("s", Map.of()).name());
    List<String> ids = server.asked(CreateTaskRequest.class).stream().map(CreateTaskRequest::getRequestId).toList();
    assertEquals(2, ids.size());
    assertFalse(ids.get(0).isEmpty());
    assertEquals(ids.get(0), ids.get(1));
  }

  @Test
  void verbsThatChangeCarryAnIdThatIsKeptOverTries() {
    server.cancels.add(FakeServer.fail(FakeServer.refusal(Code.UNAVAILABLE, "SERVER_DRAINING", 10)));
    server.cancels.add(FakeServer.answer(MADE));
    client.task("one").cancel("enough");
    List<CancelTaskRequest> asked = server.asked(CancelTaskRequest.class);
    assertEquals(2, asked.size());
    assertEquals(asked.get(0), asked.get(1));
    client.task("one");
    server.deletes.add(FakeServer.answer(com.google.protobuf.Empty.getDefaultInstance()));
    client.task("one").delete();
    assertFalse(server.asked(DeleteTaskRequest.class).get(0).getRequestId().isEmpty());
  }

  @Test
  void theServersOwnNotNowIsWaitedForAsLongAsItSays() {
    server.creates.add(FakeServer.fail(FakeServer.refusal(Code.UNAVAILABLE, "DATABASE_BUSY", 600)));
    server.creates.add(FakeServer.answer(MADE));
    long began = System.nanoTime();
    client.submit("s", null);
    assertTrue(System.nanoTime() - began >= TimeUnit.MILLISECONDS.toNanos(600));
  }

  @Test
  void whatWouldBeRefusedAgainIsAskedOnce() {
    server.creates.add(FakeServer.fail(FakeServer.refusal(Code.NOT_FOUND, "UNKNOWN_SCRIPT", -1)));
    RefusedException refused = assertThrows(RefusedException.class, () -> client.submit("s", null));
    assertEquals("UNKNOWN_SCRIPT", refused.reason());
    assertEquals(Status.Code.NOT_FOUND, refused.code());
    assertFalse(refused.retryable());
    assertEquals("as seeded [UNKNOWN_SCRIPT]", refused.getMessage());
    assertEquals(1, server.asked.size());
  }

  @Test
  void aReasonThatThisClientDoesNotKnowIsNotAskedAgain() {
    server.creates.add(FakeServer.fail(FakeServer.refusal(Code.UNAVAILABLE, "OF_TOMORROW", 10)));
    assertEquals("OF_TOMORROW", assertThrows(RefusedException.class, () -> client.submit("s", null)).reason());
  }

  @Test
  void aStatusWithoutDetailsIsReadable() {
    server.creates.add(FakeServer.fail(FakeServer.bare(Status.UNIMPLEMENTED.withDescription("Method not found!"))));
    RefusedException refused = assertThrows(RefusedException.class, () -> client.submit("s", null));
    assertEquals("Method not found! [UNIMPLEMENTED]", refused.getMessage());
    assertEquals("", refused.reason());
  }

  @Test
  void patienceEndsWithTheErrorAndTheIdToAskAgainUnder() {
    try (WharfingerClient hasty = server.client(WharfingerClient.builder().patience(Duration.ofMillis(400)))) {
      for (int i = 0; i < 50; i++) {
        server.creates.add(FakeServer.fail(FakeServer.bare(Status.UNAVAILABLE)));
      }
      Submission submission = Submission.of("s", null).requestId("mine");
      UnreachableException error = assertThrows(UnreachableException.class, () -> hasty.submit(submission));
      assertEquals("mine", error.requestId());
      int tries = server.asked.size();
      assertTrue(tries >= 2 && tries < 15, tries + " tries in 0.4 s");
    }
  }

  @Test
  void anInterruptedThreadsCallEnds() throws InterruptedException {
    server.creates.add((request, out) -> {}); // never answers
    Throwable[] thrown = new Throwable[1];
    Thread thread =
        new Thread(
            () -> {
              try {
                client.submit("s", null);
              } catch (CancellationException error) {
                thrown[0] = error;
              }
            });
    thread.start();
    while (server.asked.isEmpty()) {
      Thread.sleep(5);
    }
    thread.interrupt();
    thread.join(5000);
    assertInstanceOf(CancellationException.class, thrown[0]);
  }

  @Test
  void aFutureFailsWithWhatTheCallThrows() throws Exception {
    server.creates.add(FakeServer.answer(MADE));
    assertEquals(MADE.getName(), client.submitAsync("s", Map.of()).get(10, TimeUnit.SECONDS).name());
    server.creates.add(FakeServer.fail(FakeServer.refusal(Code.NOT_FOUND, "UNKNOWN_SCRIPT", -1)));
    ExecutionException error =
        assertThrows(ExecutionException.class, () -> client.submitAsync("s", null).get(10, TimeUnit.SECONDS));
    assertInstanceOf(RefusedException.class, error.getCause());
  }

  @Test
  void aClosedClientSaysSo() {
    client.close();
    assertEquals("the client is closed", assertThrows(IllegalStateException.class, () -> client.submit("s", null)).getMessage());
  }
}
