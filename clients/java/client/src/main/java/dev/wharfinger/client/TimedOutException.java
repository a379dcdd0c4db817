package dev.wharfinger.client;

/** The time given by the caller is over. The task is not affected and goes on. */
public final class TimedOutException extends WharfingerException {
  private static final long serialVersionUID = 1L;

  TimedOutException(String message, Throwable cause) {
    super(message, cause);
  }
}
