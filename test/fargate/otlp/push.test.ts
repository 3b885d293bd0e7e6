import { describe, expect, test } from "vitest";
import { scrape } from "../scrape.ts";
import { ACCOUNT, makePushWorld, SECRET_ARN, toldOf } from "./push-world.ts";

const ERRORS = "flashmm_metrics_push_errors_total";
const PLACED = "flashmm_orders_placed_total";
const BUYS = { market: "SEI/USDC", side: "buy" } as const;

describe("pushing the metrics", () => {
  test("begins at once with the zeros, and goes on every fifteen seconds", async () => {
    const { push, collector, registry, world, pass } = makePushWorld();
    push.start();
    await pass(1);
    expect(toldOf(collector.taken[0], PLACED, BUYS)).toBe(0);
    registry.increment(PLACED, BUYS, 7);
    await pass(44);
    expect(world.arrivalsMs).toEqual([0, 15_000, 30_000, 45_000]);
    expect(toldOf(collector.taken[1], PLACED, BUYS)).toBe(7);
    expect(collector.refusals).toEqual([]);
    expect(push.state()).toMatchObject({ status: "working", pushes: 4, failures: 0, detail: "the figures are taken" });
  });

  test("is of the moment at which it is sent", async () => {
    const { push, collector, clock, pass } = makePushWorld();
    const beganMs = clock.now().epochMs;
    push.start();
    await pass(30);
    const told = collector.taken.map(({ series }) => series.map(({ startMs, atMs }) => [startMs, atMs - beganMs]));
    expect(told.map((points) => points[0])).toEqual([0, 15_000, 30_000].map((atMs) => [beganMs, atMs]));
  });

  test("is off where nothing says where to, and said to be", async () => {
    const { push, world, lines, pass } = makePushWorld({ source: undefined });
    push.start();
    await pass(60);
    await push.finish(1_500);
    expect([world.arrivalsMs, lines]).toEqual([[], []]);
    expect(push.state()).toMatchObject({ status: "off", detail: "not configured" });
  });

  test("loses nothing of the counters while the collector is away, and says so once", async () => {
    const { push, collector, registry, world, lines, records, pass } = makePushWorld();
    push.start();
    await pass(20);
    world.isDown = true;
    for (let second = 0; second < 300; second += 1) {
      registry.increment(PLACED, BUYS);
      registry.observe("flashmm_tick_to_wire_seconds", { market: "SEI/USDC" }, 0.0004);
      await pass(1);
    }
    expect(collector.takenCount).toBe(2);
    expect(push.state()).toMatchObject({ status: "failing", detail: "no answer came: connect ECONNREFUSED" });
    world.isDown = false;
    await pass(60);
    const last = collector.taken.at(-1);
    expect(toldOf(last, PLACED, BUYS)).toBe(300);
    const bucket = { market: "SEI/USDC", le: "0.0005" };
    expect(toldOf(last, "flashmm_tick_to_wire_seconds_bucket", bucket)).toBe(300);
    // Of the outage itself too: 15, 30 and then 60 s apart.
    expect(toldOf(last, ERRORS, { kind: "no-answer" })).toBe(push.state().failures);
    expect(push.state().failures).toBe(7);
    expect(lines).toEqual(["metrics push", "metrics push", "metrics push"]);
    expect(records.map(({ fields }) => fields["status"])).toEqual(["working", "failing", "working"]);
  });

  test.each([
    ["401", { type: "status", status: 401, said: "invalid token" } as const, "refused", "status 401, invalid token"],
    ["403", { type: "status", status: 403 } as const, "refused", "status 403"],
    ["a page of another server", { type: "garbage" } as const, "failed", "status 502, <html>"],
    ["503", { type: "status", status: 503 } as const, "failed", "status 503"],
    ["a redirection", { type: "status", status: 302 } as const, "refused", "status 302"],
  ])("an answer of %s is counted each time, said once, and the next push goes out all the same", async (...given) => {
    const [, fault, kind, reason] = given;
    const { push, collector, registry, world, lines, pass } = makePushWorld();
    collector.fault = fault;
    push.start();
    await pass(200);
    expect(world.arrivalsMs).toEqual([0, 15_000, 45_000, 105_000, 165_000]);
    expect(push.state()).toMatchObject({ status: "failing", failures: 5, pushes: 0 });
    expect(push.state().detail).toContain(reason);
    expect(lines).toHaveLength(1);
    expect((await scrape(registry)).lines).toContain(`${ERRORS}{kind="${kind}"} 5`);
    collector.fault = undefined;
    await pass(60);
    expect(push.state()).toMatchObject({ status: "working", pushes: 3 });
  });

  test.each([
    ["seconds", "120", [0, 120_000]],
    ["more than five minutes", "86400", [0, 300_000]],
    ["a word", "soon", [0, 15_000, 45_000, 105_000, 165_000, 225_000, 285_000]],
    ["less than our own pause", "1", [0, 15_000, 45_000, 105_000, 165_000, 225_000, 285_000]],
  ])("a collector that asks for %s of rest gets it within bounds", async (_name, retryAfter, expected) => {
    const { push, collector, world, pass } = makePushWorld();
    collector.fault = { type: "status", status: 429, retryAfter };
    push.start();
    await pass(1);
    if (expected.length === 2) collector.fault = { type: "hang" };
    await pass(300);
    expect(world.arrivalsMs.slice(0, expected.length)).toEqual(expected);
    expect(push.state().detail).toMatch(/fewer pushes|no answer came/);
  });

  test("gives up an answer that does not come within ten seconds, and has one push under way at a time", async () => {
    const { push, collector, registry, world, pass } = makePushWorld();
    collector.fault = { type: "hang" };
    push.start();
    await pass(9);
    expect(world.inFlight).toBe(1);
    await pass(2);
    expect(world.inFlight).toBe(0);
    await pass(120);
    expect(world.inFlightMax).toBe(1);
    collector.fault = undefined;
    registry.increment(PLACED, BUYS, 3);
    await pass(60);
    expect(toldOf(collector.taken.at(-1), PLACED, BUYS)).toBe(3);
  });

  test("what is left out is counted and told, and no reason to send less", async () => {
    const { push, collector, registry, world, lines, pass } = makePushWorld();
    collector.fault = { type: "partial", said: "err-mimir-max-series-per-user" };
    push.start();
    await pass(45);
    expect(world.arrivalsMs).toEqual([0, 15_000, 30_000, 45_000]);
    expect(push.state()).toMatchObject({ status: "working", pushes: 4 });
    expect(push.state().detail).toMatch(/^the figures are taken in part: .*err-mimir-max-series-per-user/);
    expect(lines).toHaveLength(1);
    expect((await scrape(registry)).lines).toContain(`${ERRORS}{kind="partial"} 4`);
  });

  test("shows the token nowhere, even if the other side sends it back", async () => {
    const { push, collector, records, pass } = makePushWorld();
    const pair = Buffer.from(`${ACCOUNT.instanceId}:${ACCOUNT.token}`).toString("base64");
    for (const said of [`who is ${ACCOUNT.token}?`, `authorization: Basic ${pair}`]) {
      collector.fault = { type: "status", status: 400, said };
      push.start();
      await pass(60);
      expect(push.state().detail).toBe("the push was refused: status 400, (not shown)");
    }
    const shown = JSON.stringify([records, push.state()]);
    expect(shown).not.toContain(ACCOUNT.token);
    expect(shown).not.toContain(pair);
  });
});

