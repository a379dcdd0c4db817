package dev.wharfinger.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * How to reach a server: {@code target} is gRPC's, {@code server} what people read; the certificates are PEM. Arguments come
 * first, then the environment, then the defaults.
 */
record Settings(
    String server, String target, String project, boolean tls, boolean local, String token, byte[] ca, byte[] cert, byte[] key) {
  private static final String DEFAULT_SERVER = "127.0.0.1:7480";
  private static final int DEFAULT_PORT = 7480;
  // Labels of letters, digits, - and _ inside, with a dot between each two, and perhaps one at the end.
  private static final Pattern NAME =
      Pattern.compile("\\w([\\w-]*\\w)?(\\.\\w([\\w-]*\\w)?)*\\.?", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");
  private static final Pattern IPV4_LOOPBACK = Pattern.compile("127(\\.[0-9]{1,3}){3}");

  static Settings resolve(WharfingerClient.Builder wished, Map<String, String> environment) {
    String server = first(wished.server, environment.get("WHARFINGER_SERVER"), DEFAULT_SERVER);
    String project = first(wished.project, environment.get("WHARFINGER_PROJECT"), "default");
    if (project.contains("/")) {
      throw new IllegalArgumentException("project \"" + project + "\" must be the plain name, without a slash");
    }
    byte[] ca = wished.ca;
    String caFile = environment.getOrDefault("WHARFINGER_CA", "");
    if (ca == null && !caFile.isEmpty()) {
      ca = pem(Path.of(caFile), "the certificates to trust");
    }
    if ((wished.cert == null) != (wished.key == null)) {
      throw new IllegalArgumentException("a client certificate needs both the certificate and its key");
    }
    String address = server;
    Boolean scheme = null;
    int separator = server.indexOf("://");
    if (separator >= 0) {
      String word = server.substring(0, separator);
      address = server.substring(separator + 3).replaceAll("/+$", "");
      if (!word.equals("http") && !word.equals("https")) {
        throw new IllegalArgumentException(
            "server \"" + server + "\": the scheme must be http or https, such as https://" + address);
      }
      scheme = word.equals("https");
    }
    if (scheme != null && wished.tls != null && !scheme.equals(wished.tls)) {
      throw new IllegalArgumentException(
          "server \"" + server + "\" and tls(" + wished.tls + ") contradict each other; leave one of them out");
    }
    Target target = Target.of(address);
    boolean tls;
    if (wished.tls != null) {
      tls = wished.tls;
    } else if (scheme != null) {
      tls = scheme;
    } else {
      tls = ca != null || wished.cert != null || !target.local();
    }
    String token = token(wished.token, environment);
    if (!token.isEmpty() && !tls && !target.local()) {
      throw new IllegalArgumentException(
          "refusing to send the token to " + address + " unencrypted: use https://" + address + ", or leave the token out");
    }
    return new Settings(address, target.grpc(), project, tls, target.local(), token, ca, wished.cert, wished.key);
  }

  /** Without the secrets: it may end up in a log. */
  @Override
  public String toString() {
    return (tls ? "https://" : "http://") + server + " project " + project;
  }

  private static String token(String given, Map<String, String> environment) {
    String token = given != null ? given : environment.getOrDefault("WHARFINGER_TOKEN", "");
    String file = environment.getOrDefault("WHARFINGER_TOKEN_FILE", "");
    if (given != null || !token.isEmpty() || file.isEmpty()) {
      return token;
    }
    return new String(pem(Path.of(file), "the token"), java.nio.charset.StandardCharsets.UTF_8).strip();
  }

  private static String first(String given, String environment, String otherwise) {
    if (given != null && !given.isEmpty()) {
      return given;
    }
    return environment != null && !environment.isEmpty() ? environment : otherwise;
  }

  static byte[] pem(Path file, String what) {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException error) {
      throw new UncheckedIOException(what + " can't be read: there is no file " + file, error);
    } catch (IOException error) {
      throw new UncheckedIOException(what + " can't be read from " + file + ": " + error.getMessage(), error);
    }
  }

  /** An address as gRPC takes it, and whether it is on this machine. */
  private record Target(String grpc, boolean local) {
    static Target of(String address) {
      if (address.startsWith("unix:") && address.length() > "unix:".length()) {
        return new Target(address, true);
      }
      int colon = address.lastIndexOf(':');
      String host = colon < 0 ? address : address.substring(0, colon);
      String port = address.substring(colon + 1);
      if (colon < 0 || address.endsWith("]") || (host.contains(":") && !host.startsWith("["))) {
        // No port: a plain host, or an address of IPv6 with or without brackets.
        host = address;
        port = Integer.toString(DEFAULT_PORT);
      }
      if (host.startsWith("[") && host.endsWith("]")) {
        String inside = host.substring(1, host.length() - 1);
        host = inside.contains(":") ? inside : "";
      }
      boolean numbered = PORT.matcher(port).matches() && Integer.parseInt(port) > 0 && Integer.parseInt(port) < 65536;
      if (!isHost(host) || !numbered) {
        throw new IllegalArgumentException(
            "server \"" + address + "\" is no address; give HOST:PORT, such as " + DEFAULT_SERVER);
      }
      return new Target((host.contains(":") ? "[" + host + "]" : host) + ":" + port, isLoopback(host));
    }

    private static boolean isHost(String host) {
      return host.contains(":") ? ipv6(host) != null : NAME.matcher(host).matches();
    }

    private static boolean isLoopback(String host) {
      if (host.contains(":")) {
        InetAddress address = ipv6(host);
        return address != null && address.isLoopbackAddress();
      }
      return host.equals("localhost") || IPV4_LOOPBACK.matcher(host).matches();
    }

    /** With a colon in it no name service is asked. */
    private static InetAddress ipv6(String host) {
      try {
        return InetAddress.getByName(host);
      } catch (UnknownHostException error) {
        return null;
      }
    }
  }
}
