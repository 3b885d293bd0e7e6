import { expect, it } from "vitest";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import type { CallMoment, CrashPoint } from "../../../sim/world/world-process.ts";
import type { WorldTask } from "../../../sim/world/world-task.ts";
import { type HandMadeWorld, keepMoving, quotingInFull, TIGHT } from "./moving-market.ts";
import { endWell, JITTER, liveOrders, startQuoting } from "./scenario.ts";

/** From the crash: the lease term, the quiet wait, and what the start takes beside. */
const RESTART_WITHIN_MS = 60_000;

/** Takers come now and then, so that fills are under way at the crash. */
function keepTaking({ time, exchange }: HandMadeWorld): () => void {
  let cancel = time.after(700, take);
  let turn = 0;
  function take(): void {
    exchange.hand(SYMBOL).hit(turn % 2 === 0 ? "sell" : "buy", "150");
    turn += 1;
    cancel = time.after(700, take);
  }
  return () => cancel();
}

/** The task dies at a point in the midst of quoting, and its successor starts at once. */
async function crashAndRestart(world: HandMadeWorld, task: WorldTask, point: CrashPoint): Promise<WorldTask> {
  const { time } = world;
  const [rest, leave] = [keepMoving(world), keepTaking(world)];
  await time.until(() => world.fills().length > 0, "a fill", 30_000);
  task.process.crashAt(point);
  await time.until(() => task.process.state === "dead", "it crashes", 60_000);
  const crashedMs = time.nowMs;
  const left = liveOrders(world).map(({ clientOrderId }) => clientOrderId);
  const next = await startQuoting(world);
  next.links.venue.latency = JITTER;
  rest();
  leave();
  expect(time.nowMs - crashedMs).toBeLessThan(RESTART_WITHIN_MS);
  for (const clientOrderId of left) {
    expect(world.exchange.orderByClientId(clientOrderId)?.status).toMatch(/^(cancelled|filled)$/);
  }
  expect(next.state().startup.find(({ step }) => step === "win the lease")?.detail).toContain("taken over");
  expect(next.state().startup.find(({ step }) => step === "keep quiet")?.detail).toBe("6.7 s");
  expect(liveOrders(world).every(({ clientOrderId }) => clientOrderId.startsWith("fm-2-"))).toBe(true);
  return next;
}

const MOMENTS: readonly CallMoment[] = ["before-write", "after-write", "after-effect", "answer-arrived"];

/** One of each kind of call that the task makes while it quotes, in the midst of it. */
const CALLS: readonly (readonly [string, Omit<CrashPoint, "moment">])[] = [
  ["placing", { call: "place", nth: 3 }],
  ["cancelling", { call: "cancel", nth: 3 }],
  ["handing a fill to the queue", { call: "queue", nth: 2 }],
  ["saving the fills checkpoint", { call: "table", nth: 2, matching: /UpdateItem.*"FILLS"/ }],
  ["saving the risk", { call: "table", nth: 1, matching: /UpdateItem.*"RISK"/ }],
  ["renewing the lease", { call: "table", nth: 2, matching: /UpdateItem.*"LEASE"/ }],
  ["reading the control items", { call: "table", nth: 3, matching: /Query.*"CONTROL"/ }],
];

const POINTS = CALLS.flatMap(([what, call]) => MOMENTS.map((moment) => [what, { ...call, moment }] as const));

it.each(POINTS.map(([what, point]) => [what, point.moment, point] as const))(
  "crash at each step, then restart: %s, %s: the next task ends what is live, books every fill once, and quotes",
  async (_what, _moment, point) => {
    await using world = await startScenarioWorld({ seed: 401, configured: TIGHT });
    const task = await quotingInFull(world);
    const next = await crashAndRestart(world, task, point);
    await world.time.until(() => next.market()?.fillCount === world.fills().length, "every fill is booked", 10_000);
    await endWell(world, next);
  },
);

it.each(MOMENTS)(
  "crash at each step, then restart: winning the lease, %s: the next task wins it and quotes",
  async (moment) => {
    await using world = await startScenarioWorld({ seed: 402, configured: TIGHT });
    const { time } = world;
    const task = world.makeTask();
    task.process.crashAt({ call: "table", moment, nth: 1, matching: /UpdateItem.*"LEASE"/ });
    void task.start();
    await time.until(() => task.process.state === "dead", "it crashes", 10_000);
    expect(world.record.arrivals()).toEqual([]);
    const next = await startQuoting(world);
    expect(next.state().epoch).toBe(moment === "before-write" ? 1 : 2);
    await endWell(world, next);
  },
);
