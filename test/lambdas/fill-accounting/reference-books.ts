/**
 * What the ledger must hold after a market's fills, as DynamoDB's items hold it: a plain fold written from CONTRACTS 5 alone.
 * Owns its own arithmetic and knows nothing of the code it judges.
 */
import type { FillMessage } from "../../../core/messages.ts";

/** Amounts as the text of DynamoDB's numbers. */
type Figures = Readonly<Record<string, string>>;
export type ReferenceBooks = {
  readonly position: Figures;
  readonly feesByAsset: Figures;
  /** By `YYYY-MM-DDTHH`. */
  readonly hours: Readonly<Record<string, Figures>>;
  /** In venue order. */
  readonly fills: readonly FillMessage[];
};

const ONE = 10n ** 18n;
const SUMS = ["realizedPnl", "fees", "volume", "buyVolume", "sellVolume", "fillCount"] as const;
type Sums = Record<(typeof SUMS)[number], bigint>;

export function foldByHand(market: string, messages: readonly FillMessage[]): ReferenceBooks {
  const [base, quote] = market.split("/");
  const fills = messages.toSorted((a, b) => Buffer.compare(orderOf(a), orderOf(b)));
  const [total, hours, feesByAsset] = [zeros(), new Map<string, Sums>(), new Map<string, bigint>()];
  let [position, cost] = [0n, 0n];
  for (const { side, venueTime, feeAsset, ...text } of fills) {
    const [price, size, fee] = [units(text.price), units(text.size), units(text.fee)];
    const isLong = position > 0n;
    const closes = position === 0n || isLong === (side === "buy") ? 0n : least(size, magnitude(position));
    const gain = half(closes * (isLong ? price - cost : cost - price), ONE);
    const left = magnitude(position) - closes;
    if (size > closes) cost = half(left * cost + (size - closes) * price, left + size - closes);
    else if (left === 0n) cost = 0n;
    position += side === "buy" ? size : -size;
    const value = half(price * size, ONE);
    const inQuote = feeAsset === quote ? fee : feeAsset === base ? half(fee * price, ONE) : 0n;
    const hour = hours.get(venueTime.slice(0, 13)) ?? zeros();
    hours.set(venueTime.slice(0, 13), hour);
    for (const sums of [total, hour]) {
      for (const name of ["volume", `${side}Volume`] as const) sums[name] += value;
      sums.realizedPnl += gain - inQuote;
      sums.fees += inQuote;
      sums.fillCount += ONE;
    }
    if (fee !== 0n) feesByAsset.set(feeAsset, (feesByAsset.get(feeAsset) ?? 0n) + fee);
  }
  const hourFigures = [...hours].map(([hour, sums]) => [hour, write(sums)]);
  return {
    position: { position: written(position), averageCost: written(cost), ...write(total) },
    feesByAsset: Object.fromEntries([...feesByAsset].map(([asset, fee]) => [asset, written(fee)])),
    hours: Object.fromEntries(hourFigures),
    fills,
  };
}

const zeros = (): Sums => ({ realizedPnl: 0n, fees: 0n, volume: 0n, buyVolume: 0n, sellVolume: 0n, fillCount: 0n });
const orderOf = ({ venueTime, fillId }: FillMessage) => Buffer.from(`${venueTime} ${fillId}`);
const magnitude = (value: bigint) => (value < 0n ? -value : value);
const least = (a: bigint, b: bigint) => (a < b ? a : b);
const write = (sums: Sums): Figures => Object.fromEntries(SUMS.map((name) => [name, written(sums[name])]));

/** `numerator / denominator`, which is above 0, to the nearest integer, halves to the even one. */
function half(numerator: bigint, denominator: bigint): bigint {
  const floor = numerator / denominator - (numerator % denominator < 0n ? 1n : 0n);
  const rest = 2n * (numerator - floor * denominator);
  return rest > denominator || (rest === denominator && floor % 2n !== 0n) ? floor + 1n : floor;
}

/** A decimal as DynamoDB writes it: without needless zeros. */
export function toNumber(text: string): string {
  return written(units(text));
}

function units(text: string): bigint {
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(18, "0"));
}

function written(value: bigint): string {
  const text = `${magnitude(value)}`.padStart(19, "0");
  return `${value < 0n ? "-" : ""}${`${text.slice(0, -18)}.${text.slice(-18)}`.replace(/\.?0+$/, "")}`;
}
