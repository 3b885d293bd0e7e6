/** Where a simulated node gets its events from: the simulated exchange or a played tape. Owns no events. */
import type { WireEvent } from "../../core/sei/wire-event.ts";

export type MarketDataSource = {
  readonly markets: readonly string[];
  /** What a new subscriber is sent first: the book and the status of one market as they are now. */
  snapshot(market: string): readonly WireEvent[];
  /** Calls back with each event as it happens, in order. Returns what ends it. */
  subscribe(listener: (event: WireEvent) => void): () => void;
};
