import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { emptyBooks } from "../../core/accounting/pnl.ts";
import { startQueue, startTable } from "./driven-world.ts";
import { fillOf, NO_OVERLAP } from "./fill-cases.ts";
import { foldOf, makeSurroundings as makeTracked, type Surroundings, startTask, type Venue } from "./tracked-fills.ts";

const queue = await startQueue();
const table = await startTable();
afterAll(async () => {
  await queue.stop();
  await table.stop();
});

const makeSurroundings = () => makeTracked({ queue, table });
const idsOf = (venue: Venue) => venue.history.map(({ fillId }) => fillId).sort();
const queuedIds = () => [...new Set(queue.fillIds())].sort();

describe("the fill tracker", () => {
  it("a first start hands the whole history, page by page, to engine and queue", async () => {
    const around = makeSurroundings();
    around.addFills(8);
    const task = startTask(around, 1);
    await around.world.settled(task.start(), "the start");
    expect(task.books()).toEqual(foldOf(around.venue.history, around.market));
    await around.world.until(() => task.outbox.counts.sent === 8, "the queue");
    expect(queue.fillIds()).toHaveLength(8);
    task.kill();
  });

  it("a fill of the stream leaves at once with its mid, and the look into the history does not send it again", async () => {
    const around = makeSurroundings();
    const task = startTask(around, 1);
    await around.world.settled(task.start(), "the start");
    const [fill] = around.addFills(1);
    if (fill !== undefined) task.stream(fill, 421_450_000_000_000_000n);
    await around.world.until(() => task.outbox.counts.sent === 1, "the queue");
    expect(around.world.clock.now().monotonicMs).toBe(10);
    expect(queue.bodies()).toMatchObject([
      { fillId: "F-1", midAtFill: "0.42145", engineId: "engine-1", size: String(fill?.size) },
    ]);
    await around.world.pass(20_000);
    expect(queue.fillIds()).toEqual(["F-1"]);
    const { fillId, venueTime } = fill!;
    expect(await task.stateTable.loadFills(around.market.symbol)).toEqual({
      cursor: "1",
      books: task.books(),
      overlap: { cursor: undefined, after: undefined, fills: [{ fillId, venueTime }] },
    });
    task.kill();
  });

  it("a restart begins at the checkpoint, and sends nothing again that is behind it", async () => {
    const around = makeSurroundings();
    around.addFills(2);
    const first = startTask(around, 1);
    await around.world.settled(first.start(), "the first start");
    await around.world.pass(20_000);
    first.kill();
    around.addFills(1);
    const second = startTask(around, 2);
    await around.world.settled(second.start(), "the second start");
    await around.world.settled(second.tracker.finish(5_000), "the stop");
    expect(queue.fillIds()).toHaveLength(3);
    expect(second.books()).toEqual(foldOf(around.venue.history, around.market));
  });

  it("a venue that has the safe fills no more is read behind them, while it runs and after a restart", async () => {
    const around = makeSurroundings();
    around.addFills(2);
    const first = startTask(around, 1);
    await around.world.settled(first.start(), "the first start");
    await around.world.pass(20_000);
    around.venue.prunedTo = 2;
    const before = first.reads.length;
    await around.world.pass(120_000);
    expect(first.reads.length).toBeGreaterThan(before + 20);
    first.kill();
    const second = startTask(around, 2);
    await around.world.settled(second.start(), "the second start");
    const [missed] = around.addFills(1);
    await around.world.pass(10_000);
    expect(second.books()).toEqual(foldOf(around.venue.history, around.market));
    expect(queue.fillIds()).toContain(missed?.fillId);
    second.kill();
  });

  it("a venue that lacks fills which are not safe yet is not passed by", async () => {
    const around = makeSurroundings();
    around.addFills(2);
    const first = startTask(around, 1);
    await around.world.settled(first.start(), "the first start");
    await around.world.pass(20_000);
    first.kill();
    around.addFills(2);
    around.venue.prunedTo = 3;
    const second = startTask(around, 2);
    await expect(around.world.settled(second.start(), "the second start")).rejects.toThrow("pruned");
    second.kill();
  });

  it("a fill that the stream missed is found within 5 s", async () => {
    const around = makeSurroundings();
    const task = startTask(around, 1);
    await around.world.settled(task.start(), "the start");
    const startMs = around.world.clock.now().monotonicMs;
    around.addFills(1);
    await around.world.until(() => task.outbox.counts.sent === 1, "the queue");
    expect(around.world.clock.now().monotonicMs - startMs).toBeLessThanOrEqual(5_010);
    expect(task.books().fillCount).toBe(1);
    task.kill();
  });

  it("a look that came to the end counts from the attempt that was answered, not from its first one", async () => {
    const around = makeSurroundings();
    const task = startTask(around, 1);
    await around.world.settled(task.start(), "the start");
    const startMs = around.world.clock.now().monotonicMs;
    expect(task.reads).toEqual([startMs]);
    around.venue.lostMs = 4_200;
    await around.world.pass(10_000);
    expect(task.reads).toEqual([startMs, startMs + 9_200]);
    task.kill();
  });

  it("a look that fails is counted and made again at the next tick", async () => {
    const around = makeSurroundings();
    let failures = 0;
    const task = startTask(around, 1, async (step) => {
      if (step === "before the venue" && failures > 0) {
        failures -= 1;
        throw new Error("503");
      }
    });
    await around.world.settled(task.start(), "the start");
    failures = 2;
    around.addFills(1);
    await around.world.until(() => task.outbox.counts.sent === 1, "the queue");
    expect(task.recorder.countOf("history")).toBe(2);
    task.kill();
  });

  it("a start that finds no history in eight attempts ends with the venue's error", async () => {
    const around = makeSurroundings();
    const task = startTask(around, 1, async (step) => {
      if (step === "before the venue") throw new Error("venue is down");
    });
    await expect(around.world.settled(task.start(), "the start")).rejects.toThrow("venue is down");
    expect(task.recorder.countOf("history")).toBe(8);
    task.kill();
  });

  it("the checkpoint stands still while the queue is away, and a stop says that fills are unsent", async () => {
    const around = makeSurroundings();
    const task = startTask(around, 1, async (step) => {
      if (step === "before the queue") throw new Error("queue is away");
    });
    around.addFills(2);
    await around.world.settled(task.start(), "the start");
    await around.world.pass(30_000);
    expect(await task.stateTable.loadFills(around.market.symbol)).toBeNull();
    const end = await around.world.settled(task.tracker.finish(3_000), "the stop");
    expect(end).toEqual({ historyRead: true, allSent: false });
    task.kill();
  });

  it("a stop takes in what the stream missed, and hands everything to the queue", async () => {
    const around = makeSurroundings();
    const task = startTask(around, 1);
    await around.world.settled(task.start(), "the start");
    around.addFills(4);
    const end = await around.world.settled(task.tracker.finish(5_000), "the stop");
    expect(end).toEqual({ historyRead: true, allSent: true });
    expect(queuedIds()).toEqual(idsOf(around.venue));
    expect(task.books().fillCount).toBe(4);
    // A moment later the history shows nothing more of the last one's moment: so long the stop takes at most.
    expect(around.world.clock.now().monotonicMs).toBe(1_000);
  });

  it("after a stop the next start takes no fill for one of an order that it does not know", async () => {
    const around = makeSurroundings();
    const first = startTask(around, 1);
    await around.world.settled(first.start(), "the first start");
    await around.world.pass(20_000);
    around.addFills(3);
    await around.world.settled(first.tracker.finish(5_000), "the stop");
    const stored = await first.stateTable.loadFills(around.market.symbol);
    expect(stored?.books.fillCount).toBe(3);
    expect(first.tracker.heldCount).toBe(0);
  });

  it("a stop waits for nothing where every fill is behind the checkpoint", async () => {
    const around = makeSurroundings();
    const task = startTask(around, 1);
    around.addFills(2);
    await around.world.settled(task.start(), "the start");
    await around.world.pass(20_000);
    const { monotonicMs } = around.world.clock.now();
    await around.world.settled(task.tracker.finish(5_000), "the stop");
    expect(around.world.clock.now().monotonicMs).toBe(monotonicMs);
  });

  it("a stop ends in time although the venue says nothing", async () => {
    const around = makeSurroundings();
    let isSilent = false;
    const task = startTask(around, 1, (step) =>
      isSilent && step === "before the venue" ? new Promise(() => undefined) : Promise.resolve(),
    );
    await around.world.settled(task.start(), "the start");
    isSilent = true;
    const end = await around.world.settled(task.tracker.finish(5_000), "the stop");
    expect(end).toEqual({ historyRead: false, allSent: true });
    expect(around.world.clock.now().monotonicMs).toBe(5_000);
  });

  it("an older task leaves the checkpoint of a newer one alone, and still sends its fills", async () => {
    const around = makeSurroundings();
    const older = startTask(around, 1);
    await around.world.settled(older.start(), "the older");
    const newer = { epoch: 2, version: 1 };
    await older.stateTable.saveFills(
      around.market.symbol,
      { cursor: "0", books: emptyBooks(), overlap: NO_OVERLAP },
      newer,
    );
    around.addFills(2);
    await around.world.pass(20_000);
    expect(older.recorder.countOf("checkpoint-superseded")).toBe(1);
    expect((await older.stateTable.loadFills(around.market.symbol))?.cursor).toBe("0");
    expect(queuedIds()).toEqual(idsOf(around.venue));
    older.kill();
  });

  it("an id with characters that the queue refuses is escaped and arrives", async () => {
    const around = makeSurroundings();
    const task = startTask(around, 1);
    around.venue.history.push({ ...fillOf("F-\uffff", 1), market: around.market.symbol });
    await around.world.settled(task.start(), "the start");
    await around.world.until(() => task.outbox.counts.sent === 1, "the queue");
    expect(queue.fillIds()).toEqual(["F-\uffff"]);
    task.kill();
  });

  it("wherever tasks crash, every fill reaches the queue and the last one's books are the venue's", async () => {
    const life = fc.record({
      crashAt: fc.integer({ min: 1, max: 30 }),
      isQueueAway: fc.boolean(),
      fills: fc.array(
        fc.record({ count: fc.integer({ min: 1, max: 4 }), atOnce: fc.boolean(), streamed: fc.boolean() }),
        {
          maxLength: 3,
        },
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 3 }), async (lives) => {
        const around = makeSurroundings();
        let epoch = 0;
        for (const each of lives) {
          epoch += 1;
          await liveAndCrash(around, epoch, each);
        }
        const last = startTask(around, epoch + 1);
        await around.world.settled(last.start(), "the last start");
        const end = await around.world.settled(last.tracker.finish(10_000), "the last stop");
        expect(end).toEqual({ historyRead: true, allSent: true });
        expect(queuedIds()).toEqual(idsOf(around.venue));
        expect(last.books()).toEqual(foldOf(around.venue.history, around.market));
      }),
      { numRuns: 25 },
    );
  });
});

type Life = {
  readonly crashAt: number;
  /** Every sending fails, so that nothing may be taken for safe. */
  readonly isQueueAway: boolean;
  readonly fills: readonly { readonly count: number; readonly atOnce: boolean; readonly streamed: boolean }[];
};

/** A task that stops existing at its `crashAt`-th step: before an effect, or after it with the answer lost. */
async function liveAndCrash(around: Surroundings, epoch: number, life: Life): Promise<void> {
  const { crashAt } = life;
  let steps = 0;
  const task = startTask(around, epoch, async (step) => {
    if (life.isQueueAway && step === "before the queue") throw new Error("queue is away");
    steps += 1;
    if (steps < crashAt) return;
    task.kill();
    await new Promise(() => undefined);
  });
  let hasStarted = false;
  const started = task.start().then(() => {
    hasStarted = true;
  });
  started.catch(() => undefined);
  await around.world.until(() => hasStarted || steps >= crashAt, "the start, or the crash");
  for (const { count, atOnce, streamed } of life.fills) {
    const fills = around.addFills(count, { atOnce });
    if (hasStarted && streamed && steps < crashAt) for (const fill of fills) task.stream(fill);
    await around.world.pass(6_000);
  }
  task.kill();
}
