/** Scenarios of parameters that change while a task quotes: by its file, by an operator, over a restart; and of bad ones. */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import { strategyItemKey } from "../../../fargate/strategy-item.ts";
import { readStrategy, removeStrategy, timeAfter, writeStrategy } from "../../../sim/local/strategy-table.ts";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import type { WorldTask } from "../../../sim/world/world-task.ts";
import { PLAIN_TEXT, withStrategy } from "../plain-config.ts";
import { type HandMadeWorld, keepMoving } from "./moving-market.ts";
import { endWell, isTwoSided, liveOrders, logged, startQuoting, stopped, untilQuoting } from "./scenario.ts";

/** A look a second, and a content that must be found twice. */
const FILE_WITHIN_MS = 2_100;
const ITEM_WITHIN_MS = 2_000;
/** To cancel and to place anew within the request budget. */
const MOVED_WITHIN_MS = 5_000;

const CHANGED = "strategy parameters changed";
const REFUSED = "configuration refused, the parameters stay as they are";

/** Distance between our best bid and ask at the venue, in basis points of the bid; infinite while a side is missing. */
function ownSpreadBps(world: HandMadeWorld): number {
  const prices = (side: string) => liveOrders(world).filter((order) => order.side === side);
  const bid = Math.max(...prices("buy").map(({ price }) => Number(price)));
  const ask = Math.min(...prices("sell").map(({ price }) => Number(price)));
  return Number.isFinite(bid) && Number.isFinite(ask) ? ((ask - bid) / bid) * 10_000 : Number.POSITIVE_INFINITY;
}

async function untilSpread(world: HandMadeWorld, [least, most]: readonly [number, number]): Promise<void> {
  const isSo = () => isTwoSided(world) && ownSpreadBps(world) >= least && ownSpreadBps(world) <= most;
  await world.time.until(isSo, `our spread is ${least} to ${most} bps`, MOVED_WITHIN_MS);
}

/** Twice the half-spread, and up to two ticks of 2.4 bps each that rounding and tolerance take or give. */
const NARROW = [7, 19] as const;
const WIDE = [75, 90] as const;

function half(task: WorldTask): unknown {
  return Reflect.get(Object(task.market()?.strategy), "halfSpreadBps");
}

/** The local market by the other strategy, at its warm-up distance for as long as a scenario lasts. */
const AVELLANEDA_STOIKOV = {
  type: "avellaneda-stoikov",
  levels: 2,
  levelSpacingBps: 5,
  orderSize: "500",
  riskAversion: 0.01,
  halfSpreadBpsMin: 1,
  halfSpreadBpsMax: 60,
  skewBpsMax: 100,
  warmUpHalfSpreadBps: 40,
  volatility: { warmUpSeconds: 3_600 },
  refreshToleranceTicks: 1,
  refreshTolerancePercent: 50,
};

/** As the command writes it. */
async function write({ table, time }: HandMadeWorld, change: Readonly<Record<string, unknown>>): Promise<void> {
  const target = { client: table.client, tableName: table.tableName };
  const seen = await readStrategy(target, SYMBOL);
  const strategy = JSON.stringify(JSON.parse(withStrategy(change)).markets[0].strategy);
  const item = { strategy, by: "ana@desk", at: timeAfter(seen, time.epochMs), reason: "a test" };
  expect(await writeStrategy(target, SYMBOL, { seen, item })).toBe("done");
}

it("a changed file moves the quotes and costs nothing else; a bad one, or one that changes a limit, changes nothing", async () => {
  await using world = await startScenarioWorld({ seed: 501 });
  const { time, exchange, configFile } = world;
  const task = await startQuoting(world);
  exchange.hand(SYMBOL).hit("sell", "300");
  await time.until(() => task.market()?.position === "300", "it is long", 5_000);
  await untilSpread(world, NARROW);
  const before = task.market();

  configFile.text = withStrategy({ halfSpreadBps: 40, levels: 1 });
  await time.pass(FILE_WITHIN_MS);
  expect(half(task)).toBe(40);
  await untilSpread(world, WIDE);
  await time.until(() => liveOrders(world).length === 2, "the outer levels are gone", MOVED_WITHIN_MS);
  expect(logged(task, CHANGED)).toEqual([
    expect.objectContaining({
      fields: expect.objectContaining({
        by: "the configuration file",
        changes: ["halfSpreadBps 6 → 40", "levels 2 → 1"],
      }),
    }),
  ]);
  const after = task.market();
  expect(after).toMatchObject({ position: "300", fillCount: before?.fillCount, quoting: true });
  expect(after?.ordersPlaced).toBeGreaterThan(before?.ordersPlaced ?? 0);
  expect(task.state()).toMatchObject({ epoch: 1, phase: "running" });

  for (const [text, fault] of [
    [withStrategy({ halfSpreadBps: -1 }), "markets[0].strategy.halfSpreadBps must be"],
    [undefined, "it can not be read: ENOENT"],
    [PLAIN_TEXT.replace('"position": "5000"', '"position": "6000"'), "needs a restart: risk limits never change"],
  ] as const) {
    configFile.text = text;
    await time.pass(2 * FILE_WITHIN_MS);
    expect(half(task)).toBe(40);
    expect(task.market()?.strategyRefused).toEqual([expect.stringContaining(fault)]);
    expect(task.market()?.quoting).toBe(true);
  }
  expect(logged(task, REFUSED)).toHaveLength(3);
  expect(ownSpreadBps(world)).toBeGreaterThan(WIDE[0]);
  configFile.text = PLAIN_TEXT;
  await time.pass(FILE_WITHIN_MS);
  await untilSpread(world, NARROW);
  expect(task.market()?.strategyRefused).toEqual([]);
  await endWell(world, task);
});

