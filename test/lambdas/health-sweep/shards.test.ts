import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guardOrders } from "../../../lambdas/health-sweep/dead-man.ts";
import { type Claimant, claimOf, parseShards, readShards } from "../../../lambdas/health-sweep/shards.ts";
import { makeSweepWorld, type SweepWorld } from "./sweep-world.ts";

const SEI = "SEI/USDC";
const ETH = "ETH/USDC";

describe("shards that are configured", () => {
  it.each([
    [{}, undefined],
    [
      { SHARDS: "main=SEI/USDC,ATOM/USDC; b=ETH/USDC" },
      [
        { name: "main", markets: [SEI, "ATOM/USDC"], suffix: "" },
        { name: "b", markets: [ETH], suffix: "-b" },
      ],
    ],
  ])("are read from %j", (environment, shards) => {
    expect(parseShards(environment)).toEqual(shards);
  });

  it.each(["main", "main=", "main=sei", "a=SEI/USDC;a=ETH/USDC", "a=SEI/USDC;b=SEI/USDC", "a=SEI/USDC;"])(
    "are refused where they are %s",
    (SHARDS) => {
      expect(() => parseShards({ SHARDS })).toThrow(/must be/);
    },
  );

  it("are watched apart: one that is silent is not kept alive by another, and only its own markets are touched", async () => {
    const world = makeSweepWorld({ markets: [SEI, ETH], shard: "main" });
    world.place("fm-1-SEIUSDC-b0-1", SEI);
    world.place("fm-1-ETHUSDC-b0-1", ETH);
    await silenceMain(world, {});
    const { parts } = world.makeProcess();
    const sweep = guardOrders({ ...parts, markets: [SEI] }, world.time.nowMs + 57_000);
    await world.time.settled(sweep, "the sweep");
    expect(world.open()).toEqual(["fm-1-ETHUSDC-b0-1"]);
    expect(world.alarms().map(({ detail }) => detail["shard"])).toEqual(["main"]);
  });
});

/** Beside `main`, which is killed, another task beats on. */
async function silenceMain(
  world: SweepWorld,
  second: { readonly epoch?: number; readonly markets?: readonly string[] },
) {
  world.startTask();
  await world.time.pass(10_000);
  world.killTask();
  const beatOn = () => {
    void world.writeLease({ shard: "second", ...second });
    world.time.after(3_333, beatOn);
  };
  beatOn();
  await world.time.pass(45_000);
}

/** What the function does where `SHARDS` is not set: a dead man for each lease. */
async function sweepEach(world: SweepWorld) {
  const { parts } = world.makeProcess();
  const shards = await readShards(parts.table, parts.markets);
  const untilMs = world.time.nowMs + 57_000;
  const guards = shards.map(({ name, ...own }) => guardOrders({ ...parts, ...own, shard: name }, untilMs));
  return await world.time.settled(Promise.all(guards), "the dead men");
}

describe("without SHARDS each lease is a task of its own", () => {
  it.each([
    ["tells its markets", { markets: [ETH] }, ["fm-1-ETHUSDC-b0-1"]],
    ["has another epoch", { epoch: 2 }, ["fm-2-SEIUSDC-b0-2"]],
    // Whose they are can not be told, so that those of the one that beats may not be touched.
    ["has the same epoch and tells nothing", {}, ["fm-1-SEIUSDC-b0-1", "fm-1-ETHUSDC-b0-1"]],
  ])("one that is silent is ended beside one that beats and %s", async (_what, second, left) => {
    const world = makeSweepWorld({ markets: [SEI, ETH] });
    world.place("fm-1-SEIUSDC-b0-1", SEI);
    world.place("fm-2-SEIUSDC-b0-2", SEI);
    world.place("fm-1-ETHUSDC-b0-1", ETH);
    await silenceMain(world, second);
    const outcomes = await sweepEach(world);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["unhealthy", "healthy"]);
    expect(world.open()).toEqual(left);
    expect(world.alarms().map(({ detail }) => detail["shard"])).toEqual(["main"]);
  });

  it("where there is no lease one of all is watched, and ended", async () => {
    const world = makeSweepWorld({ markets: [SEI] });
    world.place("fm-1-SEIUSDC-b0-1", SEI);
    expect(await readShards(world.makeProcess().parts.table, [SEI])).toEqual([
      { name: undefined, markets: [SEI], suffix: "" },
    ]);
    await sweepEach(world);
    expect(world.open()).toEqual([]);
  });

  it("each order is at most one's, never one's that beat before another that could have placed it, and somebody's who is silent", () => {
    const lease = (name: string) =>
      fc.record({
        name: fc.constant(name),
        epoch: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        atMs: fc.integer({ min: 0, max: 5 }),
        markets: fc.option(fc.subarray([SEI, ETH], { minLength: 1 }), { nil: undefined }),
      });
    fc.assert(
      fc.property(
        fc.tuple(lease("a"), lease("b"), lease("c")),
        fc.constantFrom(SEI, ETH),
        fc.integer({ min: 1, max: 4 }),
        (leases, market, epoch) => {
          const order = { market, orderId: "O-1", clientOrderId: `fm-${epoch}-X-b0-1` };
          const owners = leases.filter(({ name }) => claimOf(name, leases)(order));
          expect(owners.length).toBeGreaterThan(0);
          const couldHave = (each: Claimant) => each.markets?.includes(market) ?? each.epoch === epoch;
          const naming = leases.filter(({ markets }) => markets?.includes(market) === true);
          for (const other of naming.length > 0 ? naming : leases.filter(couldHave)) {
            expect(owners).toHaveLength(1);
            expect(owners[0]?.atMs).toBeGreaterThanOrEqual(other.atMs);
          }
        },
      ),
    );
  });
});
