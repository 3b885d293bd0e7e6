import { describe, expect, it } from "vitest";
import type { HandMadeExchange } from "../../../sim/exchange/hand-made-exchange.ts";
import { InvariantError } from "../../../sim/world/invariants.ts";
import { type ScenarioWorld, SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";

type World = ScenarioWorld<HandMadeExchange>;

/** A task that quotes both sides. */
async function startQuoting(world: World) {
  const { time, exchange } = world;
  const task = world.makeTask();
  await time.settled(task.start(), "the start", 60_000);
  await time.until(() => new Set(exchange.openOrders().map(({ side }) => side)).size === 2, "both sides", 30_000);
  return task;
}

const live = ({ exchange }: World) => exchange.openOrders().map(({ clientOrderId }) => clientOrderId);

describe("a task in the world", () => {
  it("crashes after a placing took effect: the order stays, and its successor ends it", async () => {
    await using world = await startScenarioWorld({ seed: 11 });
    const first = world.makeTask();
    first.process.crashAt({ moment: "after-effect", call: "place", nth: 2 });
    void first.start();
    await world.time.until(() => first.process.state === "dead", "the crash", 60_000);
    await world.time.pass(2_000);
    const left = live(world);
    expect(left.length).toBeGreaterThanOrEqual(2);

    const second = await startQuoting(world);
    expect(live(world).filter((id) => left.includes(id))).toEqual([]);
    world.exchange.hand(SYMBOL).hit("buy", "300");
    await world.time.settled(second.stop(), "the stop", 60_000);
    await world.check();
  });

  it("crashes with its answer unread, and says nothing more to anybody", async () => {
    await using world = await startScenarioWorld({ seed: 12 });
    const task = world.makeTask();
    task.process.crashAt({ moment: "answer-arrived", call: "place", nth: 1 });
    void task.start();
    await world.time.until(() => task.process.state === "dead", "the crash", 60_000);
    const [arrivals, lines] = [world.record.arrivals().length, task.records.length];
    await world.time.pass(60_000);
    // What it had written before was still on its way.
    expect(world.record.arrivals().length).toBeLessThanOrEqual(arrivals + 3);
    expect(task.records.length).toBe(lines);
    expect(world.node.endpoints[0]?.state().connections).toBe(0);
  });

  it("is frozen while it is hit: it sends nothing, and learns of it at the thaw", async () => {
    await using world = await startScenarioWorld({ seed: 13 });
    const task = await startQuoting(world);
    task.process.freeze();
    await world.time.pass(1_000);
    const before = world.record.arrivals().length;
    world.exchange.hand(SYMBOL).hit("buy", "100");
    await world.time.pass(8_000);
    expect(world.record.arrivals().length).toBe(before);
    expect(task.market()?.fillCount).toBe(0);
    task.process.thaw();
    await world.time.until(() => task.market()?.fillCount === 1, "the fill is known", 10_000);
    await world.time.settled(task.stop(), "the stop", 60_000);
    await world.check();
  });

  it("cannot reach the venue: its circuit opens, and closes when 60 s have passed and the venue is back", async () => {
    await using world = await startScenarioWorld({ seed: 14 });
    const task = await startQuoting(world);
    task.links.venue.reachability = "silent";
    await world.time.until(() => task.state().venue.circuit === 2, "the circuit is open", 60_000);
    const openedMs = world.time.nowMs;
    task.links.venue.reachability = "up";
    await world.time.until(() => task.state().venue.circuit === 0, "the circuit is closed", 120_000);
    expect(world.time.nowMs - openedMs).toBeGreaterThanOrEqual(60_000);
    expect(world.time.nowMs - openedMs).toBeLessThan(75_000);
    await world.time.settled(task.stop(), "the stop", 60_000);
    await world.check();
  });

  it("keeps its fills while the queue cannot be reached, and the ledger has them afterwards", async () => {
    await using world = await startScenarioWorld({ seed: 15 });
    const task = await startQuoting(world);
    task.links.queue.reachability = "refused";
    world.exchange.hand(SYMBOL).hit("sell", "120");
    await world.time.pass(20_000);
    expect(world.queue.sent).toEqual([]);
    task.links.queue.reachability = "up";
    await world.time.settled(task.stop(), "the stop", 60_000);
    await world.check();
  });

  it("with 200 ms each way it keeps within the venue's counts", async () => {
    await using world = await startScenarioWorld({ seed: 16 });
    const task = world.makeTask();
    task.links.venue.latency = { low: 0, high: 200 };
    await world.time.settled(task.start(), "the start", 60_000);
    for (let move = 0; move < 30; move += 1) {
      world.exchange.hand(SYMBOL).jump(move % 2 === 0 ? 0.3 : -0.3);
      await world.time.pass(1_000);
    }
    expect(world.record.arrivals("place").length).toBeGreaterThan(30);
    await world.time.settled(task.stop(), "the stop", 60_000);
    await world.check();
  });
});

describe("a broken rule", () => {
  it("ends the waiting, with the moment and the record", async () => {
    await using world = await startScenarioWorld({ seed: 17 });
    await startQuoting(world);
    world.invariants.placementsForbiddenFrom(world.time.nowMs, "a kill that nobody obeys");
    world.exchange.hand(SYMBOL).jump(1);
    const passing = world.time.pass(5_000);
    await expect(passing).rejects.toThrow(InvariantError);
    await expect(world.time.pass(1_000)).rejects.toThrow(/^forbidden-placement at .*a kill that nobody obeys\n.* ms /);
  });

  it("an order that nobody placed is found within its ten seconds", async () => {
    await using world = await startScenarioWorld({ seed: 18 });
    const task = await startQuoting(world);
    const placedMs = world.time.nowMs;
    const fixed = { market: SYMBOL, side: "buy", orderType: "limit", timeInForce: "post_only" } as const;
    world.exchange.place({ ...fixed, price: "0.3", quantity: "1", clientOrderId: "fm-1-SEIUSDC-b0-999999" });
    // Either the task takes care of it in time, or the world says that it did not.
    const outcome = await world.time.pass(12_000).then(
      () => "held",
      (error: unknown) => (error instanceof InvariantError ? error.rule : "something else"),
    );
    const isGone = world.exchange.orderByClientId("fm-1-SEIUSDC-b0-999999")?.status === "cancelled";
    const isKnown = task.market()?.openOrders.some(({ clientOrderId }) => clientOrderId === "fm-1-SEIUSDC-b0-999999");
    expect(outcome).toBe(isGone || isKnown === true ? "held" : "unknown-order");
    expect(world.time.nowMs - placedMs).toBeGreaterThan(10_000);
  });

  it("at the end names what is open, what is not on the queue and what the ledger lacks", async () => {
    await using world = await startScenarioWorld({ seed: 19 });
    const task = await startQuoting(world);
    world.accountant.stop();
    task.links.queue.reachability = "silent";
    world.exchange.hand(SYMBOL).hit("buy", "10");
    await world.time.pass(2_000);
    const checking = world.check();
    await expect(checking).rejects.toThrow(
      /^end at .*open at the venue: fm-1-.*never on the queue: F-.*the ledger's fill count of SEI\/USDC is 0/,
    );
  });
});
