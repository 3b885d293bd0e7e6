/**
 * The figures of a tape that the simulated markets are made from: volatility and jumps, taker orders and their sizes, and how far
 * the mid follows them. Owns the measuring; what is made of the figures is `regimes.ts`'s.
 */

import type { WireEvent } from "../../core/sei/wire-event.ts";
import { readTape } from "../exchange/tape.ts";

/** A taker order: the fills of one moment and side. */
type TakerOrder = { readonly ms: number; readonly sign: 1 | -1; value: number };

type Mid = { readonly ms: number; readonly mid: number };

export type TapeFigures = {
  readonly seconds: number;
  readonly books: number;
  readonly meanSpreadBps: number;
  /** Realised volatility at several spacings, bps per root second. */
  readonly volatilities: readonly { readonly seconds: number; readonly bps: number }[];
  /** The part of it that is no jump (bipower variation of Barndorff-Nielsen and Shephard, 2004), at the books' own spacing. */
  readonly continuousBps: number;
  /** Ten-second volatilities at the 0.25, 0.5 and 0.9 quantiles, over the median. */
  readonly spellQuantiles: readonly number[];
  readonly jumps: {
    readonly count: number;
    readonly meanBps: number;
    readonly minBps: number;
    readonly maxBps: number;
  };
  readonly ordersPerSecond: number;
  readonly meanValue: number;
  readonly medianValue: number;
  readonly logDeviation: number;
  readonly value95: number;
  /** Move of the mid in the order's direction after it, in bps: by orders, and by their value. */
  readonly responses: readonly { readonly seconds: number; readonly byCount: number; readonly byValue: number }[];
};

/** A move beyond so many continuous deviations of its spacing is a jump. */
const JUMP_DEVIATIONS = 4;
const SPACINGS_SECONDS = [1, 4, 30];
const RESPONSE_SECONDS = [0.4, 1, 5, 30, 60];
const SPELL_MS = 10_000;

/** Reads the first market of the tape. Throws the `InputError` of `readTape`. */
export async function measureTape(file: string): Promise<TapeFigures> {
  const mids: Mid[] = [];
  const spreads: number[] = [];
  const orders: TakerOrder[] = [];
  let symbol: string | undefined;
  for await (const { atMs, events } of readTape(file)) {
    for (const event of events) {
      symbol ??= event.attributes["market_id"];
      if (event.attributes["market_id"] !== symbol) continue;
      if (event.type === "Trade") addTrade(orders, event);
      const top = event.type === "OrderBookUpdate" ? topOf(event) : undefined;
      if (top === undefined) continue;
      mids.push({ ms: atMs, mid: (top.bid + top.ask) / 2 });
      spreads.push((2e4 * (top.ask - top.bid)) / (top.ask + top.bid));
    }
  }
  return figuresOf({ mids, spreads, orders });
}

export function figuresOf(of: {
  readonly mids: readonly Mid[];
  readonly spreads: readonly number[];
  readonly orders: readonly TakerOrder[];
}): TapeFigures {
  const { mids, spreads, orders } = of;
  const seconds = ((mids.at(-1)?.ms ?? 0) - (mids[0]?.ms ?? 0)) / 1_000;
  const moves = movesOf(mids);
  const bipower = (Math.PI / 2) * sumOf(moves.slice(1).map((move, i) => Math.abs(move * (moves[i] ?? 0))));
  const deviation = Math.sqrt(bipower / moves.length);
  const jumps = moves.map(Math.abs).filter((move) => move > JUMP_DEVIATIONS * deviation);
  const values = orders.map(({ value }) => value).sort((a, b) => a - b);
  const logs = values.map(Math.log);
  const meanLog = sumOf(logs) / logs.length;
  return {
    seconds,
    books: mids.length,
    meanSpreadBps: sumOf(spreads) / spreads.length,
    volatilities: SPACINGS_SECONDS.map((spacing) => ({ seconds: spacing, bps: volatilityOf(mids, spacing) })),
    continuousBps: Math.sqrt(bipower / seconds),
    spellQuantiles: spellQuantiles(mids),
    jumps: {
      count: jumps.length,
      meanBps: sumOf(jumps) / jumps.length,
      minBps: Math.min(...jumps),
      maxBps: Math.max(...jumps),
    },
    ordersPerSecond: orders.length / seconds,
    meanValue: sumOf(values) / values.length,
    medianValue: quantile(values, 0.5),
    logDeviation: Math.sqrt(sumOf(logs.map((log) => (log - meanLog) ** 2)) / logs.length),
    value95: quantile(values, 0.95),
    responses: RESPONSE_SECONDS.map((after) => ({ seconds: after, ...responseOf(mids, orders, after) })),
  };
}

