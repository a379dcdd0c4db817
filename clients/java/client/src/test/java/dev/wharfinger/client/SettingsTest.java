package dev.wharfinger.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a client goes, from arguments and the environment. */
class SettingsTest {
  private static Settings of(String server) {
    return Settings.resolve(WharfingerClient.builder().server(server), Map.of());
  }

  @Test
  void addressesAreReadAsTheOtherClientsReadThem() {
    assertEquals("127.0.0.1:7480", of(null).target());
    assertFalse(of(null).tls());
    assertEquals("far.example:7480", of("far.example").target());
    assertTrue(of("far.example").tls());
    assertEquals("[::1]:7480", of("::1").target());
    assertFalse(of("[::1]:9").tls());
    assertTrue(of("https://127.0.0.1:9/").tls());
    assertFalse(of("http://far.example:9").tls());
    assertEquals("unix:/run/w.sock", of("unix:/run/w.sock").target());
    for (String wrong : new String[] {"a b", "ftp://x", "x:0", "x:99999", "[x]:1", "127.0.0.1:"}) {
      assertThrows(IllegalArgumentException.class, () -> of(wrong), wrong);
    }
  }

  @Test
  void theEnvironmentTellsWhatIsLeftOut(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("token"), "secret\n");
    Map<String, String> environment =
        Map.of("WHARFINGER_SERVER", "far.example:9", "WHARFINGER_PROJECT", "p", "WHARFINGER_TOKEN_FILE", file.toString());
    Settings settings = Settings.resolve(WharfingerClient.builder(), environment);
    assertEquals("far.example:9", settings.target());
    assertEquals("p", settings.project());
    assertEquals("secret", settings.token());
    assertFalse(settings.toString().contains("secret"));
    assertEquals("", Settings.resolve(WharfingerClient.builder().token(""), environment).token());
  }

  @Test
  void aTokenGoesNowhereUnencrypted() {
    WharfingerClient.Builder far = WharfingerClient.builder().server("http://far.example").token("t");
    String said = assertThrows(IllegalArgumentException.class, () -> Settings.resolve(far, Map.of())).getMessage();
    assertTrue(said.startsWith("refusing to send the token to far.example unencrypted"), said);
    assertEquals("t", Settings.resolve(WharfingerClient.builder().token("t"), Map.of()).token());
  }

  @Test
  void theVersionIsThatOfTheBuild() {
    assertTrue(Version.TEXT.matches("\\d+\\.\\d+\\.\\d+.*"), Version.TEXT);
  }
}
