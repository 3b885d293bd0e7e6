/** Puts back what a recording took out of a book: our own sizes. Owns that arithmetic alone. */
import type { BookSide, BookUpdate } from "../../core/events.ts";
import { type Lots, type Side, type Ticks, toLots, toTicks } from "../../core/units.ts";
import type { OwnLevel } from "../../fargate/recording/journal.ts";

/** The book as it was displayed. */
export function withOwn(book: BookUpdate, own: readonly OwnLevel[]): BookUpdate {
  if (own.length === 0) return book;
  return { ...book, bids: merge(book.bids, "buy", own), asks: merge(book.asks, "sell", own) };
}

function merge(outside: BookSide, side: Side, own: readonly OwnLevel[]): BookSide {
  const sizes = new Map<Ticks, Lots>();
  for (const [i, price] of outside.prices.entries()) sizes.set(price, outside.sizes[i] ?? toLots(0));
  for (const [ownSide, ticks, lots] of own) {
    if (ownSide !== side) continue;
    const price = toTicks(ticks);
    sizes.set(price, toLots((sizes.get(price) ?? 0) + lots));
  }
  const sign = side === "buy" ? -1 : 1;
  const prices = [...sizes.keys()].sort((a, b) => (a - b) * sign);
  return { prices, sizes: prices.map((price) => sizes.get(price) ?? toLots(0)) };
}
