package dev.wharfinger.client;

import dev.wharfinger.v1.DecimalMoney;
import java.math.BigDecimal;
import java.util.List;

/**
 * An amount of one currency. Nothing is ever converted.
 *
 * @param currency its ISO 4217 code, such as {@code USD}
 * @param amount how much, exactly as the server said it
 */
public record Money(String currency, BigDecimal amount) {
  static Money of(DecimalMoney raw) {
    return new Money(raw.getCurrencyCode(), new BigDecimal(raw.getAmount()));
  }

  static List<Money> of(List<DecimalMoney> raw) {
    return raw.stream().map(Money::of).toList();
  }

  DecimalMoney raw() {
    return DecimalMoney.newBuilder().setCurrencyCode(currency).setAmount(amount.toPlainString()).build();
  }

  /** Returns such as {@code 0.0416 USD}. */
  @Override
  public String toString() {
    return amount.toPlainString() + " " + currency;
  }
}
