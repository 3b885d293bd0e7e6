/** What the engine's process asks of the venue's, one JSON object a line over a connection of their own. Owns the words alone. */

/** `books`: one of each market; `halt`: the market halts; `open`: it opens again, with a book. */
export type TickKind = "book" | "books" | "halt" | "open";

export type VenueOrder =
  /** The mid stands `level` steps from the middle then. */
  | { readonly do: "tick"; readonly kind: TickKind; readonly level: number; readonly hot: boolean }
  /** Lots of our orders are filled, one side and then the other. */
  | { readonly do: "fills"; readonly perSecond: number; readonly forMs: number }
  /** The last tick does not count, whether an order came of it or not. */
  | { readonly do: "forget" }
  /** As many books as fast as they are read, or so many a second, of each market in turn. */
  | { readonly do: "flood"; readonly count: number; readonly perSecond: number }
  /** The answer is a `VenueReport`, and the venue begins anew. */
  | { readonly do: "report" };

/** From the tick's `send` to the last byte of the first order, in the venue's clock, in microseconds. */
export type VenueReport = { readonly wireMicros: readonly number[] };
