package dev.wharfinger.client;

import dev.wharfinger.v1.CostEstimate;
import java.util.List;

/**
 * What a task is expected to cost.
 *
 * @param hourly the sum of all that is priced for one hour, one for each currency
 * @param unpriced what has no known price; while this is not empty {@code hourly} is a lower bound
 * @param raw all that the server told, with each item
 */
public record Estimate(List<Money> hourly, List<String> unpriced, CostEstimate raw) {
  static Estimate of(CostEstimate raw) {
    return new Estimate(Money.of(raw.getHourlyList()), raw.getUnpricedList(), raw);
  }
}
