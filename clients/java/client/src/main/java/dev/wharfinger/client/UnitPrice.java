package dev.wharfinger.client;

import dev.wharfinger.v1.Price;
import java.util.Optional;

/**
 * One price of one thing at one provider.
 *
 * @param amount the price of one unit; empty: unknown, which is not zero
 * @param unit what one amount buys, such as {@code Hours}
 * @param free whether the thing is known to cost nothing; only then may the amount be zero
 * @param raw all that the server told: where the figure comes from, its tiers, how old it is
 */
public record UnitPrice(Optional<Money> amount, String unit, boolean free, Price raw) {
  static UnitPrice of(Price raw) {
    Optional<Money> amount = raw.hasAmount() ? Optional.of(Money.of(raw.getAmount())) : Optional.empty();
    return new UnitPrice(amount, raw.getUnit(), raw.getFree(), raw);
  }
}
