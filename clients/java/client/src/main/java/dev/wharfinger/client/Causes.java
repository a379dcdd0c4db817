package dev.wharfinger.client;

import io.grpc.Status;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/** Why a server was not reached, in words, with what to do: gRPC's own texts are for whoever debugs gRPC. */
final class Causes {
  /** What gRPC or what is below it says, whether by TLS (null: either way), and what it means. */
  private record Known(Pattern pattern, Boolean tls, String words) {}

  private static final Known[] KNOWN = {
    known("not an SSL/TLS record", true, "what listens there does not speak TLS; without TLS it is http://%s, for a network that you trust"),
    known(
        "PKIX path|unable to find valid certification path|CERTIFICATE_VERIFY_FAILED",
        true,
        "its certificate is not signed by an authority that is trusted here; name the authority's certificate by ca (WHARFINGER_CA)"),
    known(
        "No subject alternative|No name matching|[Hh]ostname .*not verified",
        true,
        "its certificate is for another name; ask it by the name that its certificate has"),
    known(
        "bad_certificate|certificate_required|handshake_failure",
        true,
        "it asks callers for a certificate that it trusts; give yours by clientCertificate"),
    // 0x15 0x03: an alert of TLS.
    known("Hex dump for first 5 bytes: 1503", false, "it was spoken to without TLS, and speaks TLS: it is https://%s"),
    known(
        "First received frame was not SETTINGS|Unexpected HTTP/1|HTTP status code|invalid content-type|HTTP/2 preface",
        null,
        "what listens there is no gRPC server; see to the port: 7480 is the usual one"),
    known("Connection refused", null, "connection refused: nothing listens there"),
    known("Unable to resolve host|UnknownHost", null, "there is no such host; see to the address, and to this machine's name service"),
    known("[Nn]o such file or directory|FileNotFound", null, "there is no such socket"),
    known(
        "Network closed for unknown reason|Connection reset|Broken pipe|Connection closed",
        false,
        "it closed the connection; if it speaks TLS it is https://%s"),
    known(
        "Network closed for unknown reason|Connection reset|Broken pipe|Connection closed",
        true,
        "it closed the connection; if it asks callers for a certificate, give yours by clientCertificate"),
    known("Keepalive failed", null, "the connection is dead: it does not answer pings"),
    known("GOAWAY", null, "it ended the connection"),
  };

  private Causes() {}

  private static Known known(String pattern, Boolean tls, String words) {
    return new Known(Pattern.compile(pattern), tls, words);
  }

  /** {@code answered}: the server did answer before, so that how it is spoken to is not what is wrong. */
  static String of(Status status, Settings settings, boolean answered) {
    if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
      return "it did not answer in time";
    }
    Optional<String> words = known(status, settings);
    if (words.isPresent()) {
      return answered ? words.get().split(";", 2)[0] : words.get();
    }
    String text = said(status);
    return text.isEmpty() ? status.getCode().name() : text;
  }

  /** The cause in words, with what to do after a semicolon; empty for what is not known here. */
  static Optional<String> known(Status status, Settings settings) {
    String text = said(status);
    return Arrays.stream(KNOWN)
        .filter(known -> known.tls() == null || known.tls() == settings.tls())
        .filter(known -> known.pattern().matcher(text).find())
        .map(known -> known.words().formatted(settings.server()))
        .findFirst();
  }

  private static String said(Status status) {
    StringBuilder said = new StringBuilder(status.getDescription() == null ? "" : status.getDescription());
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      said.append("; ").append(cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage());
    }
    return said.toString();
  }
}
