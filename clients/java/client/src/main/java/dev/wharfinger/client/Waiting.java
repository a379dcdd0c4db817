package dev.wharfinger.client;

import com.google.protobuf.Struct;
import dev.wharfinger.v1.LedgerEntry;
import dev.wharfinger.v1.PartialFailure;
import dev.wharfinger.v1.Task;
import dev.wharfinger.v1.TaskServiceGrpc;
import dev.wharfinger.v1.WaitTaskRequest;
import java.time.Duration;
import java.util.List;

/** Waiting for a task's end, and what its end means to the caller. */
final class Waiting {
  // One long poll; short enough for proxies that cut silent calls, long enough to cost nothing.
  private static final Duration POLL = Duration.ofSeconds(25);
  private static final Duration GRACE = Duration.ofSeconds(10);

  private Waiting() {}

  /** The task once it is at rest; {@code timeout} null: for ever. */
  static Task untilAtRest(Connection connection, String name, Duration timeout) {
    long began = System.nanoTime();
    Outage outage = new Outage(connection, null, "waiting");
    Backoff backoff = new Backoff();
    while (true) {
      Duration left = left(timeout, began);
      Duration poll = left.compareTo(POLL) < 0 ? left : POLL;
      String how;
      Throwable why = null;
      try {
        Task task = ask(connection, name, poll);
        outage.over();
        if (task.hasEndTime()) {
          return task;
        }
        // An early answer is allowed; a server that always answers at once must not be asked in a tight loop.
        backoff.ease(0);
        Connection.pause(min(Duration.ofMillis(50), left));
        how = "it is " + State.of(task.getState());
      } catch (WharfingerException error) {
        if (!RetryRules.passing(error, backoff.failures())) {
          throw error;
        }
        Duration pause = outage.bear(error, min(backoff.next(error), left));
        Connection.pause(pause);
        connection.again(error);
        how = error.getMessage();
        why = error;
      }
      if (left(timeout, began).isZero()) {
        String seconds = timeout.toMillis() / 1000.0 + " s";
        throw new TimedOutException(
            name + " did not end within " + seconds + ": " + how + ". It is not affected and goes on", why);
      }
    }
  }

  private static Task ask(Connection connection, String name, Duration poll) {
    WaitTaskRequest request = WaitTaskRequest.newBuilder().setName(name).setTimeout(WharfingerClient.raw(poll)).build();
    return connection.once(TaskServiceGrpc.getWaitTaskMethod(), request, poll.plus(GRACE));
  }

  private static Duration left(Duration timeout, long began) {
    if (timeout == null) {
      return Duration.ofDays(1);
    }
    Duration left = timeout.minusNanos(System.nanoTime() - began);
    return left.isNegative() ? Duration.ZERO : left;
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /** The result of a task that is at rest; throws what it means that there is none. */
  static Struct outcome(Connection connection, TaskHandle task) {
    return switch (task.state()) {
      case SUCCEEDED -> task.raw().getResult();
      case PARTIALLY_FAILED, ROLLBACK_FAILED -> throw partialFailure(connection, task);
      case CANCELLED -> throw new TaskCancelledException(task);
      case ROLLED_BACK -> throw new RolledBackException(task);
      default -> throw new TaskFailedException(task);
    };
  }

  private static PartialFailureException partialFailure(Connection connection, TaskHandle task) {
    PartialFailure stands = task.raw().getPartialFailure();
    List<LedgerEntry> leftOver = stands.getLeftOverList();
    if (stands.getTotalLeftOver() > leftOver.size()) {
      leftOver = Pages.ledger(connection, task.name()).filter(Ledgers::leftOver).toList();
    }
    return new PartialFailureException(task, leftOver);
  }
}
