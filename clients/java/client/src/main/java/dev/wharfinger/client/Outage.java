package dev.wharfinger.client;

import java.lang.System.Logger.Level;
import java.time.Duration;

/** A server that does not answer: waited for where it answered before, given up soon where it never did. */
final class Outage {
  private static final System.Logger LOG = System.getLogger("dev.wharfinger.client");
  // A server that this client never spoke with is waited for so long: as a restart takes, since most such addresses are wrong.
  private static final Duration FIRST = Duration.ofSeconds(5);
  // An outage is a warning after so long, once.
  private static final Duration LONG = Duration.ofSeconds(10);

  private final Connection connection;
  private final Duration patience;
  private final String doing;
  private final long began = System.nanoTime();
  private long since;
  private boolean out;
  private boolean warned;

  /** {@code patience}: how long to bear it; null: for ever, once the server has answered. */
  Outage(Connection connection, Duration patience, String doing) {
    this.connection = connection;
    this.patience = patience;
    this.doing = doing;
  }

  /** The server answered. */
  void over() {
    out = false;
    warned = false;
  }

  /** It did not: return how long to wait before it is asked again, or throw the error where that is enough. */
  Duration bear(WharfingerException error, Duration pause) {
    if (!out) {
      out = true;
      since = System.nanoTime();
    }
    boolean known = connection.answered();
    Duration away = Duration.ofNanos(System.nanoTime() - (known ? since : began));
    Duration most = known || (patience != null && patience.compareTo(FIRST) < 0) ? patience : FIRST;
    if (most != null && away.plus(pause).compareTo(most) > 0) {
      throw error;
    }
    boolean grave = away.compareTo(LONG) >= 0 && !warned;
    warned |= grave;
    LOG.log(grave ? Level.WARNING : Level.DEBUG, "{0}; {1} again in {2} ms", error.getMessage(), doing, pause.toMillis());
    return pause;
  }
}
