package dev.wharfinger.client;

import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** Threads that may block, for futures: virtual ones where Java has them. */
final class Threads {
  static final Executor DEFAULT = make();

  private Threads() {}

  private static Executor make() {
    try {
      // Since Java 21; this is compiled for 17.
      return (Executor) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (ReflectiveOperationException older) {
      return Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "wharfinger");
            thread.setDaemon(true);
            return thread;
          });
    }
  }
}
