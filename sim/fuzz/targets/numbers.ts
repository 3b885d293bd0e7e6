/** Decimals and times as they come out of JSON: whatever stands there, not only text. */
import { formatScaled, MONEY_DECIMALS, parseDecimal, parseScaled } from "../../../core/decimal.ts";
import { formatPrice, type Market, makeMarket, parsePrice } from "../../../core/market.ts";
import { formatIsoTime, parseIsoTime } from "../../../core/sei/iso-time.ts";
import type { Ticks } from "../../../core/units.ts";
import { requireCount } from "../laws.ts";
import { makeJsonTarget, requireLaw, type Target } from "../target.ts";

const DECIMALS = [
  "0.4213",
  "1500",
  "0",
  "-0.05",
  "1.50",
  "0.000000000000000001",
  "99999999999999999999999999999999999999",
];
const TIMES = ["2026-01-02T03:04:05.678Z", "2024-02-29T23:59:59.999Z", "1970-01-01T00:00:00.000Z"];

/** Values of a decimal, so that other texts of one value are one. */
const PRICE_TEXT_MAX = 38;

export function makeNumberTargets(): readonly Target[] {
  return [makeDecimalTarget(), makePriceTarget(), makeTimeTarget()];
}

function makeDecimalTarget(): Target {
  return makeJsonTarget({
    name: "decimals",
    share: 8,
    recordings: DECIMALS.map((text) => JSON.stringify(text)),
    read: (json) => ({ json, ...parseDecimal(json, "amount"), scaled: scaledOf(json) }),
    laws: ({ json, units, decimals, scaled }) => {
      requireLaw(decimals >= 0 && decimals < 38, "decimals are 0 to 37", () => `${decimals}`);
      requireLaw(units < 10n ** 38n && units > -(10n ** 38n), "a decimal has at most 38 digits", () => `${units}`);
      const again = parseDecimal(formatScaled(units, decimals), "amount");
      const isSame = again.units * 10n ** BigInt(decimals - again.decimals) === units;
      requireLaw(isSame, "a decimal written again is read the same", () => String(json));
      const plain = Number(json);
      const isNear = Math.abs(Number(units) / 10 ** decimals - plain) <= Math.abs(plain) * 1e-9;
      requireLaw(isNear, "a decimal is what its text says", () => String(json));
      if (scaled === undefined) return;
      const exact = units * 10n ** BigInt(MONEY_DECIMALS) === scaled * 10n ** BigInt(decimals);
      requireLaw(exact, "a scaled decimal is exact", () => String(json));
    },
  });
}

/** The quick reader of prices and sizes next to the slow one: never another value, never one that the grammar refuses. */
export function makePriceTarget(parse: (market: Market, text: unknown, what: string) => Ticks = parsePrice): Target {
  const markets = ["0.0001", "0.25", "1", "0.000001"].map((tickSize) =>
    makeMarket({ symbol: "SEI/USDC", tickSize, lotSize: "1" }),
  );
  return makeJsonTarget({
    name: "prices",
    share: 8,
    recordings: [...DECIMALS, "2412.25", "9007199254740991", "0.25"].map((text) => JSON.stringify(text)),
    read: (json) => {
      const found = markets.flatMap((market) => {
        const price = ofRefused(() => parse(market, json, "price"));
        return price === undefined ? [] : [{ market, price }];
      });
      return found.length === 0 ? { json: parse(markets[0] ?? never(), json, "price"), found } : { json, found };
    },
    laws: ({ json, found }) => {
      for (const { market, price } of found) {
        requireCount(price, 1, "a price is positive ticks");
        const text = formatPrice(market, price);
        requireLaw(parse(market, text, "price") === price, "a price written again is read the same", () => text);
        if (String(json).length > PRICE_TEXT_MAX) continue;
        const slow = parseScaled(json, MONEY_DECIMALS, "price");
        requireLaw(slow === parseScaled(text, MONEY_DECIMALS, "price"), "a price is what its text says", () =>
          String(json),
        );
      }
    },
  });
}

function makeTimeTarget(): Target {
  return makeJsonTarget({
    name: "iso-times",
    share: 8,
    recordings: TIMES.map((text) => JSON.stringify(text)),
    read: (json) => ({ json, millis: parseIsoTime(json, "timestamp") }),
    laws: ({ json, millis }) => {
      requireCount(millis, 0, "a time is whole milliseconds");
      requireLaw(formatIsoTime(millis) === json, "a time written again is the same text", () => String(json));
      requireLaw(Date.parse(String(json)) === millis, "a time is of the calendar", () => String(json));
    },
  });
}

function scaledOf(json: unknown): bigint | undefined {
  return ofRefused(() => parseScaled(json, MONEY_DECIMALS, "amount"));
}

function ofRefused<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function never(): never {
  throw new RangeError("there is no market");
}
