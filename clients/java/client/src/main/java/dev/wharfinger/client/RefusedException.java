package dev.wharfinger.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The server refused a request. */
public final class RefusedException extends WharfingerException {
  private static final long serialVersionUID = 1L;

  /** What code() tells. */
  private final Status.Code code;
  /** What reason() tells. */
  private final String reason;
  /** What text() tells. */
  private final String text;
  private final transient Facts facts;

  RefusedException(Status.Code code, String reason, String text, Facts facts, Throwable cause) {
    super(told(code, reason, text, facts), cause);
    this.code = code;
    this.reason = reason;
    this.text = text;
    this.facts = facts;
  }

  /**
   * What is wrong with one field of a request.
   *
   * @param field its path, such as {@code task.params.stores[0]}
   * @param description what is wrong with it
   */
  public record Violation(String field, String description) {}

  /** The details that came with the refusal. */
  record Facts(
      Map<String, String> metadata,
      List<Violation> violations,
      Optional<Duration> retryAfter,
      List<String> choices,
      List<State> allowedStates) {
    static final Facts NONE = new Facts(Map.of(), List.of(), Optional.empty(), List.of(), List.of());
  }

  private Facts facts() {
    // Not kept by Java's serialization.
    return facts == null ? Facts.NONE : facts;
  }

  /**
   * The canonical code.
   *
   * @return such as NOT_FOUND
   */
  public Status.Code code() {
    return code;
  }

  /**
   * The name of an ErrorReason without its prefix. Be ready for words that this client does not know.
   *
   * @return such as {@code TASK_NOT_FOUND}; empty when something between here and the server answered
   */
  public String reason() {
    return reason;
  }

  /**
   * What the server said, for people.
   *
   * @return the sentence, without what this client adds
   */
  public String text() {
    return text;
  }

  /**
   * The facts that ErrorReason documents with the reason.
   *
   * @return by their keys
   */
  public Map<String, String> metadata() {
    return facts().metadata();
  }

  /**
   * The fields at fault.
   *
   * @return all of them; empty where it is not about fields
   */
  public List<Violation> violations() {
    return facts().violations();
  }

  /**
   * How long the server asks to wait before the same request is sent again.
   *
   * @return empty if it does not say
   */
  public Optional<Duration> retryAfter() {
    return facts().retryAfter();
  }

  /**
   * What a field might be instead.
   *
   * @return the likeliest first; empty where nothing is known
   */
  public List<String> choices() {
    return facts().choices();
  }

  /**
   * The states of a task that would have allowed it.
   *
   * @return empty where it is not about states
   */
  public List<State> allowedStates() {
    return facts().allowedStates();
  }

  /**
   * Whether the same request may be sent again, by the API's own table. This client did so for a while.
   *
   * @return false for what would be refused again
   */
  public boolean retryable() {
    return RetryRules.allows(reason);
  }

  private static String told(Status.Code code, String reason, String text, Facts facts) {
    String first = (text.isEmpty() ? code.name() : text) + " [" + (reason.isEmpty() ? code.name() : reason) + "]";
    // A violation that the sentence tells already is not told twice.
    Stream<String> more =
        facts.violations().stream().map(v -> v.field() + ": " + v.description()).filter(line -> !text.contains(line));
    return Stream.concat(Stream.of(first), more).collect(Collectors.joining("\n  "));
  }
}
