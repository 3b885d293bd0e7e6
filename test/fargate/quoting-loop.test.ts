import { expect, test } from "vitest";
import type { Command } from "../../core/commands.ts";
import type { EngineEvent, Fill } from "../../core/events.ts";
import type { MarketEngine } from "../../core/market-engine.ts";
import { toLots } from "../../core/units.ts";
import { QuotingLoop } from "../../fargate/quoting-loop.ts";
import type { JournalLine } from "../../fargate/recording/journal.ts";
import { Recorder } from "../../fargate/recording/recorder.ts";
import { EventQueue } from "../../fargate/sei/event-queue.ts";
import { EPOCH_MS, instant, makeBook, makeFill } from "../core/make-events.ts";
import { ManualClock } from "../sim/local/manual-clock.ts";
import { makeCountingMetrics } from "./cambrian/venue-case.ts";
import { answerOf, bookAround, MARKET_CONFIG, makeEngine, orderOf, readyToQuote } from "./make-engine.ts";

/** A clock whose process can stand still: time goes on, and the timers due meanwhile come late. */
class FreezingClock extends ManualClock {
  #frozenMs = 0;
  #wallMs = 0;

  /** The wall clock is set, by so much forward or back. */
  jumpWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  freeze(forMs: number): void {
    this.#frozenMs += forMs;
  }

