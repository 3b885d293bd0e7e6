/**
 * Everything that keeps a market from being quoted, put together once a decision. Owns the order in which it is told, and for how long the
 * venue's fills may go unread; what else blocks is judged where it is measured.
 */
import type { PositionCheck } from "./execution/reconcile.ts";
import type { Blocker } from "./execution/why.ts";
import type { MarketWatch } from "./market-data/market-watch.ts";
import { MarketHalts } from "./market-halts.ts";
import type { ExecutionThrottle } from "./risk/execution-throttle.ts";
import type { TradingState } from "./risk/trading-state.ts";
import type { Instant } from "./units.ts";

/** What the shard's risk says to every market: the trading state, and why, when it is not active. */
export type ShardWord = { readonly state: TradingState; readonly reason: string | undefined };

type Judges = { readonly check: PositionCheck; readonly watch: MarketWatch; readonly throttle: ExecutionThrottle };

export class MarketBlockers {
  readonly halts = new MarketHalts();
  readonly #judges: Judges;
  readonly #fillsUnreadMsMax: number;
  #fillsReadMs: number | undefined;

  constructor(judges: Judges, fillsUnreadMsMax: number) {
    this.#judges = judges;
    this.#fillsUnreadMsMax = fillsUnreadMsMax;
  }

  /** The venue's fills were read by a question asked at `askedMs` (monotonic). */
  fillsRead(askedMs: number): void {
    this.#fillsReadMs = Math.max(this.#fillsReadMs ?? askedMs, askedMs);
  }

  /** Empty while the market may be quoted. */
  at(now: Instant, shard: ShardWord): readonly Blocker[] {
    const { check, watch, throttle } = this.#judges;
    // Nearly always nobody's word is all there is, and nothing is put together.
    let blockers = this.halts.blockers;
    const differences = check.reasons;
    if (differences.length > 0) blockers = [...blockers, ...told("position-difference", differences)];
    const doubts = watch.reasonsNotToQuote(now);
    if (doubts.length > 0) blockers = [...blockers, ...told("market-data", doubts)];
    if (shard.state === "halted" && shard.reason !== undefined)
      blockers = [...blockers, ...told("loss", [shard.reason])];
    if (throttle.reason !== undefined) blockers = [...blockers, ...told("executions", [throttle.reason])];
    const unread = this.#unreadFills(now);
    if (unread !== undefined) blockers = [...blockers, ...told("fills-unread", [unread])];
    return blockers;
  }

  #unreadFills(now: Instant): string | undefined {
    if (this.#fillsReadMs === undefined) return "the venue's fills have not been read yet";
    if (now.monotonicMs - this.#fillsReadMs <= this.#fillsUnreadMsMax) return undefined;
    return `the venue's fills have not been read for ${this.#fillsUnreadMsMax / 1_000} s`;
  }
}

function told(kind: Blocker["kind"], texts: readonly string[]): readonly Blocker[] {
  return texts.map((text) => ({ kind, text }));
}
