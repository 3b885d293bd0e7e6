/** What the asset is worth now, from the book without our own orders. Owns no state. */
import type { TopOfBook } from "../market-data/book.ts";

/** The middle between the best bid and ask, in ticks (halves occur); undefined when a side is empty. */
export function midOf(top: TopOfBook): number | undefined {
  return top.bid === undefined || top.ask === undefined ? undefined : (top.bid.price + top.ask.price) / 2;
}

/**
 * The microprice, in ticks: the mid weighted by the size on the *other* side, so that a heavy bid pulls it towards the ask
 * (Gatheral & Oomen 2010, "Zero-intelligence realized variance estimation"). Undefined when a side is empty.
 */
export function micropriceOf(top: TopOfBook): number | undefined {
  if (top.bid === undefined || top.ask === undefined) return undefined;
  const { bid, ask } = top;
  return (bid.price * ask.size + ask.price * bid.size) / (bid.size + ask.size);
}