it("an operator's item counts over the file, also after a restart from the first quote on, until it is removed", async () => {
  await using world = await startScenarioWorld({ seed: 502 });
  const { time, configFile, table, record } = world;
  const first = await startQuoting(world);
  await write(world, { halfSpreadBps: 40 });
  await time.pass(ITEM_WITHIN_MS);
  expect(first.market()).toMatchObject({ strategySource: "item", strategyBy: "ana@desk" });
  await untilSpread(world, WIDE);
  configFile.text = withStrategy({ halfSpreadBps: 20 });
  await time.pass(2 * FILE_WITHIN_MS);
  expect(half(first)).toBe(40);
  await write(world, { halfSpreadBps: 45 });
  await time.pass(ITEM_WITHIN_MS);
  expect(half(first)).toBe(45);
  expect(await stopped(world, first)).toEqual([]);
  first.process.crash();

  const placedBefore = record.arrivals("place").length;
  const second = await startQuoting(world);
  expect(half(second)).toBe(45);
  expect(logged(second, CHANGED).map(({ fields }) => fields)).toMatchObject([
    { by: "ana@desk", reason: "a test", changes: ["halfSpreadBps 6 → 45"], isStanding: true },
  ]);
  const mid = Number(second.market()?.mid);
  const distances = record
    .arrivals("place")
    .slice(placedBefore)
    .map(({ placing }) => Math.abs(Number(placing?.price) / mid - 1) * 10_000);
  expect(Math.min(...distances)).toBeGreaterThan(40);

  const target = { client: table.client, tableName: table.tableName };
  expect(await removeStrategy(target, SYMBOL, await readStrategy(target, SYMBOL))).toBe("done");
  await time.pass(ITEM_WITHIN_MS);
  expect(second.market()).toMatchObject({ strategySource: "file", strategyBy: "the configuration file" });
  expect(half(second)).toBe(20);
  await endWell(world, second);
});

it("a malformed item neither halts nor changes anything, whatever stood before it, and is shown until it is mended", async () => {
  await using world = await startScenarioWorld({ seed: 503 });
  const { time, table } = world;
  const task = await startQuoting(world);
  await write(world, { halfSpreadBps: 40 });
  await time.pass(ITEM_WITHIN_MS);
  await untilSpread(world, WIDE);
  const rest = keepMoving(world);
  for (const attributes of [{ strategy: { S: "{" } }, { state: { S: "halted" } }, { at: { N: "7" } }, {}]) {
    const Item = { ...strategyItemKey(SYMBOL), ...attributes };
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
    await time.pass(ITEM_WITHIN_MS);
    expect(half(task)).toBe(40);
    expect(task.market()?.strategyRefused).toEqual([
      expect.stringContaining(`control item STRATEGY#${SYMBOL} must be`),
    ]);
    expect(task.state().control).toMatchObject({ readable: true, markets: [{ state: "running" }] });
    expect(task.market()?.quoting).toBe(true);
  }
  rest();
  await write(world, { halfSpreadBps: 41 });
  await time.pass(ITEM_WITHIN_MS);
  expect(half(task)).toBe(41);
  expect(task.market()?.strategyRefused).toEqual([]);
  await untilQuoting(world, task);
  await endWell(world, task);
});

it("another strategy takes over while the task quotes, and the first one takes over again", async () => {
  await using world = await startScenarioWorld({ seed: 505 });
  const { time, configFile } = world;
  const task = await startQuoting(world);
  await untilSpread(world, NARROW);
  const file = JSON.parse(PLAIN_TEXT);
  configFile.text = JSON.stringify({ ...file, markets: [{ ...file.markets[0], strategy: AVELLANEDA_STOIKOV }] });
  await time.pass(FILE_WITHIN_MS);
  expect(task.market()).toMatchObject({ strategyRefused: [], strategy: { type: "avellaneda-stoikov" } });
  await untilSpread(world, WIDE);
  configFile.text = PLAIN_TEXT;
  await time.pass(FILE_WITHIN_MS);
  expect(half(task)).toBe(6);
  await untilSpread(world, NARROW);
  await endWell(world, task);
});

it("a halt outlives a change of the parameters, and the resume quotes with the new ones", async () => {
  await using world = await startScenarioWorld({ seed: 504 });
  const { time, operator, invariants, configFile } = world;
  const task = await startQuoting(world);
  operator.halt("drill");
  await time.until(() => task.state().control.markets[0]?.state === "halted", "the halt is seen", 2_000);
  invariants.placementsForbiddenFrom(time.nowMs, "it was halted");
  configFile.text = withStrategy({ halfSpreadBps: 40 });
  await write(world, { halfSpreadBps: 41 });
  await time.pass(10_000);
  expect(half(task)).toBe(41);
  expect(liveOrders(world)).toEqual([]);
  invariants.placementsAllowedAgain();
  operator.resume("go on");
  await untilQuoting(world, task);
  await untilSpread(world, WIDE);
  await endWell(world, task);
});
