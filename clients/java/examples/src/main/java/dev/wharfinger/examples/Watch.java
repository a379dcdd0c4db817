package dev.wharfinger.examples;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import dev.wharfinger.client.PartialFailureException;
import dev.wharfinger.client.TaskEvent;
import dev.wharfinger.client.TaskHandle;
import dev.wharfinger.client.TaskWatch;
import dev.wharfinger.client.WharfingerClient;
import dev.wharfinger.v1.LedgerEntry;
import dev.wharfinger.v1.PartialFailure;
import dev.wharfinger.v1.Task;

/** Submit a task, print its events over watches that are given up half-way, and print a partial failure in full. */
public final class Watch {
  private static final int HANG_UP_EVERY = 10;

  public static void main(String[] args) throws InvalidProtocolBufferException {
    Struct.Builder params = Struct.newBuilder();
    JsonFormat.parser().merge(args[2], params);
    try (WharfingerClient client = WharfingerClient.builder().server(args[0]).build()) {
      TaskHandle task = client.submit(args[1], params.build());
      for (long sequence = 0; sequence >= 0; ) {
        sequence = follow(task, sequence);
      }
      try {
        task.result();
        System.out.printf("ended %s %s%n", task.name(), task.state());
      } catch (PartialFailureException half) {
        print(task.raw(), half);
      }
    }
  }

  /** Print what happens after an event, and return the last one's number when hanging up, -1 at the end. */
  private static long follow(TaskHandle task, long after) {
    try (TaskWatch watch = task.watch(after)) {
      for (TaskEvent event : watch) {
        String text;
        if (event instanceof TaskEvent.StateChanged change) {
          text = change.state().toString();
        } else if (event instanceof TaskEvent.EntryChanged change) {
          text = change.entry().getState() + " " + change.entry().getKey();
        } else if (event instanceof TaskEvent.LogLine line) {
          text = line.text();
        } else if (event instanceof TaskEvent.Failed failed) {
          text = failed.failure().getMessage();
        } else {
          continue; // A snapshot, progress, or what a newer server tells.
        }
        System.out.printf("event %d %s%n", event.sequence(), text);
        if (event.sequence() - after == HANG_UP_EVERY) {
          System.out.printf("hung up after %d%n", event.sequence());
          return event.sequence();
        }
      }
    }
    return -1;
  }

  private static void print(Task task, PartialFailureException half) {
    PartialFailure raw = task.getPartialFailure();
    System.out.printf("ended %s PARTIALLY_FAILED %s%n", task.getName(), task.getFailure().getMessage());
    System.out.printf("failed step \"%s\", retryable %s, left over %d%n", half.failedStep(), half.retryable(), raw.getTotalLeftOver());
    for (LedgerEntry e : raw.getLeftOverList()) {
      System.out.printf("left over %s %s %s %s ", e.getState(), e.getKey(), e.getType(), e.getExternalId());
      System.out.println(e.getFailure().getMessage());
    }
    System.out.printf("not attempted %s%n", half.notAttempted());
    System.out.printf("allowed %s%n", raw.getAllowedActionsList().toString().replace(",", ""));
    half.cost().ifPresent(c -> System.out.printf("costs %s unpriced %d uncertain %d%n", c.knownHourly(), c.unpriced(), c.uncertain()));
  }
}
