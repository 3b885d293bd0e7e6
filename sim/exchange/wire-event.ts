/** The market data events of CONTRACTS 1 as a simulated exchange publishes them, before a node gives them a sequence. */

export type WireEvent = {
  readonly type: "OrderBookUpdate" | "Trade" | "MarketStatus";
  /** Everything a decimal or ISO string; `sequence` is added by the node, per market and connection. */
  readonly attributes: Readonly<Record<string, string>>;
};

/** Where a simulated node gets its events from: the simulated exchange or a played tape. */
export type MarketDataSource = {
  readonly markets: readonly string[];
  /** What a new subscriber is sent first: the book and the status of one market as they are now. */
  snapshot(market: string): readonly WireEvent[];
  /** Calls back with each event as it happens, in order. Returns what ends it. */
  subscribe(listener: (event: WireEvent) => void): () => void;
};
