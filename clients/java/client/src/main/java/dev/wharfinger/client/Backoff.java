package dev.wharfinger.client;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Waits between tries: doubling from 0.1 to 3 seconds, each drawn at random up to that, anew after a success. */
final class Backoff {
  private static final double FIRST = 0.1;
  private static final double LONGEST = 3.0;

  private int failures;

  int failures() {
    return failures;
  }

  /** Forget all failures but so many: something was received. */
  void ease(int keep) {
    failures = Math.min(failures, keep);
  }

  /** How long to wait: at least what the server asked for, and not much beyond that. */
  Duration next(WharfingerException error) {
    double asked = error instanceof RefusedException r ? r.retryAfter().orElse(Duration.ZERO).toMillis() / 1000.0 : 0.0;
    double most = Math.max(FIRST, LONGEST - asked);
    double limit = Math.min(most, FIRST * Math.pow(2, Math.min(failures, 20)));
    failures++;
    // Not everyone at once after a restart.
    double seconds = asked + ThreadLocalRandom.current().nextDouble(0.1 * limit, limit);
    return Duration.ofMillis(Math.round(seconds * 1000));
  }
}
