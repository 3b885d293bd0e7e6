/**
 * One minute of one market as the task keeps it (CONTRACTS 5, engine minute): from sums at its two ends to its figures, and several
 * tasks' shares of a minute to one. All figures are whole numbers of a small unit, so that shares come to the same in any order.
 * Owns the arithmetic; when a minute ends is `minute-meter.ts`'s, how it is stored is the shell's.
 */
import { divideHalfEven } from "../decimal.ts";
import type { SpreadTotals } from "../market-data/spread-meter.ts";

export const MINUTE_MS = 60_000;

/** Spreads are told in millionths of a basis point, percentages in millionths. */
const PER_UNIT = 1_000_000;

/** Sums of a market from the engine's start to one moment. */
export type MarketTotals = SpreadTotals & {
  readonly twoSidedMs: number;
  readonly ordersPlaced: number;
  readonly ordersCancelled: number;
  readonly ordersFilled: number;
};

/** How a market stands at one moment. Amounts are integers of 10^-18. */
export type ClosingFigures = {
  /** The last mid that made sense, quote a unit of base; undefined when there was never one. */
  readonly mid: bigint | undefined;
  readonly position: bigint;
  readonly realizedPnl: bigint;
  /** At `mid`, and undefined with it. */
  readonly unrealizedPnl: bigint | undefined;
  /** The whole shard's, in millionths of a percent of its capital. */
  readonly drawdownMicroPercent: number;
};

/** Time-weighted over the time measured, in millionths of a basis point. */
type MinuteSpreads = { readonly othersMicroBps: number; readonly selfMicroBps: number };

export type MinuteFigures = {
  /** Time with a book that was believed, 0 to 60,000 ms; `spreads` are of it, and undefined when there was none. */
  readonly measuredMs: number;
  readonly spreads: MinuteSpreads | undefined;
  /** Time with a live order on both sides, 0 to 60,000 ms. */
  readonly twoSidedMs: number;
  readonly ordersPlaced: number;
  readonly ordersCancelled: number;
  readonly ordersFilled: number;
  readonly closing: ClosingFigures;
};

/**
 * What one task saw of a minute. A task sees a minute once; where its wall clock was set back it sees it again, in its next `run`.
 * Later is the higher epoch, then the higher run.
 */
export type MinutePart = { readonly epoch: number; readonly run: number; readonly figures: MinuteFigures };

/** What happened between two moments, as figures of a minute. A part of a millisecond is rounded to the nearest. */
export function makeMinute(window: {
  readonly begun: MarketTotals;
  readonly ended: MarketTotals;
  readonly closing: ClosingFigures;
}): MinuteFigures {
  const { begun, ended, closing } = window;
  const exactMs = ended.measuredMs - begun.measuredMs;
  const measuredMs = toMinuteMs(exactMs);
  const average = (sum: number): number => Math.round((PER_UNIT * sum) / exactMs);
  return {
    measuredMs,
    spreads:
      measuredMs === 0
        ? undefined
        : {
            othersMicroBps: average(ended.othersBpsMs - begun.othersBpsMs),
            selfMicroBps: average(ended.selfBpsMs - begun.selfBpsMs),
          },
    twoSidedMs: toMinuteMs(ended.twoSidedMs - begun.twoSidedMs),
    ordersPlaced: ended.ordersPlaced - begun.ordersPlaced,
    ordersCancelled: ended.ordersCancelled - begun.ordersCancelled,
    ordersFilled: ended.ordersFilled - begun.ordersFilled,
    closing,
  };
}

/** Percent as `LossWatch` tells it, to six decimals. */
export function toMicroPercent(percent: number): number {
  return Math.round(percent * PER_UNIT);
}

/** Whether `a` comes before `b` (below 0), or is the same task's same run (0). */
export function compareParts(a: Omit<MinutePart, "figures">, b: Omit<MinutePart, "figures">): number {
  return a.epoch - b.epoch || a.run - b.run;
}

/**
 * All parts of a minute as one: counts and times add up, a time to at most a minute; spreads are weighted by the time each was measured
 * over (half-even); how the market stands is the latest part's word. At least one part, in any order, each once.
 */
export function mergeParts(parts: readonly [MinutePart, ...MinutePart[]]): MinutePart {
  const inOrder = parts.toSorted(compareParts);
  const latest = inOrder.at(-1) ?? parts[0];
  const sum = (of: (figures: MinuteFigures) => number): number =>
    inOrder.reduce((total, { figures }) => total + of(figures), 0);
  return {
    epoch: latest.epoch,
    run: latest.run,
    figures: {
      measuredMs: Math.min(
        MINUTE_MS,
        sum(({ measuredMs }) => measuredMs),
      ),
      spreads: mergeSpreads(inOrder.map(({ figures }) => figures)),
      twoSidedMs: Math.min(
        MINUTE_MS,
        sum(({ twoSidedMs }) => twoSidedMs),
      ),
      ordersPlaced: sum(({ ordersPlaced }) => ordersPlaced),
      ordersCancelled: sum(({ ordersCancelled }) => ordersCancelled),
      ordersFilled: sum(({ ordersFilled }) => ordersFilled),
      closing: latest.figures.closing,
    },
  };
}

function mergeSpreads(all: readonly MinuteFigures[]): MinuteSpreads | undefined {
  let measuredMs = 0n;
  let others = 0n;
  let self = 0n;
  for (const { spreads, measuredMs: weight } of all) {
    if (spreads === undefined) continue;
    measuredMs += BigInt(weight);
    others += BigInt(spreads.othersMicroBps) * BigInt(weight);
    self += BigInt(spreads.selfMicroBps) * BigInt(weight);
  }
  if (measuredMs === 0n) return undefined;
  return {
    othersMicroBps: Number(divideHalfEven(others, measuredMs)),
    selfMicroBps: Number(divideHalfEven(self, measuredMs)),
  };
}

function toMinuteMs(ms: number): number {
  return Math.min(MINUTE_MS, Math.max(0, Math.round(ms)));
}
