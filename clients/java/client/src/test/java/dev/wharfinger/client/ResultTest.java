package dev.wharfinger.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Timestamp;
import com.google.rpc.Code;
import dev.wharfinger.v1.DecimalMoney;
import dev.wharfinger.v1.Failure;
import dev.wharfinger.v1.LedgerEntry;
import dev.wharfinger.v1.LedgerEntryState;
import dev.wharfinger.v1.LeftoverCost;
import dev.wharfinger.v1.ListLedgerEntriesRequest;
import dev.wharfinger.v1.ListLedgerEntriesResponse;
import dev.wharfinger.v1.PartialFailure;
import dev.wharfinger.v1.PartialFailureAction;
import dev.wharfinger.v1.Task;
import dev.wharfinger.v1.TaskState;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a task's end comes to the caller. */
@Timeout(30)
class ResultTest {
  private FakeServer server;
  private WharfingerClient client;

  record Counted(int steps, String name) {}

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

  private static Task.Builder ended(TaskState state) {
    return Task.newBuilder()
        .setName("projects/default/tasks/one")
        .setScript("s")
        .setState(state)
        .setEndTime(Timestamp.newBuilder().setSeconds(1))
        .setFailure(Failure.newBuilder().setMessage("the rope broke").setReason("ROPE"));
  }

  private static LedgerEntry entry(String key, LedgerEntryState state) {
    return LedgerEntry.newBuilder().setKey(key).setState(state).setOwned(true).build();
  }

  @Test
  void aResultIsWaitedForOverEarlyAnswersAndRefusalsThatPass() {
    Task running = Task.newBuilder().setState(TaskState.TASK_STATE_RUNNING).build();
    server.waits.add(FakeServer.answer(running));
    server.waits.add(FakeServer.fail(FakeServer.refusal(Code.UNAVAILABLE, "SERVER_DRAINING", 10)));
    Task.Builder done = ended(TaskState.TASK_STATE_SUCCEEDED).setResult(Params.struct(Map.of("steps", 3, "name", "x")));
    server.waits.add(FakeServer.answer(done.build()));
    assertEquals(new Counted(3, "x"), client.task("one").resultAs(Counted.class));
  }

  @Test
  void timeThatIsOverSaysHowTheTaskWas() {
    for (int i = 0; i < 50; i++) {
      server.waits.add(FakeServer.answer(Task.newBuilder().setState(TaskState.TASK_STATE_RUNNING).build()));
    }
    TimedOutException error =
        assertThrows(TimedOutException.class, () -> client.task("one").result(Duration.ofMillis(200)));
    assertTrue(error.getMessage().contains("it is RUNNING"), error.getMessage());
  }

  @Test
  void eachEndHasItsException() {
    TaskHandle task = client.task("one");
    server.waits.add(FakeServer.answer(ended(TaskState.TASK_STATE_FAILED).build()));
    TaskFailedException failed = assertThrows(TaskFailedException.class, task::result);
    assertEquals("projects/default/tasks/one (s) is FAILED: the rope broke [ROPE]", failed.getMessage());
    server.waits.add(FakeServer.answer(ended(TaskState.TASK_STATE_CANCELLED).build()));
    assertThrows(TaskCancelledException.class, task::result);
    server.waits.add(FakeServer.answer(ended(TaskState.TASK_STATE_ROLLED_BACK).build()));
    assertThrows(RolledBackException.class, task::result);
    server.waits.add(FakeServer.answer(ended(TaskState.TASK_STATE_SUCCEEDED).setStateValue(99).build()));
    assertTrue(assertThrows(TaskFailedException.class, task::result).getMessage().contains("UNKNOWN"));
  }

  @Test
  void aPartialFailureIsReadInFull() {
    PartialFailure.Builder half =
        PartialFailure.newBuilder()
            .setFailedStep("unload")
            .setTotalLeftOver(250)
            .addNotAttempted("crate/300")
            .addAllowedActions(PartialFailureAction.PARTIAL_FAILURE_ACTION_RESUME)
            .addAllowedActionsValue(44)
            .setCost(LeftoverCost.newBuilder().setUnpriced(2).addKnownHourly(money("0.10", "USD")));
    IntStream.range(0, 100).forEach(i -> half.addLeftOver(entry("crate/" + i, LedgerEntryState.LEDGER_ENTRY_STATE_CREATED)));
    server.waits.add(FakeServer.answer(ended(TaskState.TASK_STATE_PARTIALLY_FAILED).setPartialFailure(half).build()));
    ListLedgerEntriesResponse.Builder first = ListLedgerEntriesResponse.newBuilder().setNextPageToken("more");
    IntStream.range(0, 200).forEach(i -> first.addEntries(entry("crate/" + i, LedgerEntryState.LEDGER_ENTRY_STATE_CREATED)));
    ListLedgerEntriesResponse.Builder second = ListLedgerEntriesResponse.newBuilder();
    IntStream.range(200, 250).forEach(i -> second.addEntries(entry("crate/" + i, LedgerEntryState.LEDGER_ENTRY_STATE_UNCERTAIN)));
    second.addEntries(entry("gone", LedgerEntryState.LEDGER_ENTRY_STATE_UNDONE));
    server.ledgers.add(FakeServer.answer(first.build()));
    server.ledgers.add(FakeServer.answer(second.build()));
    PartialFailureException error = assertThrows(PartialFailureException.class, client.task("one")::result);
    assertEquals(200, error.created().size());
    assertEquals(50, error.uncertain().size());
    assertEquals(List.of("crate/300"), error.notAttempted());
    assertEquals(Set.of(PartialFailureException.Action.RESUME), error.allowedActions());
    assertEquals("unload", error.failedStep());
    LeftoverCosts cost = error.cost().orElseThrow();
    assertEquals(List.of(new Money("USD", new BigDecimal("0.10"))), cost.knownHourly());
    assertEquals(2, cost.unpriced());
    assertEquals("more", server.asked(ListLedgerEntriesRequest.class).get(1).getPageToken());
    assertTrue(error.getMessage().contains("and 240 more"), error.getMessage());
  }

  private static DecimalMoney money(String amount, String currency) {
    return DecimalMoney.newBuilder().setAmount(amount).setCurrencyCode(currency).build();
  }
}
