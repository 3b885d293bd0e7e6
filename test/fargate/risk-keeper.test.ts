import { expect, test } from "vitest";
import { toLots, toTicks } from "../../core/units.ts";
import { RiskKeeper } from "../../fargate/risk-keeper.ts";
import type { RiskMemory } from "../../fargate/risk-store.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { instant, makeFill } from "../core/make-events.ts";
import { makeRecorder } from "./driven-world.ts";
import { makeEngine, makeQuotingEngine } from "./make-engine.ts";

const ONE = 10n ** 18n;
const KEPT = { peak: 5n * ONE, day: 20_455, dayStart: 0n, latch: undefined };

/** A keeper of an engine, over a store that answers as it is told. */
function makeKeeper({ engine, market }: ReturnType<typeof makeEngine> = makeEngine({ loss: KEPT, baseline: ONE })) {
  const world = new VirtualTime();
  const { log, lines } = makeRecorder();
  const saved: { readonly memory: RiskMemory; readonly epoch: number; readonly atMs: number }[] = [];
  const table: { answer: boolean | Error; takesMs: number } = { answer: true, takesMs: 0 };
  const versions: number[] = [];
  const save = async (
    memory: RiskMemory,
    at: { readonly epoch: number; readonly version: number },
  ): Promise<boolean> => {
    // Each write says that it is later than those before it.
    expect(at.version).toBeGreaterThan(versions.at(-1) ?? 0);
    versions.push(at.version);
    saved.push({ memory, epoch: at.epoch, atMs: world.nowMs });
    await new Promise<void>((resolve) => world.after(table.takesMs, resolve));
    if (table.answer instanceof Error) throw table.answer;
    return table.answer;
  };
  const keeper = new RiskKeeper({ engine, epoch: 9, store: { save }, clock: world.clock, log });
  return { world, keeper, engine, market, saved, table, lines };
}

test("what the engine holds is written with the epoch, and then not again while nothing changes", async () => {
  const { world, keeper, saved } = makeKeeper();
  await world.settled(keeper.save(), "the write");
  expect(saved).toEqual([
    {
      memory: { loss: KEPT, baselines: new Map([["SEI/USDC", ONE]]), differing: [], writtenAtMs: world.epochMs },
      epoch: 9,
      atMs: 0,
    },
  ]);
  keeper.start();
  await world.pass(60_000);
  expect(saved).toHaveLength(1);
  keeper.stop();
});

test("before there is anything to keep, nothing is written", async () => {
  const { world, keeper, saved } = makeKeeper(makeEngine());
  keeper.start();
  await world.pass(20_000);
  expect(saved).toEqual([]);
  keeper.stop();
});

test("a new peak is written within 5 s, and a baseline that an operator's word changed as well", async () => {
  const { world, keeper, engine, market, saved } = makeKeeper(makeQuotingEngine());
  keeper.start();
  await world.pass(5_000);
  expect(saved.map(({ memory }) => memory.loss?.peak)).toEqual([0n]);
  // Bought for a tenth of the mid: a profit.
  const fill = makeFill({ fillId: "F-1", price: toTicks(500), size: toLots(10) });
  engine.apply({ type: "fill", fill, at: instant(100) });
  engine.decide(instant(100));
  await world.pass(5_000);
  expect(saved.map(({ memory }) => memory.loss?.peak)).toEqual([0n, (45n * ONE) / 10n]);
  market.check.venueRead({ total: 7n * ONE, explained: 0n, askedMs: 200, nowMs: 200, isSettled: true });
  await world.pass(5_000);
  expect(saved.map(({ memory, atMs }) => [memory.baselines.get("SEI/USDC"), atMs])).toEqual([
    [undefined, 5_000],
    [undefined, 10_000],
    [7n * ONE, 15_000],
  ]);
  keeper.stop();
});

test.each([true, false])(
  "a latch is written at once, and tried again as all else is (the table answers: %s)",
  async (answers) => {
    const { world, keeper, engine, saved, table } = makeKeeper(makeQuotingEngine());
    keeper.start();
    await world.pass(5_000);
    if (!answers) table.answer = new Error("the table is out of reach");
    // Bought at ten times the mid: the loss is beyond every limit.
    const fill = makeFill({ fillId: "F-1", price: toTicks(50_000), size: toLots(100_000) });
    engine.apply({ type: "fill", fill, at: instant(100) });
    engine.decide(instant(100));
    await world.pass(400);
    expect(engine.loss.latch).toBeDefined();
    expect(saved.map(({ memory, atMs }) => [memory.loss?.latch, atMs])).toEqual([
      [undefined, 5_000],
      [engine.loss.latch, 5_200],
    ]);
    await world.pass(10_000);
    expect(saved).toHaveLength(answers ? 2 : 4);
    keeper.stop();
  },
);

test("a write that failed is made up for, though nothing changed since", async () => {
  const { world, keeper, saved, table, lines } = makeKeeper();
  table.answer = new Error("the table is out of reach");
  await world.settled(keeper.save(), "the write");
  keeper.start();
  await world.pass(5_000);
  table.answer = true;
  await world.pass(15_000);
  expect(saved.map(({ atMs }) => atMs)).toEqual([0, 5_000, 10_000]);
  expect(lines).toEqual(Array(2).fill("the risk item could not be written"));
  keeper.stop();
});

test("once a later task keeps the item, this one writes it no more, and says so once", async () => {
  const { world, keeper, market, saved, table, lines } = makeKeeper();
  table.answer = false;
  keeper.start();
  await world.pass(5_000);
  market.check.resume();
  market.check.venueRead({ total: 3n * ONE, explained: 0n, askedMs: 0, nowMs: 0, isSettled: true });
  await world.pass(20_000);
  await world.settled(keeper.save(), "the write");
  expect(saved).toHaveLength(1);
  expect(lines).toEqual(["a later task keeps the risk item, this one writes it no more"]);
  keeper.stop();
});

test("after the stop only what is asked for is written", async () => {
  const { world, keeper, saved } = makeKeeper();
  keeper.start();
  keeper.stop();
  await world.pass(20_000);
  expect(saved).toEqual([]);
  await world.settled(keeper.save(), "the write");
  expect(saved).toHaveLength(1);
});

test("a stop while a write is under way is the end of the rounds", async () => {
  const { world, keeper, engine, saved, table } = makeKeeper();
  table.takesMs = 1_000;
  keeper.start();
  await world.until(() => saved.length === 1, "the first write");
  keeper.stop();
  // There would be something to write.
  engine.loss.resume();
  await world.pass(20_000);
  expect(saved).toHaveLength(1);
});
