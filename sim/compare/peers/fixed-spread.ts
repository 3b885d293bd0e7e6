/**
 * The plainest maker there is: at each book its quotes stand at a fixed half-spread around the others' mid, as many levels and as
 * large as ours, and whatever stands elsewhere is moved. No inventory skew, no tolerance, no volatility: what a strategy has to beat
 * to be worth its lines.
 */
import type { BookUpdate, Fill, TradePrint, VenueOrder } from "../../../core/events.ts";
import { topWithoutOwn } from "../../../core/market-data/book.ts";
import { midOf } from "../../../core/quoting/fair-value.ts";
import { type Instant, type Side, toLots, toTicks } from "../../../core/units.ts";
import type { Answer, Competitor, Terms } from "../competitor.ts";
import { OrderClient } from "./order-client.ts";

type Quote = Parameters<OrderClient["place"]>[0];

export class FixedSpread implements Competitor {
  readonly wakeMs = 50;
  readonly #terms: Terms;
  readonly #client: OrderClient;
  #mid: number | undefined;

  constructor(terms: Terms) {
    this.#terms = terms;
    this.#client = new OrderClient(terms);
  }

  book(book: BookUpdate): void {
    this.#mid = midOf(topWithoutOwn(book, this.#client.ownSizes())) ?? this.#mid;
  }

  trade(_: TradePrint): void {}

  orderSeen(_: VenueOrder): void {}

  fill(fill: Fill): void {
    this.#client.fill(fill);
  }

  answer(answer: Answer, now: Instant): void {
    this.#client.answer(answer, now);
  }

  turn(now: Instant): void {
    // Wanted state, not a queue of it: what waits for the limits is decided anew.
    if (this.#mid !== undefined && this.#client.queued === 0) this.#requote(this.#mid, now);
    this.#client.flush(now);
  }

  notes(): readonly string[] {
    return [];
  }

  #requote(mid: number, now: Instant): void {
    const wanted = fixedSpreadQuotes(mid, this.#terms);
    const active = this.#client.active();
    const isKept = (quote: Quote) => active.some((order) => order.side === quote.side && order.price === quote.price);
    for (const order of active) {
      const isWanted = wanted.some((quote) => order.side === quote.side && order.price === quote.price);
      if (!isWanted) this.#client.cancel(order);
    }
    for (const quote of wanted) {
      if (isKept(quote)) continue;
      const size = Math.min(quote.size, this.#client.roomBesideOrders(quote.side));
      if (size > 0) this.#client.place({ ...quote, size: toLots(size) }, now);
    }
  }
}

/** The quotes around `mid` (ticks), best first: bids down, asks up, a tick apart at least. */
export function fixedSpreadQuotes(
  mid: number,
  terms: Pick<Terms, "halfSpreadBps" | "levelSpacingBps" | "levels" | "orderSize">,
): readonly Quote[] {
  const half = (mid * terms.halfSpreadBps) / 1e4;
  const spacing = Math.max(1, (mid * terms.levelSpacingBps) / 1e4);
  const quotes: Quote[] = [];
  for (let level = 0; level < terms.levels; level += 1) {
    for (const side of ["buy", "sell"] satisfies Side[]) {
      const distance = half + level * spacing;
      const price = side === "buy" ? Math.floor(mid - distance) : Math.ceil(mid + distance);
      if (price > 0) quotes.push({ side, price: toTicks(price), size: terms.orderSize });
    }
  }
  return quotes;
}