export function tapeFiguresText(figures: TapeFigures): string {
  const { jumps, volatilities, responses, spellQuantiles: spells } = figures;
  const lines = [
    `${figures.seconds.toFixed(0)} s, ${figures.books} books, mean spread ${figures.meanSpreadBps.toFixed(3)} bps`,
    `volatility, bps per root second: continuous ${figures.continuousBps.toFixed(3)}; ` +
      volatilities.map(({ seconds, bps }) => `${bps.toFixed(3)} at ${seconds} s`).join(", "),
    `ten-second volatilities over their median: ${spells.map((share) => share.toFixed(2)).join(", ")} (0.25, 0.5, 0.9)`,
    `jumps beyond ${JUMP_DEVIATIONS} deviations: ${jumps.count}, one each ${(figures.seconds / jumps.count).toFixed(1)} s, ` +
      `${jumps.minBps.toFixed(2)} to ${jumps.maxBps.toFixed(2)} bps, mean ${jumps.meanBps.toFixed(2)}`,
    `taker orders: ${figures.ordersPerSecond.toFixed(2)} a second, mean value ${figures.meanValue.toFixed(0)}, ` +
      `median ${figures.medianValue.toFixed(1)}, 95 % below ${figures.value95.toFixed(0)}, ` +
      `logarithmic deviation ${figures.logDeviation.toFixed(2)}`,
    ...responses.map(
      ({ seconds, byCount, byValue }) =>
        `mid ${seconds} s after an order, in its direction: ${byCount.toFixed(2)} bps by count, ${byValue.toFixed(2)} by value`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function addTrade(orders: TakerOrder[], { attributes }: WireEvent): void {
  const ms = Date.parse(attributes["timestamp"] ?? "");
  const sign = attributes["side"] === "buy" ? 1 : -1;
  const value = Number(attributes["price"]) * Number(attributes["quantity"]);
  const last = orders.at(-1);
  if (last?.ms === ms && last.sign === sign) last.value += value;
  else orders.push({ ms, sign, value });
}

function topOf({ attributes }: WireEvent): { readonly bid: number; readonly ask: number } | undefined {
  const best = (text: string | undefined): number => {
    const rows: unknown = JSON.parse(text ?? "[]");
    const [first] = Array.isArray(rows) ? rows : [];
    return Array.isArray(first) ? Number(first[0]) : Number.NaN;
  };
  const [bid, ask] = [best(attributes["bids"]), best(attributes["asks"])];
  return Number.isNaN(bid) || Number.isNaN(ask) ? undefined : { bid, ask };
}

/** Logarithmic moves from one mid to the next, in bps. */
function movesOf(mids: readonly Mid[]): readonly number[] {
  return mids.slice(1).map(({ mid }, i) => 1e4 * Math.log(mid / (mids[i]?.mid ?? mid)));
}

function volatilityOf(mids: readonly Mid[], spacing: number): number {
  const sampled: Mid[] = [];
  let dueMs = mids[0]?.ms ?? 0;
  for (const each of mids) {
    if (each.ms < dueMs) continue;
    sampled.push(each);
    dueMs += spacing * 1_000;
  }
  const moves = movesOf(sampled);
  return Math.sqrt(sumOf(moves.map((move) => move * move)) / moves.length / spacing);
}

function spellQuantiles(mids: readonly Mid[]): readonly number[] {
  const spells: number[] = [];
  const moves = movesOf(mids);
  let fromMs = mids[0]?.ms ?? 0;
  let sum = 0;
  for (const [i, move] of moves.entries()) {
    sum += move * move;
    const ms = mids[i + 1]?.ms ?? fromMs;
    if (ms - fromMs < SPELL_MS) continue;
    spells.push(Math.sqrt(sum));
    fromMs = ms;
    sum = 0;
  }
  spells.sort((a, b) => a - b);
  return [0.25, 0.5, 0.9].map((share) => quantile(spells, share) / quantile(spells, 0.5));
}

function responseOf(mids: readonly Mid[], orders: readonly TakerOrder[], after: number) {
  const lastMs = mids.at(-1)?.ms ?? 0;
  let count = 0;
  let byCount = 0;
  let value = 0;
  let byValue = 0;
  for (const order of orders) {
    const thenMs = order.ms + after * 1_000;
    if (thenMs > lastMs) continue;
    const before = midAt(mids, order.ms - 1);
    const move = (1e4 * order.sign * (midAt(mids, thenMs) - before)) / before;
    count += 1;
    byCount += move;
    value += order.value;
    byValue += move * order.value;
  }
  return { byCount: byCount / count, byValue: byValue / value };
}

/** The mid that stood at `ms`; the first one before any. */
function midAt(mids: readonly Mid[], ms: number): number {
  let low = 0;
  let high = mids.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((mids[middle]?.ms ?? 0) <= ms) low = middle;
    else high = middle - 1;
  }
  return mids[low]?.mid ?? Number.NaN;
}

/** Of sorted values. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
