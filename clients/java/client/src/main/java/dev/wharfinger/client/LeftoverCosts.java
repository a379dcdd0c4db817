package dev.wharfinger.client;

import dev.wharfinger.v1.LeftoverCost;
import java.util.List;

/**
 * What the things that a task left behind cost for as long as they live.
 *
 * @param knownHourly the known part for one hour, one for each currency; a lower bound unless both counts are 0
 * @param unpriced how many leftovers have no known price
 * @param uncertain how many may or may not be alive; they are in neither of the others
 */
public record LeftoverCosts(List<Money> knownHourly, int unpriced, int uncertain) {
  static LeftoverCosts of(LeftoverCost raw) {
    return new LeftoverCosts(Money.of(raw.getKnownHourlyList()), raw.getUnpriced(), raw.getUncertain());
  }
}
