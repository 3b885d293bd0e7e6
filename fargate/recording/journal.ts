/**
 * Everything that moves the engine, in order: what a run can be repeated from, bit for bit. Owns the steps, and how they stand on
 * the line of a tape (CONTRACTS 10): the market data as `events`, the outside market alone, and beside it `journal`, which
 * readers of tapes pass over.
 */
import type { Command } from "../../core/commands.ts";
import type { EngineOptions } from "../../core/engine.ts";
import type { BookSide, BookUpdate, EngineEvent, MarketEvent } from "../../core/events.ts";
import type { BudgetStep, RequestLimits } from "../../core/execution/request-budget.ts";
import type { Market } from "../../core/market.ts";
import { type OwnSize, ownAt } from "../../core/market-data/book.ts";
import { toWireEvent, type WireEvent } from "../../core/sei/wire-event.ts";
import { type Instant, type Side, toLots } from "../../core/units.ts";
import { toTaggedJson } from "./tagged-json.ts";

/** What an engine was made from, but for its budget. */
export type EngineStart = Omit<EngineOptions, "budget">;

export type JournalStep =
  | { readonly type: "budget-made"; readonly limits: Partial<RequestLimits> }
  | { readonly type: "budget"; readonly step: BudgetStep }
  | { readonly type: "engine-made"; readonly start: EngineStart }
  /** `own`: our sizes that stood in a book, as the engine believed when it took it. */
  | { readonly type: "market-event"; readonly event: MarketEvent; readonly own: readonly OwnSize[] }
  | { readonly type: "fact"; readonly event: Exclude<EngineEvent, MarketEvent> }
  | { readonly type: "decision"; readonly now: Instant; readonly commands: readonly Command[] }
  /** So many steps are missing from here: the engine can not be repeated past this. */
  | { readonly type: "gap"; readonly steps: number };

/** A part of a book's level that was ours: `[side, ticks, lots]`. */
export type OwnLevel = readonly [side: Side, price: number, size: number];

/** One line of a tape, not yet written as text. */
export type JournalLine = { readonly atMs: number; readonly steps: readonly JournalStep[] };

/** A step as it stands in `journal`: a market event by its place in `events`, when it was read, and what of it was ours. */
export type WrittenStep =
  | Exclude<JournalStep, { type: "market-event" }>
  | { readonly type: "market-event"; readonly index: number; readonly at: Instant; readonly own: readonly OwnLevel[] };

export function isMarketEvent(event: EngineEvent): event is MarketEvent {
  return event.type === "book-update" || event.type === "trade" || event.type === "market-status";
}

/** The line's text, without a line end. `markets` are those of the engine, by symbol. */
export function toLineText({ atMs, steps }: JournalLine, markets: ReadonlyMap<string, Market>): string {
  const events: WireEvent[] = [];
  const journal: WrittenStep[] = [];
  for (const step of steps) {
    if (step.type !== "market-event") {
      journal.push(step);
      continue;
    }
    const market = markets.get(step.event.market);
    // The feed passes on events of the configured markets alone.
    if (market === undefined) continue;
    const { event, own } =
      step.event.type === "book-update" ? withoutOwn(step.event, step.own) : { event: step.event, own: [] };
    journal.push({ type: "market-event", index: events.length, at: event.at, own });
    events.push(toWireEvent(event, market));
  }
  return toTaggedJson({ atMs, events, journal });
}

/** The outside market of a book, and what was taken out of it. */
function withoutOwn(
  book: BookUpdate,
  own: readonly OwnSize[],
): { readonly event: BookUpdate; readonly own: readonly OwnLevel[] } {
  if (own.length === 0) return { event: book, own: [] };
  const taken: OwnLevel[] = [];
  const outside = (side: Side, { prices, sizes }: BookSide): BookSide => {
    const left: { prices: BookSide["prices"][number][]; sizes: BookSide["sizes"][number][] } = {
      prices: [],
      sizes: [],
    };
    for (const [i, price] of prices.entries()) {
      const size = sizes[i];
      if (size === undefined) continue;
      const ours = ownAt(own, side, { price, size });
      if (ours > 0) taken.push([side, price, ours]);
      if (ours === size) continue;
      left.prices.push(price);
      left.sizes.push(toLots(size - ours));
    }
    return left;
  };
  return { event: { ...book, bids: outside("buy", book.bids), asks: outside("sell", book.asks) }, own: taken };
}
