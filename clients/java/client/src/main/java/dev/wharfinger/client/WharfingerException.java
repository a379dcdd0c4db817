package dev.wharfinger.client;

/** The base of what this client throws by itself. */
public abstract class WharfingerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  WharfingerException(String message, Throwable cause) {
    super(message, cause);
  }
}
