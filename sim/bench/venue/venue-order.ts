/** What the engine's process asks of the venue's, one JSON object a line over a connection of their own. Owns the words alone. */

/** `books`: one of each market; `halt`: the market halts; `open`: it opens again, with a book. */
export type TickKind = "book" | "books" | "halt" | "open";

export type VenueOrder =
  /** The mid stands `level` steps from the middle then. */
  | { readonly do: "tick"; readonly kind: TickKind; readonly level: number; readonly hot: boolean }
  /** Lots of our orders are filled, one side and then the other. */
  | { readonly do: "fills"; readonly perSecond: number; readonly forMs: number }
  /** As many books as fast as they are read, or so many a second, of each market in turn. */
  | { readonly do: "flood"; readonly count: number; readonly perSecond: number }
  /** The answer is a `VenueReport`, and the venue begins anew. */
  | { readonly do: "report" };

/** A tick's `send`, and the last bytes of the requests that came after it, the first ones: on the machine's monotonic clock, in microseconds. */
export type VenueTick = { readonly sentMicros: number; readonly requestsMicros: readonly number[] };

/** The ticks of one market since the last report, in order. */
export type VenueReport = { readonly ticks: readonly VenueTick[] };