test("an error on the way that shows the token is told without it", async () => {
  const { push, world, records, pass } = makePushWorld();
  const pair = Buffer.from(`${ACCOUNT.instanceId}:${ACCOUNT.token}`).toString("base64");
  for (const thrown of [`invalid header: ${ACCOUNT.token}`, `invalid header: Basic ${pair}`]) {
    world.thrown = thrown;
    push.start();
    await pass(60);
    expect(push.state().detail).toBe("no answer came: (not shown)");
  }
  const shown = JSON.stringify([records, push.state()]);
  expect(shown).not.toContain(ACCOUNT.token);
  expect(shown).not.toContain(pair);
});

test("one message is made at the start, and not first while orders stand", async () => {
  const { push, collections, world, pass } = makePushWorld({ source: { type: "secret", arn: SECRET_ARN } });
  push.start();
  await pass(1);
  expect([collections(), world.arrivalsMs]).toEqual([1, []]);
});

describe("the lease and the push", () => {
  test("a task without the lease pushes nothing, and goes on when it has it again", async () => {
    const { push, collector, registry, world, pass } = makePushWorld();
    push.start();
    await pass(20);
    world.isInCharge = false;
    await pass(60);
    expect(collector.takenCount).toBe(2);
    expect(push.state()).toMatchObject({
      status: "waiting",
      failures: 0,
      detail: "the lease is not the task's for sure",
    });
    expect((await scrape(registry)).lines).toContain(`${ERRORS}{kind="no-answer"} 0`);
    world.isInCharge = true;
    await pass(20);
    expect(push.state().status).toBe("working");
  });

  test("the last push has the figures of the end, and none comes after it", async () => {
    const { push, collector, registry, world, pass } = makePushWorld();
    push.start();
    await pass(20);
    registry.increment(PLACED, BUYS, 5);
    await push.finish(1_500);
    expect(toldOf(collector.taken.at(-1), PLACED, BUYS)).toBe(5);
    await pass(60);
    push.start();
    await push.finish(1_500);
    await pass(60);
    expect(world.arrivalsMs).toEqual([0, 15_000, 20_000]);
  });

  test("the last push takes the place of one on its way, and is given up in time", async () => {
    const { push, collector, world, clock, pass } = makePushWorld();
    collector.fault = { type: "hang" };
    push.start();
    await pass(3);
    let isFinished = false;
    void push.finish(1_500).then(() => {
      isFinished = true;
    });
    await pass(1);
    expect([world.inFlight, collector.arrivedCount, isFinished]).toEqual([1, 2, false]);
    await pass(1);
    expect([world.inFlight, isFinished, clock.now().monotonicMs]).toEqual([0, true, 5_000]);
  });

  test("a task that has lost the lease does not push at its stop", async () => {
    const { push, collector, world, pass } = makePushWorld();
    push.start();
    await pass(1);
    world.isInCharge = false;
    await push.finish(1_500);
    expect(collector.takenCount).toBe(1);
  });
});
