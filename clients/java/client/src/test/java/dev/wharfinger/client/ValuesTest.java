package dev.wharfinger.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Struct;
import dev.wharfinger.v1.ErrorReason;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Values of a program as params, results as values of a program, and the table of what may be asked again. */
class ValuesTest {
  enum Colour {
    RED
  }

  record Inner(String name, List<Integer> sizes) {}

  record Outer(
      @JsonName("ssh_key") String key,
      Inner inner,
      Optional<String> note,
      Map<String, Double> ratios,
      Colour colour,
      boolean fast,
      long count,
      BigDecimal price) {}

  @Test
  void aRecordGoesThereAndBack() {
    Outer given =
        new Outer(
            "k", new Inner("ü😀", List.of(1, 2)), Optional.empty(), Map.of("a", 0.5), Colour.RED, true, 1L << 40, new BigDecimal("1.5"));
    Struct struct = Params.struct(given);
    assertEquals("k", struct.getFieldsOrThrow("ssh_key").getStringValue());
    assertTrue(!struct.containsFields("note"));
    assertEquals(given, Results.as(struct, Outer.class));
  }

  @Test
  void mapsListsArraysAndNullsAreWhatJsonHas() {
    Map<String, Object> map = Results.map(Params.struct(Map.of("list", Arrays.asList(1, null, "x"), "array", new int[] {3})));
    assertEquals(Arrays.asList(1L, null, "x"), map.get("list"));
    assertEquals(List.of(3L), map.get("array"));
    assertEquals(Map.of("half", 0.5), Results.map(Params.struct(Map.of("half", 0.5))));
  }

  private static String refusal(Object params) {
    return assertThrows(IllegalArgumentException.class, () -> Params.struct(params)).getMessage();
  }

  @Test
  void whatWouldBeChangedOnTheWayIsRefusedByItsPlace() {
    assertTrue(refusal(Map.of("a", List.of((1L << 53)))).startsWith("params.a[0] is 9007199254740992: whole numbers"));
    assertTrue(refusal(Map.of("a", Double.NaN)).startsWith("params.a is NaN"));
    assertTrue(refusal(Map.of("a", "\ud800")).startsWith("params.a has half a character"));
    assertTrue(refusal(Map.of("a", Instant.EPOCH)).startsWith("params.a java.time.Instant is nothing that JSON has"));
    assertTrue(refusal(List.of(1)).startsWith("params is a "));
    assertTrue(refusal(Map.of(1, 2)).contains("has the key 1"));
  }

  @Test
  void aResultThatDoesNotFitIsRefusedByItsPlace() {
    Struct struct = Params.struct(Map.of("name", "x", "sizes", List.of(1, 1.5)));
    String said = assertThrows(IllegalArgumentException.class, () -> Results.as(struct, Inner.class)).getMessage();
    assertEquals("result.sizes[1] is 1.5, no java.lang.Integer", said);
  }

  @Test
  void theTableOfRetriesIsTheApisOwn() {
    for (String again : List.of("SERVER_DRAINING", "DATABASE_BUSY", "WATCH_LIMIT", "CALL_LIMIT", "PRICES_UNREACHABLE")) {
      assertTrue(RetryRules.allows(again), again);
    }
    long all = Arrays.stream(ErrorReason.values()).filter(reason -> RetryRules.allows(reason.name().replace("ERROR_REASON_", ""))).count();
    assertTrue(all < 20, "most reasons are no reason to ask again");
    assertTrue(!RetryRules.allows("TASK_NOT_FOUND"));
  }
}
