package dev.wharfinger.client;

import io.grpc.Status;

/** The server can't be reached, or did not answer in time. */
public final class UnreachableException extends WharfingerException {
  private static final long serialVersionUID = 1L;

  /** What server() tells. */
  private final String server;
  /** What code() tells. */
  private final Status.Code code;
  /** What requestId() tells. */
  private final String requestId;

  UnreachableException(String server, String detail, Status.Code code, String requestId, Throwable cause) {
    super("no answer from the server at " + server + ": " + detail, cause);
    this.server = server;
    this.code = code;
    this.requestId = requestId;
  }

  /**
   * The address that was asked.
   *
   * @return such as {@code 127.0.0.1:7480}
   */
  public String server() {
    return server;
  }

  /**
   * What gRPC calls it.
   *
   * @return UNAVAILABLE, DEADLINE_EXCEEDED or CANCELLED
   */
  public Status.Code code() {
    return code;
  }

  /**
   * The id of what was being asked for: it may have been accepted, and asking again under that id does it no second time.
   *
   * @return the id; empty for what only reads
   */
  public String requestId() {
    return requestId;
  }
}
