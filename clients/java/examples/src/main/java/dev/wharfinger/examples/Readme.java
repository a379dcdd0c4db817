package dev.wharfinger.examples;

import dev.wharfinger.client.*;
import java.util.Map;

/** The README's example. */
public final class Readme {
  record Counted(int steps) {}

  public static void main(String[] args) {
    // example
    try (WharfingerClient client = WharfingerClient.connect()) { // WHARFINGER_SERVER, or 127.0.0.1:7480
      TaskHandle task = client.submit("harbour.count", Map.of("steps", 3));
      try (TaskWatch watch = task.watch()) {
        for (TaskEvent event : watch) { // over broken connections and restarts of the server
          if (event instanceof TaskEvent.LogLine line) System.out.println(line.text());
          else if (event instanceof TaskEvent.StateChanged change) System.out.println(change.state());
        }
      }
      System.out.println(task.resultAs(Counted.class).steps() + " steps");
    } catch (PartialFailureException half) {
      half.created().forEach(entry -> System.out.println("exists: " + entry.getExternalId()));
      half.uncertain().forEach(entry -> System.out.println("may exist: " + entry.getKey()));
      if (half.allowedActions().contains(PartialFailureException.Action.RESUME)) half.task().resume();
    }
    // end
  }
}
