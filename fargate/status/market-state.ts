/** From an engine's market to what is shown of it: decimal strings for people and programs. Owns the writing alone. */
import { unrealizedPnl } from "../../core/accounting/pnl.ts";
import { formatScaled, MONEY_DECIMALS } from "../../core/decimal.ts";
import type { BookSide, Fill } from "../../core/events.ts";
import type { Market } from "../../core/market.ts";
import { formatPrice, formatSize } from "../../core/market.ts";
import { levelsOf, type OwnSize, ownAt } from "../../core/market-data/book.ts";
import type { MarketEngine } from "../../core/market-engine.ts";
import { isUnknown, type Order } from "../../core/order.ts";
import type { Instant, Side } from "../../core/units.ts";
import { toLots } from "../../core/units.ts";
import { toMarkoutsState } from "./markouts-state.ts";
import type { FillState, LevelState, MarketState, OrderState, StrategyState } from "./state.ts";
import { toEstimatesState, toWhyState } from "./why-state.ts";

const LEVELS_SHOWN = 10;

/** All but what is not the engine's: who changed its strategy. */
export function toMarketState(engine: MarketEngine, now: Instant): Omit<MarketState, keyof StrategyState> {
  const { market } = engine.settings;
  const open = engine.orders.open();
  const averages = engine.watch.spreads.averages();
  const reasons = reasonsOf(engine, now);
  return {
    market: market.symbol,
    base: market.base,
    quote: market.quote,
    quoting: reasons.length === 0,
    reasons: [...reasons, ...heldBack(engine), ...engine.check.differences.filter((each) => !reasons.includes(each))],
    fairValue: fairValueText(engine, now),
    spreadOthersBps: engine.watch.spreads.current?.othersBps ?? null,
    spreadSelfBps: engine.watch.spreads.current?.selfBps ?? null,
    spreadImprovementBps: averages?.improvementBps ?? null,
    spreadImprovementPercent: averages?.improvementPercent ?? null,
    ...bookOf(engine, now),
    ...moneyOf(engine),
    fills: engine.fills.recent.map((fill) => toFillState(fill, market)),
    openOrders: open.map((order) => toOrderState(order, market)),
    ...countsOf(engine),
    ordersUnknown: open.filter(isUnknown).length,
    tradingState: engine.state,
    denials: Object.fromEntries(engine.denials.counts),
    differences: engine.check.differences,
    uptimeRatio: engine.meter.twoSidedRatio ?? null,
    bookAgeMs: engine.watch.bookAgeMs(now) ?? null,
    markouts: toMarkoutsState(engine.markouts, now),
    why: toWhyState(engine),
    estimates: toEstimatesState(engine, now),
  };
}

/** Position, average cost and PnL as decimal strings; the mark is the mid without our orders. */
function moneyOf(engine: MarketEngine) {
  const { books } = engine;
  const mark = engine.midMoney();
  const unrealized = mark === undefined ? null : unrealizedPnl(books, mark);
  return {
    mid: mark === undefined ? null : money(mark),
    position: money(books.position),
    averageCost: money(books.averageCost),
    realizedPnl: money(books.realizedPnl),
    unrealizedPnl: unrealized === null ? null : money(unrealized),
    totalPnl: unrealized === null ? null : money(books.realizedPnl + unrealized),
    fees: money(books.fees),
    volume: money(books.volume),
    fillCount: books.fillCount,
  };
}

/** Placing takes a few round trips; a market without an order of ours for longer is in trouble, blocked or not. */
const UNQUOTED_MS_MAX = 10_000;

/** Why a market is not quoted; empty while it is, or has just begun to be. People read these. */
export function reasonsOf(engine: MarketEngine, now: Instant): readonly string[] {
  if (engine.blockers.length > 0) return engine.blockers;
  const unquotedMs = engine.meter.unquotedMs(now.monotonicMs);
  return unquotedMs > UNQUOTED_MS_MAX ? [`no order of ours has been live for ${Math.floor(unquotedMs / 1_000)} s`] : [];
}

function heldBack(engine: MarketEngine): readonly string[] {
  return engine.denials.now.map(({ quote, reason }) => `${quote.side} level ${quote.level} held back: ${reason}`);
}

function bookOf(engine: MarketEngine, now: Instant): Pick<MarketState, "bids" | "asks"> {
  const { settings } = engine;
  const { book } = engine.watch;
  if (book === undefined) return { bids: [], asks: [] };
  const own = engine.sent.ownSizes(now.monotonicMs);
  return {
    bids: toLevels(book.bids, "buy", own, settings.market),
    asks: toLevels(book.asks, "sell", own, settings.market),
  };
}

function toLevels(side: BookSide, which: Side, own: readonly OwnSize[], market: Market): readonly LevelState[] {
  return levelsOf(side, LEVELS_SHOWN).map((level) => ({
    price: formatPrice(market, level.price),
    size: formatSize(market, level.size),
    own: formatSize(market, ownAt(own, which, level)),
  }));
}

function countsOf(engine: MarketEngine) {
  const { buy, sell } = engine.counts;
  return {
    ordersPlaced: buy.placed + sell.placed,
    ordersCancelled: buy.cancelled + sell.cancelled,
    ordersRejected: buy.rejected + sell.rejected,
    ordersFilled: buy.filled + sell.filled,
  };
}

function toOrderState(order: Order, market: Market): OrderState {
  return {
    clientOrderId: order.clientOrderId,
    orderId: order.orderId ?? null,
    side: order.side,
    level: order.level,
    price: formatPrice(market, order.price),
    size: formatSize(market, order.size),
    filled: formatSize(market, toLots(Math.max(order.filledBooked, order.filledReported))),
    state: order.state,
  };
}

function toFillState(fill: Fill, market: Market): FillState {
  return {
    fillId: fill.fillId,
    side: fill.side,
    price: formatPrice(market, fill.price),
    size: formatSize(market, fill.size),
    fee: money(fill.fee),
    feeAsset: fill.feeAsset,
    venueTimeMs: Date.parse(fill.venueTime),
  };
}

/** A model value, shown to a tenth of a tick. */
function fairValueText(engine: MarketEngine, now: Instant): string | null {
  const { ticks } = engine.quoter.view(now.monotonicMs).fairValue;
  const { tick } = engine.settings.market;
  return ticks === undefined ? null : ((ticks * tick.step) / 10 ** tick.decimals).toFixed(tick.decimals + 1);
}

function money(units: bigint): string {
  return formatScaled(units, MONEY_DECIMALS);
}
