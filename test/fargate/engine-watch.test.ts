import { afterAll, afterEach, expect, test } from "vitest";
import type { EngineEvent, OpenOrdersRead, VenueOrder } from "../../core/events.ts";
import { toLots, toTicks } from "../../core/units.ts";
import type { EventDetail } from "../../fargate/announcer.ts";
import { EngineWatch } from "../../fargate/engine-watch.ts";
import type { FeedState } from "../../fargate/status/state.ts";
import { instant, makeFill } from "../core/make-events.ts";
import { ControlCase, SEI } from "./control-world.ts";
import { makeRecorder, startTable } from "./driven-world.ts";
import { answerOf, bookAround, MARKET_CONFIG, makeEngine, orderOf, readyToQuote } from "./make-engine.ts";
import { makeTaskState } from "./status/task-state.ts";

const table = await startTable();
afterAll(() => table.stop());

const ONE = 10n ** 18n;
const stops: (() => void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
});

/** A watch of a quoting engine over a real control; the venue lists what it is told to. */
async function makeCase(options: Parameters<typeof makeEngine>[0] = {}) {
  const control = new ControlCase(table);
  await control.clear();
  await control.start();
  const { world } = control;
  const { engine, market, budget } = makeEngine(options);
  const { log, lines } = makeRecorder();
  const told: { readonly type: string; readonly detail: EventDetail; readonly atMs: number }[] = [];
  const pushed: OpenOrdersRead[] = [];
  const askedMs: number[] = [];
  const venue = { open: [] as readonly VenueOrder[] | Error, takesMs: 0, ageMs: 0, refusesCancels: false };
  const charge = { isOurs: true };
  let feed: FeedState = makeTaskState().feed;
  const watch = new EngineWatch({
    engine,
    venue: {
      openOrders: async () => {
        askedMs.push(world.nowMs - startMs);
        await new Promise<void>((resolve) => world.after(venue.takesMs, resolve));
        if (venue.open instanceof Error) throw venue.open;
        return { value: venue.open, askedMs: world.nowMs - venue.ageMs };
      },
    },
    control: control.control,
    isInCharge: () => charge.isOurs,
    announcer: { announce: (type, detail) => told.push({ type, detail, atMs: world.nowMs - startMs }) },
    feed: () => feed,
    push: (event) => {
      pushed.push(event);
      engine.apply(event);
    },
    clock: world.clock,
    log,
  });
  /** As the loop does; what is sent is answered at once, but cancels only by a venue that takes them. */
  const decide = (): void => {
    const at = world.clock.now();
    for (const command of engine.decide(at)) {
      budget.settle(command.requestId, at);
      const answer = command.type === "cancel-order" && venue.refusesCancels ? undefined : answerOf(command, at);
      if (answer !== undefined) engine.apply(answer);
    }
  };
  const apply = (...events: readonly EngineEvent[]): void => {
    for (const event of events) engine.apply(event);
    decide();
  };
  const startMs = world.nowMs;
  apply(...readyToQuote(5_000, startMs));
  watch.start();
  stops.push(() => {
    watch.stop();
    control.control.stop();
  });
  /** Lets time pass with fresh books and fills, so that the market is quoted unless something else speaks against it. */
  const pass = async (durationMs: number): Promise<void> => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
      await world.pass(100);
      const ms = world.nowMs;
      apply({ type: "fills-read", market: SEI, askedMs: ms, at: world.clock.now() }, bookAround(5_000, ms));
    }
  };
  return {
    world,
    control,
    charge,
    engine,
    market,
    told,
    lines,
    pushed,
    askedMs,
    venue,
    watch,
    apply,
    pass,
    halt: (reason: string) =>
      apply({ type: "quoting-halted", market: SEI, by: "venue", reason, at: world.clock.now() }),
    allow: () => apply({ type: "quoting-allowed", market: SEI, by: "venue", at: world.clock.now() }),
    setFeed: (change: Partial<FeedState>) => {
      feed = { ...feed, ...change };
    },
    typesTold: () => told.map(({ type }) => type),
    breaches: () => told.filter(({ type }) => type === "Risk Limit Breached").map(({ detail }) => detail["limit"]),
  };
}

/** A fill by hand that loses `percent` of the capital (1,000) at a mid of 0.5. */
function losing(fillId: string, percent: number, ms: number): EngineEvent {
  const fill = makeFill({ fillId, price: toTicks(5_000), size: toLots(1), fee: BigInt(percent * 10) * ONE });
  return { type: "fill", fill, at: instant(ms) };
}

test("a market that is quoted is not spoken of", async () => {
  const run = await makeCase();
  await run.pass(5_000);
  expect(run.told).toEqual([]);
  expect(run.askedMs).toEqual([]);
});