  override now() {
    const { monotonicMs, epochMs } = super.now();
    return { monotonicMs: monotonicMs + this.#frozenMs, epochMs: epochMs + this.#frozenMs + this.#wallMs };
  }
}

/** A loop over a real engine, with a venue that answers everything at once. */
function makeLoop(
  options: Parameters<typeof makeEngine>[0] & { onFill?: () => void; onExecute?: (market: MarketEngine) => void } = {},
) {
  const clock = new FreezingClock(EPOCH_MS);
  const { engine, market, budget } = makeEngine(options);
  const sent: Command[] = [];
  const fills: [Fill, bigint | undefined][] = [];
  const crashes: unknown[] = [];
  const doubts: string[] = [];
  const counted = new Map<string, number>();
  const queue = new EventQueue();
  const lines: JournalLine[] = [];
  const recorder = new Recorder({ write: (line) => lines.push(line) });
  const loop: QuotingLoop = new QuotingLoop({
    engine,
    queue,
    clock,
    metrics: makeCountingMetrics(counted),
    execute: (command) => {
      sent.push(command);
      options.onExecute?.(market);
      budget.settle(command.requestId, clock.now());
      const answer = answerOf(command, clock.now());
      if (answer !== undefined) loop.push(answer);
    },
    onFill: (fill, mid) => {
      fills.push([fill, mid]);
      options.onFill?.();
    },
    onDoubt: (reason) => doubts.push(reason),
    onCrash: (error) => crashes.push(error),
    recorder,
  });
  const recorded = () => {
    recorder.flush();
    return lines.flatMap(({ steps }) => steps);
  };
  const push = async (...events: readonly EngineEvent[]) => {
    for (const event of events) loop.push(event);
    await settled();
  };
  return { clock, engine, market, sent, fills, crashes, doubts, counted, queue, loop, push, recorded };
}

/** Answers are pushed in a turn and applied in the next one, which is a microtask. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

const NOW_MS = EPOCH_MS;

test("whatever arrives in one go costs one decision, on the newest book", async () => {
  const { push, sent, counted } = makeLoop();
  await push(...readyToQuote(4_900, NOW_MS), bookAround(4_950, NOW_MS), bookAround(5_000, NOW_MS));
  expect(sent.map((command) => command.type)).toEqual(Array(4).fill("place-order"));
  const prices = sent.flatMap((command) => (command.type === "place-order" ? [command.price] : []));
  expect(Math.min(...prices)).toBeGreaterThan(4_980);
  expect(counted.get("flashmm_tick_to_wire_seconds SEI/USDC")).toBe(1);
});

test("a cancel is written before the placings of the same decision are thought of, each command once", async () => {
  const intents: number[] = [];
  const onExecute = ({ orders }: MarketEngine) =>
    intents.push(orders.open().filter(({ state }) => state === "intent").length);
  const { clock, push, sent } = makeLoop({ onExecute });
  await push(...readyToQuote(5_000, NOW_MS));
  clock.advance(1_100);
  const before = sent.length;
  intents.length = 0;
  await push(bookAround(5_040, NOW_MS + 1_100));
  const types = sent.slice(before, before + 3).map(({ type }) => type);
  expect(types).toEqual(["cancel-order", "cancel-order", "place-order"]);
  expect(intents.slice(0, 2)).toEqual([0, 0]);
  expect(new Set(sent.map(({ requestId }) => requestId)).size).toBe(sent.length);
});

test("a decision without a new book is not measured as one", async () => {
  const { push, sent, counted } = makeLoop();
  const facts = readyToQuote(5_000, NOW_MS);
  await push(...facts.filter((event) => event.type !== "quoting-allowed"));
  expect(sent).toEqual([]);
  await push(...facts.filter((event) => event.type === "quoting-allowed"));
  expect(sent.length).toBeGreaterThan(0);
  expect(counted.has("flashmm_tick_to_wire_seconds SEI/USDC")).toBe(false);
});

test("time alone leads to decisions: quotes are pulled when the book grows old and nothing arrives", async () => {
  const { loop, clock, push, sent, market } = makeLoop();
  loop.start();
  await push(...readyToQuote(5_000, NOW_MS));
  expect(market.orders.open()).toHaveLength(4);
  clock.advance(1_900);
  await settled();
  expect(sent).toHaveLength(4);
  clock.advance(200);
  await settled();
  expect(sent.slice(4).map((command) => command.type)).toEqual(Array(4).fill("cancel-order"));
  expect(market.orders.open()).toEqual([]);
});

test("a fill is handed on once, with the mid at which it was taken", async () => {
  const { push, fills, market } = makeLoop();
  await push(...readyToQuote(5_000, NOW_MS));
  const { orderId, clientOrderId, side, price } = orderOf(market, "buy");
  const fill = makeFill({ fillId: "F-1", orderId, clientOrderId, side, price, size: toLots(10) });
  const event: EngineEvent = { type: "fill", fill, at: instant(NOW_MS) };
  await push(event, event);
  await push(event);
  expect(fills).toEqual([[fill, 500_000_000_000_000_000n]]);
});

test("a fill without a book is handed on without a mid", async () => {
  const { push, fills } = makeLoop();
  await push({ type: "fill", fill: makeFill({ fillId: "F-1" }), at: instant(NOW_MS) });
  expect(fills.map(([fill, mid]) => [fill.fillId, mid])).toEqual([["F-1", undefined]]);
});

/** A loop that quotes and has decided a moment ago. */
async function makeQuotingLoop() {
  const made = makeLoop();
  made.loop.start();
  await made.push(...readyToQuote(5_000, NOW_MS));
  expect(made.market.orders.open()).toHaveLength(4);
  return made;
}

test("a process that stood still is told before what waited in its sockets: an old book does not bring the quotes back", async () => {
  const { push, clock, sent, market } = await makeQuotingLoop();
  clock.freeze(2_001);
  // What is read first has waited; it carries the time of its reading, and nothing is valued by it.
  await push(bookAround(5_100, clock.now().monotonicMs));
  expect(market.watch.lastMidTicks).toBe(5_000);
  expect(market.watch.reasonsNotToQuote(clock.now())).toEqual(["no book since the process stood still"]);
  expect(sent.slice(4).map((command) => command.type)).toEqual(Array(4).fill("cancel-order"));
  clock.freeze(499);
  await push(bookAround(5_000, clock.now().monotonicMs));
  expect(market.orders.open()).toEqual([]);
  clock.freeze(1);
  await push(bookAround(5_000, clock.now().monotonicMs));
  expect(market.blockers).toEqual([]);
  expect(market.orders.open().length).toBeGreaterThan(0);
});

test("a turn that is 2 s late is no stall yet", async () => {
  const { push, clock, market } = await makeQuotingLoop();
  clock.freeze(2_000);
  await push(bookAround(5_000, clock.now().monotonicMs));
  expect(market.watch.reasonsNotToQuote(clock.now())).toEqual([]);
});

test("a stall that only a timer ends is told as well", async () => {
  const { clock, sent, market } = await makeQuotingLoop();
  clock.freeze(10_000);
  clock.advance(50);
  await settled();
  expect(market.watch.reasonsNotToQuote(clock.now())).toContain("no book since the process stood still");
  expect(sent.slice(4).map((command) => command.type)).toEqual(Array(4).fill("cancel-order"));
});

test("a stall, and clocks that part, are told before anything is decided; nothing else is", async () => {
  const { clock, doubts, sent } = await makeQuotingLoop();
  clock.advance(1_900);
  await settled();
  expect(doubts).toEqual([]);
  const before = sent.length;
  clock.freeze(10_000);
  clock.advance(50);
  await settled();
  expect(doubts).toEqual([expect.stringMatching(/^no turn for 10050 ms, the wall clock 0 ms off in it$/)]);
  expect(sent.length).toBeGreaterThan(before);
  clock.jumpWall(-1_500);
  clock.advance(50);
  await settled();
  expect(doubts).toEqual([expect.anything(), "no turn for 50 ms, the wall clock -1500 ms off in it"]);
});

test("the first turn of all is no stall, however late it comes", async () => {
  const { push, clock, market } = makeLoop();
  clock.freeze(60_000);
  await push(...readyToQuote(5_000, clock.now().monotonicMs));
  expect(market.orders.open()).toHaveLength(4);
});

test("after the stop facts are still taken, and nothing is decided any more", async () => {
  const { loop, clock, push, sent, fills } = makeLoop();
  loop.start();
  loop.stop();
  await push(...readyToQuote(5_000, NOW_MS));
  await push({ type: "fill", fill: makeFill({ fillId: "F-1" }), at: instant(NOW_MS) });
  clock.advance(1_000);
  await settled();
  expect(fills).toHaveLength(1);
  expect(sent).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("after the stop silence is no stall: nothing is put off by what makes no turns of its own", async () => {
  const { loop, clock, push, doubts, fills } = await makeQuotingLoop();
  loop.stop();
  clock.freeze(10_000);
  await push({ type: "fill", fill: makeFill({ fillId: "F-1" }), at: instant(NOW_MS) });
  expect(fills).toHaveLength(1);
  expect(doubts).toEqual([]);
});

test("a bug of the engine is told, and no command follows it", async () => {
  // With this market and epoch client order ids grow too long, which the engine asserts they never do.
  const symbol = "ABCDEFGHIJKL/USDC";
  const { loop, clock, push, sent, crashes } = makeLoop({ config: { ...MARKET_CONFIG, symbol }, epoch: 9e14 });
  loop.start();
  await push(...readyToQuote(5_000, NOW_MS, symbol));
  expect(crashes).toMatchObject([{ code: "ASSERTION_FAILED", message: expect.stringContaining("over 36") }]);
  await push(makeBook({ market: symbol, ms: NOW_MS, bids: [[4_000, 10]], asks: [[4_010, 10]], sequence: 9 }));
  clock.advance(1_000);
  await settled();
  expect(sent).toEqual([]);
  expect(crashes).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test("a bug after the cancels of a decision leaves them on the tape", async () => {
  let isBroken = false;
  const bug = new Error("a bug");
  const { clock, push, sent, crashes, recorded } = makeLoop({
    onExecute: () => {
      if (isBroken) throw bug;
    },
  });
  await push(...readyToQuote(5_000, NOW_MS));
  clock.advance(1_100);
  isBroken = true;
  await push(bookAround(5_040, NOW_MS + 1_100));
  expect(crashes).toEqual([bug]);
  const last = recorded().findLast(({ type }) => type === "decision");
  expect(last).toMatchObject({ commands: [{ type: "cancel-order", orderId: expect.any(String) }] });
  expect(sent.at(-1)).toEqual(last?.type === "decision" ? last.commands[0] : undefined);
});

test("a bug in what takes the fills is told as well", async () => {
  const bug = new Error("a bug");
  const { push, crashes, sent } = makeLoop({
    onFill: () => {
      throw bug;
    },
  });
  await push({ type: "fill", fill: makeFill({ fillId: "F-1" }), at: instant(NOW_MS) });
  await push(...readyToQuote(5_000, NOW_MS));
  expect(crashes).toEqual([bug]);
  expect(sent).toEqual([]);
});
