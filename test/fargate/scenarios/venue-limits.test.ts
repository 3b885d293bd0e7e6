import { expect, it } from "vitest";
import { Secret } from "../../../fargate/secret.ts";
import type { RouteName } from "../../../sim/cambrian-api/routes.ts";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import { type HandMadeWorld, keepMoving, nextPlaced, quotingInFull, ROOMY, stateOf, TIGHT } from "./moving-market.ts";
import { endWell, JITTER, liveOrders, reasonsOf, startQuoting, stopped, untilQuoting } from "./scenario.ts";

/** Moments at which the venue answered 429. */
function refusals({ record }: HandMadeWorld): readonly number[] {
  return record.entries.flatMap((entry) => (entry.type === "left" && entry.status === 429 ? [entry.atMs] : []));
}

it.each([
  ["any", 3, 5],
  ["place", 4, 2],
  ["cancel", 2, 3],
] as const)(
  "429 storm: %s requests refused %i times with Retry-After %i: nothing is sent within it, and all goes on after",
  async (route, times, seconds) => {
    await using world = await startScenarioWorld({ seed: 301, configured: ROOMY });
    const { time, api, record } = world;
    const task = await quotingInFull(world);
    const rest = keepMoving(world, 300);
    await time.pass(2_000);
    const effect = { type: "status", status: 429, retryAfterSeconds: seconds } as const;
    api.faults.inject({ route: route satisfies RouteName | "any", when: "before", effect }, times);
    await time.until(() => refusals(world).length >= times, "the storm", 60_000);
    await time.pass(10_000);
    rest();
    expect(refusals(world)).toHaveLength(times);
    for (const refusedMs of refusals(world)) {
      // What was sent before the refusal can have been heard is on its way still.
      const [fromMs, untilMs] = [refusedMs + JITTER.high, refusedMs + seconds * 1_000];
      const sent = record.arrivals().filter(({ sentMs }) => sentMs > fromMs && sentMs < untilMs);
      expect(sent.map(({ method, path, sentMs }) => `${method} ${path} at ${sentMs}`)).toEqual([]);
    }
    expect(task.state().errors["cambrian api rate-limited"]).toBeGreaterThanOrEqual(times);
    expect(api.stats().refusedForRate).toBe(0);
    expect(api.stats().refusedForPlacements).toBe(0);
    await endWell(world, task);
  },
);

it("429 storm: refused placings are proven not taken: nothing of them is exposure, and nobody is asked for them", async () => {
  await using world = await startScenarioWorld({ seed: 302, configured: TIGHT });
  const { time, api } = world;
  const task = await quotingInFull(world);
  api.faults.inject(
    { route: "place", when: "before", effect: { type: "status", status: 429, retryAfterSeconds: 1 } },
    Number.POSITIVE_INFINITY,
  );
  const rest = keepMoving(world);
  const rejected = () => task.market()?.ordersRejected ?? 0;
  await time.until(() => rejected() >= 4, "the storm", 60_000);
  const refused = await nextPlaced(world);
  await time.until(() => stateOf(task, refused) === undefined, "it has ended", 2_000);
  rest();
  expect(task.market()?.ordersUnknown).toBe(0);
  expect(refusals(world).length).toBeGreaterThanOrEqual(rejected());
  expect(world.record.arrivals("orders").filter(({ path }) => path.includes("client_order_id"))).toEqual([]);
  api.faults.clear();
  await endWell(world, task);
});

it("401 after a key rotation: halted at once, ends with what may be open; the next task with the new key ends it and quotes", async () => {
  await using world = await startScenarioWorld({ seed: 303, configured: TIGHT });
  const { time, api, exchange } = world;
  const task = await quotingInFull(world);
  exchange.hand(SYMBOL).hit("sell", "300");
  await time.until(() => task.market()?.fillCount === 1, "a fill is booked", 5_000);
  const placedBefore = world.record.arrivals("place").length;
  api.rotateKey({ apiKey: "another-key", secretKey: "another-secret" });
  const rotatedMs = time.nowMs;
  const rest = keepMoving(world);
  await time.until(() => task.market()?.quoting === false, "it is halted", 8_000);
  expect(reasonsOf(task)).toContain("the order API refuses our key or our clock");
  await time.until(() => task.useless.length === 1, "it wants to be ended", 8_000);
  rest();
  expect(task.useless[0]).toContain("has refused our key or our clock");
  expect(time.nowMs - rotatedMs).toBeLessThan(15_000);
  expect(world.record.arrivals("place").length - placedBefore).toBeLessThanOrEqual(8);
  const left = liveOrders(world).map(({ clientOrderId }) => clientOrderId);
  expect(left.length).toBeGreaterThan(0);

  exchange.hand(SYMBOL).hit("sell", "200");
  const faults = (await stopped(world, task)).join("; ");
  expect(faults).toContain("orders may be open");
  for (const clientOrderId of left) expect(faults).toContain(clientOrderId);
  task.process.crash();

  const next = await startQuoting(world, {
    configured: (config) => ({
      ...config,
      cambrian: { ...config.cambrian, apiKey: new Secret("another-key"), secretKey: new Secret("another-secret") },
    }),
  });
  expect(next.state().startup.find(({ step }) => step === "win the lease")?.detail).toContain("taken over");
  for (const clientOrderId of left)
    expect(exchange.orderByClientId(clientOrderId)?.status).toMatch(/^(cancelled|filled)$/);
  expect(next.market()?.fillCount).toBe(world.fills().length);
  next.links.venue.latency = JITTER;
  await endWell(world, next);
});

it("two unknown orders stop placing in the market until they are settled", async () => {
  await using world = await startScenarioWorld({ seed: 304, configured: ROOMY });
  const { time, api, record } = world;
  const task = await quotingInFull(world);
  api.faults.streamMuted = true;
  api.faults.inject({ route: "place", when: "after", effect: { type: "status", status: 500 } }, 2);
  const first = await nextPlaced(world);
  api.faults.orders.hide(first);
  const second = await nextPlaced(world);
  api.faults.orders.hide(second);
  await time.until(() => task.market()?.ordersUnknown === 2, "two are unknown", 5_000);
  await time.pass(400);
  const before = record.arrivals("place").length;
  const rest = keepMoving(world);
  await time.pass(5_000);
  expect(record.arrivals("place")).toHaveLength(before);
  expect(record.arrivals("cancel").length).toBeGreaterThan(0);
  expect(task.market()?.denials["unknown-orders"]).toBeGreaterThan(0);
  expect(reasonsOf(task)).toContain("unknown-orders");
  api.faults.clear();
  await time.until(() => task.market()?.ordersUnknown === 0, "they are settled", 5_000);
  await time.until(() => record.arrivals("place").length > before, "it places again", 5_000);
  rest();
  await untilQuoting(world, task);
  await endWell(world, task);
});