test("each stage of a loss is told once, and only the last is latched", async () => {
  const run = await makeCase();
  await run.pass(300);
  run.apply(losing("F-1", 3, run.world.nowMs));
  await run.pass(1_000);
  expect(run.breaches()).toEqual(["drawdown alert"]);
  expect(run.told[0]?.detail).toEqual({
    limit: "drawdown alert",
    reason: "the drawdown is 3.00 % of the capital",
  });
  run.apply(losing("F-2", 1, run.world.nowMs));
  await run.pass(1_000);
  expect(run.breaches()).toEqual(["drawdown alert", "reducing"]);
  expect(run.control.control.state(run.control.now).kills).toEqual([]);
  run.apply(losing("F-3", 2, run.world.nowMs));
  await run.pass(1_000);
  expect(run.breaches()).toEqual(["drawdown alert", "reducing", "loss"]);
  expect(run.control.control.state(run.control.now).kills).toMatchObject([
    { scope: "ALL", reason: "the drawdown is 6.00 %, the limit 6 %", isWritten: true },
  ]);
  expect(run.lines.filter((line) => line === "risk limit breached")).toHaveLength(3);
});

test("a task whose lease is gone tells and latches nothing: the next one has its own figures", async () => {
  const run = await makeCase();
  await run.pass(300);
  run.charge.isOurs = false;
  run.apply(losing("F-1", 7, run.world.nowMs));
  await run.pass(1_000);
  expect(run.engine.loss.latch).toBeDefined();
  expect(run.told).toEqual([]);
  expect(run.control.control.state(run.control.now).kills).toEqual([]);
  run.charge.isOurs = true;
  await run.pass(1_000);
  expect(run.breaches()).toContain("loss");
});

test("a breach that is over and comes again is told again", async () => {
  const run = await makeCase();
  run.apply(losing("F-1", 3, run.world.nowMs));
  await run.pass(500);
  run.apply(losing("F-2", -1, run.world.nowMs));
  await run.pass(500);
  expect(run.breaches()).toEqual(["drawdown alert"]);
  run.apply(losing("F-3", 1, run.world.nowMs));
  await run.pass(500);
  expect(run.breaches()).toEqual(["drawdown alert", "drawdown alert"]);
});

test("repeated execution is told and latched for its market, and again after an operator let it go on", async () => {
  const limits = { ...MARKET_CONFIG.limits, executionsInARow: 1 };
  const run = await makeCase({ config: { ...MARKET_CONFIG, limits } });
  const fillBuys = (name: string) => {
    const buys = run.market.orders.open().filter(({ side }) => side === "buy");
    run.apply(
      ...buys.map(({ clientOrderId, price }, n): EngineEvent => {
        const fill = makeFill({ fillId: `${name}-${n}`, clientOrderId, price, size: toLots(1) });
        return { type: "fill", fill, at: run.world.clock.now() };
      }),
    );
  };
  fillBuys("F");
  await run.pass(600);
  expect(run.breaches()).toEqual(["repeated execution SEI/USDC"]);
  const kills = () => run.control.control.state(run.control.now).kills;
  expect(kills()).toMatchObject([{ scope: SEI, reason: run.market.throttle.reason }]);
  // An operator's word lifts it in the items, and by the task in the engine.
  const at = run.world.clock.now();
  run.apply(
    { type: "quoting-halted", market: SEI, by: "operator", reason: "latched", at },
    { type: "quoting-allowed", market: SEI, by: "operator", at },
    { type: "operator-resumed", market: SEI, at },
  );
  await run.pass(600);
  fillBuys("G");
  await run.pass(600);
  expect(run.breaches()).toEqual(["repeated execution SEI/USDC", "repeated execution SEI/USDC"]);
});

test("a position that lastingly differs from the venue's is told and latched", async () => {
  const run = await makeCase({ baseline: 0n });
  run.market.check.venueRead({
    total: ONE,
    explained: 0n,
    askedMs: run.world.nowMs,
    nowMs: run.world.nowMs,
    isSettled: true,
  });
  await run.pass(600);
  expect(run.told[0]).toMatchObject({
    type: "Risk Limit Breached",
    detail: { limit: "position SEI/USDC", reason: "the venue holds 1 SEI, the books expect 0 SEI" },
  });
  expect(run.control.control.state(run.control.now).kills).toMatchObject([{ scope: SEI }]);
});

test("a halt is told once the venue itself shows nothing of ours, not before 2 s, and only once", async () => {
  const run = await makeCase();
  run.venue.open = [{ ...orderOf(run.market, "buy"), clientOrderId: "by-hand", filled: toLots(0), status: "open" }];
  run.halt("the order API fails");
  await run.pass(1_900);
  expect(run.told).toEqual([]);
  await run.pass(10_000);
  expect(run.told).toMatchObject([
    {
      type: "Quoting Halted",
      detail: { market: SEI, reason: "the order API fails", nothingLive: true },
    },
  ]);
  expect(run.told[0]?.atMs).toBeLessThanOrEqual(2_400);
  expect(run.told[0]?.atMs).toBeGreaterThanOrEqual(2_000);
  expect(run.askedMs).toHaveLength(1);
  expect(run.lines).toContain("halt confirmed, the venue shows no order of ours");
  run.allow();
  await run.pass(500);
  expect(run.typesTold()).toEqual(["Quoting Halted", "Quoting Resumed"]);
  expect(run.told[1]?.detail).toMatchObject({ market: SEI });
});

