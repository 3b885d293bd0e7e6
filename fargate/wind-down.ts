/**
 * The way out, in order: orders first, then fills, then the connections. Each step is tried whatever became of the others. Owns
 * the order of the steps and the time each may take; CONTRACTS 8 gives 30 s to all of them.
 */
import type { Engine } from "../core/engine.ts";
import type { RequestBudget } from "../core/execution/request-budget.ts";
import type { FillOutbox } from "./fill-outbox.ts";
import type { FillTracker } from "./fill-tracker.ts";
import type { Log } from "./log.ts";
import { cancelAllOwnOrders, type OwnOrdersOptions } from "./own-orders.ts";
import type { Clock } from "./seams.ts";
import type { Feed } from "./sei/feed.ts";
import type { Venue } from "./venue.ts";

/**
 * A start-up that is told to stop ends its own try first, within `LIST_WITHIN_MS` of `own-orders.ts`. Together, and with what `task.ts`
 * settles after them (5 s when nothing answers), these stay below 29 s.
 */
export const START_ORDERS_WITHIN_MS = 5_000;
const END_ORDERS_WITHIN_MS = 10_000;
/** Orders come first: all the time that the steps after them leave is theirs, since the venue may have asked for a pause. From the stop's beginning. */
const ORDERS_ENDED_BY_MS = 17_000;
const FINISH_FILLS_WITHIN_MS = 6_000;
/** Each market's open orders are listed twice, of four lists a second (`queriesHeldMax` of the request budget): many markets need longer than a few. */
const LISTS_OF_A_MARKET_MS = 700;

export type WindDownOptions = {
  readonly epoch: number;
  readonly engine: Engine;
  readonly venue: Venue;
  readonly feed: Feed;
  /** By market. */
  readonly trackers: ReadonlyMap<string, FillTracker>;
  readonly outbox: Pick<FillOutbox, "flush">;
  readonly budget: RequestBudget;
  readonly clock: Clock;
  readonly log: Log;
  /** Another task has the lease: it has ended our orders, reads the fills, and needs the venue's requests. */
  readonly isTaken: boolean;
  /** When the stop began (monotonic). */
  readonly beganMs: number;
};

/** Resolves with what went wrong; empty when no order is open and every fill is on the queue. Never rejects. */
export async function windDown(options: WindDownOptions): Promise<readonly string[]> {
  const { venue, feed, trackers, log } = options;
  const faults: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      log.error("stop step failed", { what, error });
    }
  };
  // Their looks into the history would take requests from the cancels; each looks once more below.
  for (const tracker of trackers.values()) tracker.stop();
  if (options.isTaken) {
    const isEmpty = await options.outbox.flush(FINISH_FILLS_WITHIN_MS);
    if (!isEmpty) faults.push("fills wait at the venue for the task that has the lease");
  } else {
    const leftMs = options.beganMs + ORDERS_ENDED_BY_MS - options.clock.now().monotonicMs;
    await attempt("orders may be open", () => endOwnOrders(options, Math.max(END_ORDERS_WITHIN_MS, leftMs)));
    await finishFills(options, attempt, faults);
  }
  await attempt("venue", () => venue.stop());
  feed.stop();
  return faults;
}

async function finishFills(
  { trackers }: WindDownOptions,
  attempt: (what: string, work: () => Promise<unknown>) => Promise<void>,
  faults: string[],
): Promise<void> {
  const finishing = [...trackers].map(([symbol, tracker]) =>
    attempt(`fills of ${symbol}`, async () => {
      const { historyRead, allSent } = await tracker.finish(FINISH_FILLS_WITHIN_MS);
      if (!historyRead) faults.push(`the venue's fill history of ${symbol} was not read to its end`);
      if (!allSent) faults.push(`fills of ${symbol} wait at the venue for the next start`);
    }),
  );
  await Promise.all(finishing);
}

/** Ends what is ours in every market, of this start or an earlier one, within `withinMs` or as long as the lists of all take. Resolves with what was found, in words. */
export async function endOwnOrders(
  options: Pick<WindDownOptions, "epoch" | "engine" | "budget" | "clock"> &
    Pick<OwnOrdersOptions, "venue" | "isGivenUp">,
  withinMs: number,
): Promise<string> {
  const { engine, clock } = options;
  const markets = engine.markets.map((market) => market.settings.market.symbol);
  const placed = (symbol: string) => engine.market(symbol)?.orders.open() ?? [];
  const endMs = clock.now().monotonicMs + Math.max(withinMs, markets.length * LISTS_OF_A_MARKET_MS);
  const found = await cancelAllOwnOrders({ ...options, placed }, markets, endMs);
  return `ended: ${[...found].map(([symbol, count]) => `${symbol} ${count}`).join(", ")}`;
}
