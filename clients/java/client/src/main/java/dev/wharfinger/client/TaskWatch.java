package dev.wharfinger.client;

import com.google.protobuf.Message;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;

/**
 * A watch that outlives its connection: opened again from where it was, each event told once and in order. Iterate over it, in
 * one thread; {@link #close()} may come from another, and ends the iteration.
 *
 * <p>While the server is away it waits, for ever once the server has answered, or until the thread is interrupted ({@link
 * java.util.concurrent.CancellationException}). It throws {@link UnreachableException} where nothing was ever heard from the
 * server, and {@link RefusedException} where the server will not have it and trying again would not help.
 */
public final class TaskWatch implements Iterable<TaskEvent>, AutoCloseable {
  // So many heartbeats may be missed before a connection counts as dead.
  private static final int MISSED = 3;

  private final Events<?, ?> events;

  <Q extends Message, A> TaskWatch(Connection connection, Story<Q, A> story, Duration heartbeat, Duration patience) {
    this.events = new Events<>(connection, story, heartbeat.multipliedBy(MISSED), patience);
  }

  /**
   * The events. There is one iterator, and each call returns it: what was told is not told again.
   *
   * @return an iterator that blocks until there is something to tell
   */
  @Override
  public Iterator<TaskEvent> iterator() {
    return events;
  }

  /** Ends the watch. The task is not affected. */
  @Override
  public void close() {
    events.close();
  }

  private static final class Events<Q extends Message, A> implements Iterator<TaskEvent> {
    private final Connection connection;
    private final Story<Q, A> story;
    private final Duration silence;
    private final Queue<TaskEvent> news = new ArrayDeque<>();
    private final Backoff backoff = new Backoff();
    private final Outage outage;
    // What refuses a watch from the start may do so for good.
    private final Outage refusal;
    private volatile MessageStream<A> stream;
    private volatile boolean closed;
    private boolean opened;
    private boolean told;
    private WharfingerException broken;

    Events(Connection connection, Story<Q, A> story, Duration silence, Duration patience) {
      this.connection = connection;
      this.story = story;
      this.silence = silence;
      this.outage = new Outage(connection, null, "watching");
      this.refusal = new Outage(connection, patience, "watching");
    }

    @Override
    public boolean hasNext() {
      while (news.isEmpty() && !closed && !story.over()) {
        advance();
      }
      return !news.isEmpty() && !closed;
    }

    @Override
    public TaskEvent next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the watch is over");
      }
      return news.remove();
    }

    /** Take one message, or find out that the stream is no more. */
    private void advance() {
      boolean fresh = stream == null;
      if (fresh) {
        open();
      }
      MessageStream<A> reading = stream;
      if (reading == null || closed) {
        return;
      }
      A message;
      try {
        message = reading.read(silence);
      } catch (MessageStream.Silence quiet) {
        String why = "it said nothing for " + silence.toSeconds() + " s";
        lost(
            new UnreachableException(
                connection.settings().server(), why, Status.Code.DEADLINE_EXCEEDED, "", null));
        return;
      } catch (WharfingerException error) {
        lost(error);
        return;
      }
      if (message == null) {
        stream = null;
        broken = null;
        news.addAll(story.end());
        return;
      }
      told = true;
      outage.over();
      refusal.over();
      // A connection that tells nothing but its first message is half a success.
      backoff.ease(fresh ? 3 : 0);
      news.addAll(story.take(message, fresh));
      if (story.gap()) {
        drop();
        broken = null;
      }
    }

    private void lost(WharfingerException error) {
      drop();
      if (closed) {
        return;
      }
      if (!RetryRules.passing(error, backoff.failures())) {
        throw error;
      }
      broken = error;
    }

    private void open() {
      if (opened) {
        Duration pause = backoff.next(broken);
        if (broken instanceof RefusedException && !told) {
          refusal.bear(broken, pause);
        } else if (broken != null) {
          outage.bear(broken, pause);
        }
        Connection.pause(pause);
        connection.again(broken);
      }
      opened = true;
      if (!closed) {
        stream = MessageStream.open(connection, story.method(), story.request());
        if (closed) {
          // Closed by another thread meanwhile.
          drop();
        }
      }
    }

    private void drop() {
      MessageStream<A> present = stream;
      stream = null;
      if (present != null) {
        present.cancel();
      }
    }

    void close() {
      closed = true;
      drop();
    }
  }
}
