/**
 * One-sided flow: where our fills of a side within a window have no counterpart at a price that pays, that side pauses until
 * enough of them have left the window. Owns those fills; what a pause means is the strategy's. After the trades-per-minute
 * safety of tribeca (`safety.ts`) and its successor Krypto-trading-bot.
 */
import type { Lots, Side, Ticks } from "../units.ts";
import type { FlowGuardParameters } from "./parameters.ts";

/** Fills that are remembered; more within one window than this have long paused both sides. */
const FILLS_MAX = 512;

export type GuardedFill = { readonly side: Side; readonly price: Ticks; readonly size: Lots; readonly ms: number };

export class FlowGuard {
  readonly #parameters: FlowGuardParameters | undefined;
  /** Oldest first. */
  #fills: GuardedFill[];
  #unmatched: Readonly<Record<Side, number>> = { buy: 0, sell: 0 };
  #isCounted = false;

  /** Without parameters it remembers nothing and pauses nothing. `fills` outlive a change of the parameters. */
  constructor(parameters: FlowGuardParameters | undefined, fills: readonly GuardedFill[] = []) {
    this.#parameters = parameters;
    this.#fills = parameters === undefined ? [] : [...fills];
  }

  get state(): readonly GuardedFill[] {
    return [...this.#fills];
  }

  /** A fill of ours, at `ms` (monotonic). */
  record(fill: GuardedFill): void {
    if (this.#parameters === undefined) return;
    this.#fills.push(fill);
    if (this.#fills.length > FILLS_MAX) this.#fills.shift();
    this.#isCounted = false;
  }

  isPaused(side: Side, nowMs: number): boolean {
    if (this.#parameters === undefined || this.#fills.length === 0) return false;
    const oldestMs = nowMs - this.#parameters.windowSeconds * 1_000;
    const [oldest] = this.#fills;
    if (oldest !== undefined && oldest.ms < oldestMs) {
      this.#fills = this.#fills.filter(({ ms }) => ms >= oldestMs);
      this.#isCounted = false;
    }
    if (!this.#isCounted) {
      this.#unmatched = unmatchedOf(this.#fills);
      this.#isCounted = true;
    }
    return this.#unmatched[side] > this.#parameters.volumeMax;
  }
}

/**
 * What of either side is left, in lots, when as much as possible is paired so that the sell's price is at least the buy's. From
 * the cheapest sell up each takes from all buys at or below it: a buy that pays for one pays for every dearer one as well.
 */
function unmatchedOf(fills: readonly GuardedFill[]): Readonly<Record<Side, number>> {
  const buys = sortedByPrice(fills, "buy");
  const sells = sortedByPrice(fills, "sell");
  let next = 0;
  let payable = 0;
  let matched = 0;
  for (const sell of sells) {
    for (let buy = buys[next]; buy !== undefined && buy.price <= sell.price; buy = buys[next]) {
      payable += buy.size;
      next += 1;
    }
    const pair = Math.min(payable, sell.size);
    payable -= pair;
    matched += pair;
  }
  return { buy: volumeOf(buys) - matched, sell: volumeOf(sells) - matched };
}

function sortedByPrice(fills: readonly GuardedFill[], side: Side): readonly GuardedFill[] {
  return fills.filter((fill) => fill.side === side).sort((a, b) => a.price - b.price);
}

function volumeOf(fills: readonly GuardedFill[]): number {
  return fills.reduce((sum, { size }) => sum + size, 0);
}
