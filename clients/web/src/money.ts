/** Sums of money. Amounts are decimal strings, and are added as such: nothing is rounded, nothing converted. */
import type { DecimalMoney, LeftoverCost } from "@wharfinger/client/web";
import { count } from "./text.js";

const HOURS_OF_MONTH = 730n;

type Money = Pick<DecimalMoney, "currencyCode" | "amount">;

function parts(amount: string): [bigint, number] {
  const [whole = "0", fraction = ""] = amount.split(".");
  return [BigInt(whole + fraction), fraction.length];
}

function text(units: bigint, places: number): string {
  const sign = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, "0");
  const fraction = digits.slice(digits.length - places).replace(/0+$/, "");
  const whole = digits.slice(0, digits.length - places);
  return `${sign}${whole}${places && fraction ? `.${fraction}` : ""}`;
}

/** Adds amounts, a sum for each currency, in the order of their codes. */
export function sum(all: Iterable<Money>): Money[] {
  const sums = new Map<string, [bigint, number]>();
  for (const { currencyCode, amount } of all) {
    const [units, places] = parts(amount);
    const [before, had] = sums.get(currencyCode) ?? [0n, 0];
    const scale = Math.max(places, had);
    sums.set(currencyCode, [before * 10n ** BigInt(scale - had) + units * 10n ** BigInt(scale - places), scale]);
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currencyCode, [units, places]]) => ({ currencyCode, amount: text(units, places) }));
}

/** Returns amounts in words, as "0.192 USD + 0.1 EUR". */
export function moneyText(all: readonly Money[]): string {
  return all.map(({ amount, currencyCode }) => `${amount} ${currencyCode}`).join(" + ");
}

/** Returns what hourly amounts are in a month of 730 hours. */
export function monthly(all: readonly Money[]): Money[] {
  return all.map(({ currencyCode, amount }) => {
    const [units, places] = parts(amount);
    return { currencyCode, amount: text(units * HOURS_OF_MONTH, places) };
  });
}

/** Returns what leftovers cost, in words; what nobody knows is said apart. */
export function costText(cost: LeftoverCost | undefined): string {
  if (!cost) return "nobody knows what it costs";
  const known = cost.knownHourly.length ? `${moneyText(cost.knownHourly)} an hour` : "";
  const unknown = [
    cost.unpriced ? `${cost.unpriced} without a known price` : "",
    cost.uncertain ? `${cost.uncertain} of which nobody knows whether they exist` : "",
  ].filter(Boolean);
  return [known || (unknown.length ? "" : "nothing that costs"), ...unknown].filter(Boolean).join(", and ");
}

/** Returns what is left of an amount once another one of its currency is taken away. */
export function difference(amount: Money, less: Money): Money {
  const minus = less.amount.startsWith("-") ? less.amount.slice(1) : `-${less.amount}`;
  return sum([amount, { currencyCode: amount.currencyCode, amount: minus }])[0]!;
}

export const things = (number: number) => count(number, "thing");
