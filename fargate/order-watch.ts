/**
 * Asks the venue for its open orders, market after market, for ever: an order that ended without our being told, and one of ours
 * that we do not know, show there and nowhere else. Owns the asking; what follows from an answer is the engine's.
 */
import type { OpenOrdersRead } from "../core/events.ts";
import type { Log } from "./log.ts";
import type { Clock } from "./seams.ts";
import type { Venue } from "./venue.ts";

/** Each market is asked about this often: an order that nobody knows of is found by the second question, within ten seconds. */
const MARKET_INTERVAL_MS = 5_000;

/** The most markets a task has (ten) cost two questions a second. */
const QUESTION_INTERVAL_MS = 500;

export type OrderWatchOptions = {
  readonly venue: Pick<Venue, "openOrders">;
  /** At least one. */
  readonly markets: readonly string[];
  readonly onRead: (event: OpenOrdersRead) => void;
  readonly clock: Clock;
  readonly log: Log;
};

/** Watches until the returned function is called; an answer on its way is not told any more then. */
export function watchOrders({ venue, markets, onRead, clock, log }: OrderWatchOptions): () => void {
  const intervalMs = Math.max(QUESTION_INTERVAL_MS, MARKET_INTERVAL_MS / markets.length);
  let turn = 0;
  let isStopped = false;
  let cancel = clock.after(intervalMs, ask);
  function ask(): void {
    const market = markets[turn % markets.length] ?? "";
    turn += 1;
    venue
      .openOrders(market)
      .then(({ value: orders, askedMs }) => {
        if (!isStopped) onRead({ type: "open-orders-read", market, orders, askedMs, at: clock.now() });
      })
      .catch((error: unknown) => log.warn("the open orders could not be read", { market, error }))
      .finally(() => {
        if (!isStopped) cancel = clock.after(intervalMs, ask);
      });
  }
  return () => {
    isStopped = true;
    cancel();
  };
}
