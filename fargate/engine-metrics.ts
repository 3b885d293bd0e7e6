/** Once a second: the engine's figures into the metrics. Owns no figure; it copies them. */
import { MARKOUT_SECONDS } from "../core/accounting/markout.ts";
import type { MarkoutRow } from "../core/accounting/markout-figures.ts";
import { unrealizedPnl } from "../core/accounting/pnl.ts";
import { MONEY_DECIMALS } from "../core/decimal.ts";
import type { Engine } from "../core/engine.ts";
import type { MarketEngine } from "../core/market-engine.ts";
import { isUnknown } from "../core/order.ts";
import type { CountsOfSide } from "../core/order-counts.ts";
import type { DenialReason } from "../core/risk/gate.ts";
import type { Instant, Side } from "../core/units.ts";
import { reasonsOf } from "./status/market-state.ts";
import type { Metrics } from "./telemetry.ts";

const SIDES: readonly Side[] = ["buy", "sell"];
const NONE: CountsOfSide = { placed: 0, cancelled: 0, rejected: 0, filled: 0 };

/** What was already counted of one market: counters take differences, and only upwards. */
type Counted = {
  readonly buy: CountsOfSide;
  readonly sell: CountsOfSide;
  readonly volume: number;
  readonly fees: number;
  readonly faults: Faults;
  readonly denials: ReadonlyMap<DenialReason, number>;
};

type Faults = {
  readonly crossedBooks: number;
  readonly booksBehind: number;
  readonly externalFills: number;
  readonly lateFills: number;
  readonly contradictions: number;
  readonly strays: number;
  readonly jumps: number;
};

const NO_FAULTS: Faults = {
  crossedBooks: 0,
  booksBehind: 0,
  externalFills: 0,
  lateFills: 0,
  contradictions: 0,
  strays: 0,
  jumps: 0,
};

export class EngineMetrics {
  readonly #metrics: Metrics;
  readonly #counted = new Map<string, Counted>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Records everything as it is now. */
  record(engine: Engine, now: Instant): void {
    this.#metrics.set("flashmm_drawdown_percent", {}, engine.loss.drawdownPercent);
    for (const market of engine.markets) this.#recordMarket(market, now);
  }

