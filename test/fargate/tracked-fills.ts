/** A task's fills in driven time, over a queue and a table of the test's: the venue with its history, and the tracker with what is around it. */
import { FillLog } from "../../core/accounting/fill-log.ts";
import { applyFill, type Books, compareFills, emptyBooks } from "../../core/accounting/pnl.ts";
import type { Fill } from "../../core/events.ts";
import { FillOutbox } from "../../fargate/fill-outbox.ts";
import { FillTracker } from "../../fargate/fill-tracker.ts";
import { StateTable } from "../../fargate/state-table.ts";
import { VenueError } from "../../fargate/venue.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { type Gate, makeRecorder, type startQueue, type startTable } from "./driven-world.ts";
import { bookedOf, fillOf, MARKET } from "./fill-cases.ts";

const PAGE_SIZE = 3;
let runs = 0;

type Stores = {
  readonly queue: Awaited<ReturnType<typeof startQueue>>;
  readonly table: Awaited<ReturnType<typeof startTable>>;
};

/** A venue with a history of fills; its cursor is a count, and one before `prunedTo` is refused. `lostMs`: how long a page takes whose first attempts find no answer. */
function makeVenue() {
  const history: Fill[] = [];
  const fillsAfter = async (cursor: string | undefined) => {
    const from = Number(cursor ?? 0);
    if (from < venue.prunedTo) {
      throw new VenueError({ operation: "fillsAfter", code: "BEHIND", reason: "blocks are pruned from its store" });
    }
    const fills = history.slice(from, from + PAGE_SIZE);
    return { fills, nextCursor: String(from + fills.length), more: fills.length === PAGE_SIZE };
  };
  const venue = { history, fillsAfter, lostMs: 0, prunedTo: 0 };
  return venue;
}

export type Venue = ReturnType<typeof makeVenue>;

/** What outlives a task: time, the venue, and under which name its market stands in the table. */
export function makeSurroundings(stores: Stores) {
  runs += 1;
  stores.queue.clear();
  const market = { ...MARKET, symbol: `RUN${runs}/USDC` };
  const world = new VirtualTime();
  const venue = makeVenue();
  const addFills = (count: number, options: { readonly atOnce?: boolean } = {}) => {
    const added = Array.from({ length: count }, (_, index) => {
      const n = venue.history.length + index + 1;
      const atMs = Math.floor(world.clock.now().monotonicMs) * 10 + (options.atOnce === true ? 0 : index);
      return { ...fillOf(`F-${n}`, atMs, n % 3 === 0 ? "sell" : "buy"), market: market.symbol };
    });
    venue.history.push(...added);
    return added;
  };
  return { ...stores, market, world, venue, addFills };
}

export type Surroundings = ReturnType<typeof makeSurroundings>;

/** A task's fills: an engine's books, tracker and outbox. `gate` stands before and after each effect. */
export function startTask(around: Surroundings, epoch: number, gate: Gate = () => Promise.resolve()) {
  const { market, world, venue, queue, table } = around;
  const { clock } = world;
  const recorder = makeRecorder();
  const rng = { next: () => 0.5 };
  const { log, metrics } = recorder;
  const client = queue.makeClient(world, gate);
  const outbox = new FillOutbox({ client, queueUrl: queue.queueUrl, clock, rng, log, metrics });
  const stateTable = new StateTable({ client: table.makeClient(world, gate), tableName: table.tableName, clock });
  let engine = new FillLog(emptyBooks(), market);
  const reads: number[] = [];
  const tracker = new FillTracker({
    market,
    engineId: `engine-${epoch}`,
    epoch,
    fillsAfter: async (cursor) => {
      await gate("before the venue");
      await new Promise<void>((resolve) => (venue.lostMs > 0 ? world.after(venue.lostMs, resolve) : resolve()));
      const askedMs = world.clock.now().monotonicMs;
      const value = await world.hold(() => venue.fillsAfter(cursor));
      await gate("after the venue");
      return { value, askedMs };
    },
    outbox,
    stateTable,
    onFill: (fill) => engine.add(bookedOf(fill)),
    onHistoryRead: (askedAtMs) => reads.push(askedAtMs),
    clock,
    rng,
    log,
    metrics,
  });
  return {
    tracker,
    outbox,
    stateTable,
    recorder,
    /** When each reading that came to the history's end had begun. */
    reads,
    start: async () => {
      const { books, known } = await tracker.load();
      engine = new FillLog(books, market, { known });
      await tracker.catchUp();
    },
    /** As the loop does: to the books first, then to the tracker. */
    stream: (fill: Fill, midAtFill?: bigint) => {
      if (engine.add(bookedOf(fill)) === "booked") tracker.seen(fill, midAtFill);
    },
    kill: () => {
      tracker.stop();
      outbox.close();
    },
    books: () => engine.books,
  };
}

export function foldOf(fills: readonly Fill[], market: Surroundings["market"]): Books {
  return [...fills].sort(compareFills).reduce((books, fill) => applyFill(books, bookedOf(fill), market), emptyBooks());
}