test("a halt that is over within 2 s is no news, and neither is its end", async () => {
  const run = await makeCase();
  run.halt("a failover");
  await run.pass(1_500);
  run.allow();
  await run.pass(5_000);
  expect(run.told).toEqual([]);
});

test("a halt that the venue does not confirm is told after 3 s as it is, and confirmed later without a second word", async () => {
  const run = await makeCase();
  run.venue.open = new Error("no whole answer");
  run.halt("a kill");
  await run.pass(2_900);
  expect(run.told).toEqual([]);
  await run.pass(500);
  expect(run.told).toMatchObject([{ type: "Quoting Halted", detail: { nothingLive: false } }]);
  expect(run.askedMs.length).toBeGreaterThan(2);
  const pausesMs = run.askedMs.slice(1).map((ms, index) => ms - (run.askedMs[index] ?? 0));
  expect(Math.min(...pausesMs)).toBeGreaterThanOrEqual(500);
  run.venue.open = [];
  await run.pass(2_000);
  expect(run.typesTold()).toEqual(["Quoting Halted"]);
  expect(run.lines).toContain("halt confirmed, the venue shows no order of ours");
});

test("while the engine itself knows of an open order the venue is not asked", async () => {
  const run = await makeCase();
  run.venue.refusesCancels = true;
  run.halt("a kill");
  await run.pass(3_400);
  expect(run.market.orders.open().length).toBeGreaterThan(0);
  expect(run.askedMs).toEqual([]);
  expect(run.told).toMatchObject([{ type: "Quoting Halted", detail: { nothingLive: false } }]);
});

test("an order of ours that the venue shows live is given to the engine, which cancels it, and only then is it confirmed", async () => {
  const run = await makeCase();
  const stray = { ...orderOf(run.market, "buy"), clientOrderId: "fm-2-SEIUSDC-b0-9", orderId: "O-9" };
  run.venue.open = [{ ...stray, filled: toLots(0), status: "open" }];
  run.venue.ageMs = 15;
  run.halt("a kill");
  await run.pass(500);
  const [list] = run.pushed;
  expect(list).toMatchObject({ type: "open-orders-read", market: SEI, orders: [{ orderId: "O-9" }] });
  expect((list?.at.monotonicMs ?? 0) - (list?.askedMs ?? 0)).toBe(15);
  expect(run.market.orders.find("fm-2-SEIUSDC-b0-9")).toMatchObject({ state: "cancelled" });
  expect(run.lines).not.toContain("halt confirmed, the venue shows no order of ours");
  run.venue.open = [];
  await run.pass(2_500);
  expect(run.told).toMatchObject([{ type: "Quoting Halted", detail: { nothingLive: true } }]);
});

test("an answer that comes when the halt is over confirms nothing", async () => {
  const run = await makeCase();
  run.venue.takesMs = 800;
  run.halt("a failover");
  await run.pass(600);
  run.allow();
  await run.pass(1_000);
  expect(run.pushed).toHaveLength(1);
  expect(run.lines).not.toContain("halt confirmed, the venue shows no order of ours");
});

test("before the start-up has let it quote, a market that is not quoted is no news", async () => {
  const run = await makeCase();
  run.watch.stop();
  const { engine } = makeEngine();
  const announced: string[] = [];
  const watch = new EngineWatch({
    engine,
    venue: { openOrders: () => Promise.reject(new Error("must not be asked")) },
    control: run.control.control,
    isInCharge: () => true,
    announcer: { announce: (type) => announced.push(type) },
    feed: () => makeTaskState().feed,
    push: () => undefined,
    clock: run.world.clock,
    log: makeRecorder().log,
  });
  watch.start();
  await run.world.pass(5_000);
  watch.stop();
  expect(announced).toEqual([]);
});

test("each failover of the feed is told with the endpoint now in use", async () => {
  const run = await makeCase();
  await run.pass(400);
  run.setFeed({ endpoint: "ws://two", failovers: 1 });
  await run.pass(1_000);
  run.setFeed({ endpoint: "ws://one", failovers: 3 });
  await run.pass(1_000);
  expect(run.told.map(({ type, detail }) => [type, detail["endpoint"], detail["failovers"]])).toEqual([
    ["Feed Failed Over", "ws://two", 1],
    ["Feed Failed Over", "ws://one", 3],
  ]);
});

test("after the stop nothing is told", async () => {
  const run = await makeCase();
  run.watch.stop();
  run.halt("a kill");
  run.setFeed({ failovers: 1 });
  await run.pass(5_000);
  expect(run.told).toEqual([]);
});