  #recordMarket(engine: MarketEngine, now: Instant): void {
    const market = engine.settings.market.symbol;
    this.#recordMoney(engine, market);
    this.#recordCounts(engine, market);
    this.#recordSpreads(engine, market);
    for (const row of engine.markouts.rolling.rows()) this.#recordMarkouts(row, market);
    if (engine.watch.book !== undefined) {
      const ageSeconds = (now.monotonicMs - engine.watch.book.at.monotonicMs) / 1_000;
      this.#metrics.set("flashmm_feed_staleness_seconds", { market }, ageSeconds);
    }
    this.#metrics.set("flashmm_quoting_state", { market }, reasonsOf(engine, now).length === 0 ? 1 : 0);
    this.#metrics.set("flashmm_orders_unknown", { market }, engine.orders.open().filter(isUnknown).length);
    const { twoSidedRatio } = engine.meter;
    if (twoSidedRatio !== undefined) this.#metrics.set("flashmm_uptime_ratio", { market }, twoSidedRatio);
  }

  #recordSpreads(engine: MarketEngine, market: string): void {
    const { current } = engine.watch.spreads;
    if (current !== undefined) {
      this.#metrics.set("flashmm_market_spread_bps", { market, including: "others" }, current.othersBps);
      this.#metrics.set("flashmm_market_spread_bps", { market, including: "self" }, current.selfBps);
    }
    const averages = engine.watch.spreads.averages();
    if (averages === undefined) return;
    this.#metrics.set("flashmm_spread_improvement_bps", { market }, averages.improvementBps);
  }

  #recordMarkouts({ side, level, capture, markouts, adverse }: MarkoutRow, market: string): void {
    const labels = { market, side, level: String(level) };
    if (capture.mean !== undefined) this.#metrics.set("flashmm_spread_capture_bps", labels, capture.mean);
    for (const [index, seconds] of MARKOUT_SECONDS.entries()) {
      const at = { ...labels, horizon: `${seconds}s` as const };
      const [markout, moved] = [markouts[index]?.mean, adverse[index]?.mean];
      if (markout !== undefined) this.#metrics.set("flashmm_markout_bps", at, markout);
      if (moved !== undefined) this.#metrics.set("flashmm_adverse_selection_bps", at, moved);
    }
  }

  #recordMoney(engine: MarketEngine, market: string): void {
    this.#metrics.set("flashmm_position", { market }, toNumber(engine.books.position));
    this.#metrics.set("flashmm_pnl_usdc", { market, kind: "realized" }, toNumber(engine.books.realizedPnl));
    const mark = engine.midMoney();
    if (mark === undefined) return;
    const unrealized = unrealizedPnl(engine.books, mark);
    const total = engine.books.realizedPnl + unrealized;
    this.#metrics.set("flashmm_pnl_usdc", { market, kind: "unrealized" }, toNumber(unrealized));
    this.#metrics.set("flashmm_pnl_usdc", { market, kind: "total" }, toNumber(total));
  }

  #recordCounts(engine: MarketEngine, market: string): void {
    const volume = toNumber(engine.books.volume);
    const fees = toNumber(engine.books.fees);
    // The books begin at a checkpoint; what an earlier task traded is in that task's counters.
    const before = this.#counted.get(market) ?? {
      buy: NONE,
      sell: NONE,
      volume,
      fees,
      faults: NO_FAULTS,
      denials: new Map(),
    };
    for (const side of SIDES) {
      const labels = { market, side };
      const [counts, counted] = [engine.counts[side], before[side]];
      this.#metrics.increment("flashmm_orders_placed_total", labels, counts.placed - counted.placed);
      this.#metrics.increment("flashmm_orders_cancelled_total", labels, counts.cancelled - counted.cancelled);
      this.#metrics.increment("flashmm_orders_rejected_total", labels, counts.rejected - counted.rejected);
      this.#metrics.increment("flashmm_orders_filled_total", labels, counts.filled - counted.filled);
    }
    this.#metrics.increment("flashmm_volume_usdc_total", { market }, Math.max(0, volume - before.volume));
    // A rebate makes the fees shrink, which a counter cannot show: the ledger's figure is the exact one.
    this.#metrics.increment("flashmm_fees_usdc_total", { market }, Math.max(0, fees - before.fees));
    for (const [reason, count] of engine.denials.counts) {
      const counted = before.denials.get(reason) ?? 0;
      this.#metrics.increment("flashmm_orders_denied_total", { market, reason }, count - counted);
    }
    this.#recordFaults(engine, before.faults);
    const { buy, sell } = engine.counts;
    this.#counted.set(market, {
      buy: { ...buy },
      sell: { ...sell },
      volume,
      fees,
      faults: faultsOf(engine),
      denials: new Map(engine.denials.counts),
    });
  }

  /** Facts that should not be, each by its kind, as differences to what was counted before. */
  #recordFaults(engine: MarketEngine, before: Faults): void {
    const now = faultsOf(engine);
    const feed = "flashmm_sei_websocket_errors_total";
    const fills = "flashmm_fill_processing_errors_total";
    this.#metrics.increment(feed, { kind: "crossed-book" }, now.crossedBooks - before.crossedBooks);
    this.#metrics.increment(feed, { kind: "book-behind" }, now.booksBehind - before.booksBehind);
    this.#metrics.increment(feed, { kind: "mid-jump" }, now.jumps - before.jumps);
    this.#metrics.increment(fills, { kind: "foreign-order" }, now.externalFills - before.externalFills);
    this.#metrics.increment(fills, { kind: "late" }, now.lateFills - before.lateFills);
    const orders = "flashmm_cambrian_api_errors_total";
    this.#metrics.increment(orders, { kind: "contradiction" }, now.contradictions - before.contradictions);
    this.#metrics.increment(orders, { kind: "stray-order" }, now.strays - before.strays);
  }
}

function faultsOf(engine: MarketEngine): Faults {
  return {
    crossedBooks: engine.watch.crossedBooks,
    booksBehind: engine.watch.booksBehind,
    externalFills: engine.externalFills,
    lateFills: engine.fills.late,
    contradictions: engine.orders.contradictions,
    strays: engine.sent.straysSeen,
    jumps: engine.watch.jumps,
  };
}

/** Money as a floating-point number: for metrics and pictures alone. */
function toNumber(units: bigint): number {
  return Number(units) / 10 ** MONEY_DECIMALS;
}
