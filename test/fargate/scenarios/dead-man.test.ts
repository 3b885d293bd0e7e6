/** Scenarios of the dead man beside the real task: it ends the orders of one that is gone or frozen, and none of one that lives. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { expect, it } from "vitest";
import { makeKeys } from "../../../lambdas/cambrian-keys.ts";
import { type DeadMan, guardOrders } from "../../../lambdas/health-sweep/dead-man.ts";
import { readBeat } from "../../../lambdas/health-sweep/heartbeat.ts";
import { VenueOrders } from "../../../lambdas/health-sweep/venue-orders.ts";
import { AWS_SETTINGS, makeRequestHandler } from "../../../sim/world/aws-access.ts";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import { type HandMadeWorld, TIGHT } from "./moving-market.ts";
import { endWell, liveOrders, startQuoting } from "./scenario.ts";

const SWEEP_EVERY_MS = 60_000;
const ENDED_WITHIN_MS = 95_000;
/** From request to answer at the order API. */
const LATENCY_MS = 40;

/** The dead man of a function that is started each minute. `asked` are its calls to the order API. */
function startSweeps(world: HandMadeWorld) {
  const { time, table: host, api } = world;
  const requestHandler = makeRequestHandler((request) => time.hold(() => host.backend(request)));
  const table = {
    client: new DynamoDBClient({ ...AWS_SETTINGS, requestHandler }),
    tableName: host.tableName,
  };
  const asked: string[] = [];
  const alarms: unknown[] = [];
  const timing = {
    epochMs: () => Math.floor(time.epochMs),
    monotonicMs: () => time.nowMs,
    wait: (millis: number) => new Promise<void>((resolve) => time.after(millis, resolve)),
    random: () => 0.5,
  };
  const ignore = () => undefined;
  const log = { info: ignore, warn: ignore, error: ignore };
  const venue = {
    baseUrl: "http://venue.world",
    network: "testnet",
    keys: makeKeys({ CAMBRIAN_API_KEY: "the-key", CAMBRIAN_SECRET_KEY: "the-secret" }),
    timing,
    fetch: async (url: string, init: { readonly method: string; readonly headers: Record<string, string> }) => {
      const path = url.slice("http://venue.world".length);
      asked.push(`${init.method} ${path}`);
      await timing.wait(LATENCY_MS);
      const reply = await api.desk.serve(api.desk.arrive(init.method, path), { headers: init.headers, body: "" });
      if (reply.type !== "answer") throw new TypeError("fetch failed");
      return new Response(reply.body, { status: reply.status, headers: { ...reply.headers } });
    },
  } as const;
  const deadMan: DeadMan = {
    table,
    shard: "main",
    markets: [SYMBOL],
    orders: new VenueOrders(venue, log),
    bus: {
      name: "flashmm",
      client: {
        send: async ({ input }: PutEventsCommand) => {
          for (const { Detail = "{}" } of input.Entries ?? []) alarms.push(JSON.parse(Detail));
          return { FailedEntryCount: 0 };
        },
      },
    },
    timing,
    log,
    measure: ignore,
  };
  let cancel = time.after(0, sweep);
  function sweep(): void {
    void guardOrders(deadMan, time.nowMs + 57_000);
    cancel = time.after(SWEEP_EVERY_MS, sweep);
  }
  return {
    asked,
    alarms,
    stop: () => cancel(),
    lastBeatMs: async () => ((await readBeat(table, "main")).atMs ?? 0) - time.epochMs + time.nowMs,
  };
}

it("beside a task that quotes, the dead man asks the venue for nothing", async () => {
  await using world = await startScenarioWorld({ seed: 301, configured: TIGHT });
  const sweeps = startSweeps(world);
  const task = await startQuoting(world);
  await world.time.pass(1.2 * SWEEP_EVERY_MS);
  expect(sweeps.asked).toEqual([]);
  sweeps.stop();
  await endWell(world, task);
});

it.each([
  ["crashes", 57_000],
  ["freezes", 25_000],
])(
  "a task that %s %d ms after a sweep leaves nothing open 95 s after its last heartbeat, and the next one quotes",
  async (how, afterMs) => {
    await using world = await startScenarioWorld({ seed: 302, configured: TIGHT });
    const { time } = world;
    const sweeps = startSweeps(world);
    const task = await startQuoting(world);
    await time.pass(afterMs - time.nowMs);
    if (how === "crashes") task.process.crash();
    else task.process.freeze();
    const lastBeatMs = await sweeps.lastBeatMs();
    expect(liveOrders(world).length).toBeGreaterThan(1);
    world.exchange.place({
      market: SYMBOL,
      side: "buy",
      orderType: "limit",
      price: "0.3900",
      quantity: "10",
      timeInForce: "gtc",
      clientOrderId: "radio-7",
    });
    await time.until(() => liveOrders(world).length === 0, "nothing of ours is live", ENDED_WITHIN_MS);
    expect(time.nowMs - lastBeatMs).toBeGreaterThan(30_000);
    expect(time.nowMs - lastBeatMs).toBeLessThan(ENDED_WITHIN_MS);
    expect(world.exchange.openOrders(SYMBOL).map(({ clientOrderId }) => clientOrderId)).toEqual(["radio-7"]);
    await time.pass(5_000);
    expect(sweeps.alarms).toMatchObject([{ limit: "silent task", by: "health-sweep", left: 0 }]);
    task.process.crash();
    const next = await startQuoting(world);
    sweeps.stop();
    world.exchange.cancel(world.exchange.orderByClientId("radio-7")?.orderId ?? "");
    await endWell(world, next);
  },
);
