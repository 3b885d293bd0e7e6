/** The last half hour of each market for the plots, one point a second. Owns the points; the page draws them. */
import type { HistoryPoint, MarketState, TaskState } from "./state.ts";

/** Half an hour at one point a second. */
const POINTS_MAX = 1_800;

/** More markets than any configuration has; past it a market is not recorded. */
const MARKETS_MAX = 64;

export class History {
  readonly #rings = new Map<string, Ring>();

  /** Records one point a market from the state; a second call within one second of `nowMs` adds nothing. */
  record(state: TaskState): void {
    for (const market of state.markets) {
      let ring = this.#rings.get(market.market);
      if (ring === undefined) {
        if (this.#rings.size >= MARKETS_MAX) continue;
        ring = new Ring();
        this.#rings.set(market.market, ring);
      }
      ring.push(toHistoryPoint(market, state.nowMs));
    }
  }

  /** The points of one market, oldest first, rising by at least a second each; empty for an unknown market. */
  points(market: string): readonly HistoryPoint[] {
    return this.#rings.get(market)?.toArray() ?? [];
  }
}

/** A market's state as a point of the plots. Amounts become floating-point numbers: they are drawn, never added up. */
function toHistoryPoint(market: MarketState, atMs: number): HistoryPoint {
  return {
    atMs,
    mid: toNumber(market.mid),
    spreadOthersBps: market.spreadOthersBps,
    spreadSelfBps: market.spreadSelfBps,
    position: Number(market.position),
    realizedPnl: Number(market.realizedPnl),
    totalPnl: toNumber(market.totalPnl),
  };
}

function toNumber(decimal: string | null): number | null {
  return decimal === null ? null : Number(decimal);
}

/** A ring over one array that grows to its cap once and is overwritten from then on. */
class Ring {
  readonly #points: HistoryPoint[] = [];
  #oldest = 0;

  push(point: HistoryPoint): void {
    const last = this.#newest();
    if (last !== undefined) {
      // A wall clock that was set back would leave points in the future: the plot starts anew.
      if (point.atMs < last.atMs) this.#clear();
      else if (secondOf(point.atMs) === secondOf(last.atMs)) return;
    }
    if (this.#points.length < POINTS_MAX) {
      this.#points.push(point);
      return;
    }
    this.#points[this.#oldest] = point;
    this.#oldest = (this.#oldest + 1) % POINTS_MAX;
  }

  toArray(): readonly HistoryPoint[] {
    return [...this.#points.slice(this.#oldest), ...this.#points.slice(0, this.#oldest)];
  }

  #newest(): HistoryPoint | undefined {
    return this.#points[(this.#oldest + this.#points.length - 1) % POINTS_MAX];
  }

  #clear(): void {
    this.#points.length = 0;
    this.#oldest = 0;
  }
}

function secondOf(atMs: number): number {
  return Math.floor(atMs / 1_000);
}
