/** The limits of the configuration: that each must be chosen, from which range, and what becomes of them. */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { type Config, ConfigError, loadConfig, type MarketConfig } from "../../fargate/config.ts";
import { makeConfigJsonSchema } from "../../fargate/config-schema.ts";
import { toMarketSettings, toShardLimits } from "../../fargate/market-settings.ts";

const FILE: Pick<Config, "markets" | "shardLimits"> = JSON.parse(readFileSync("sim/world/plain-config.json", "utf8"));
const [FIRST] = FILE.markets;
const LOCAL: MarketConfig =
  FIRST ??
  (() => {
    throw new Error("the local file has a market");
  })();
const ONE = 10n ** 18n;

test("sizes become lots, values money, and what is neither stays as it is", () => {
  const settings = toMarketSettings({
    ...LOCAL,
    lotSize: "0.5",
    strategy: { ...LOCAL.strategy, orderSize: "12.5", refreshToleranceTicks: 2, refreshTolerancePercent: 40 },
    limits: { ...LOCAL.limits, orderSize: "50", orderValue: "1000.25", position: "1000", bookAgeMs: 1_500 },
  });
  expect(settings).toEqual({
    market: expect.objectContaining({ symbol: "SEI/USDC", base: "SEI", quote: "USDC" }),
    strategy: {
      type: "pure-market-making",
      halfSpreadBps: 6,
      levels: 2,
      levelSpacingBps: 5,
      orderSize: 25,
      orderSizeMax: 100,
      inventorySkewBps: 6,
    },
    tolerance: { priceTicks: 2, sizePercent: 40 },
    limits: {
      ...LOCAL.limits,
      orderSize: 100,
      orderValue: (100_025n * ONE) / 100n,
      position: 2_000,
      bookAgeMs: 1_500,
    },
  });
});

test("every limit of the file reaches the gate", () => {
  expect(Object.keys(toMarketSettings(LOCAL).limits).sort()).toEqual(Object.keys(LOCAL.limits).sort());
  expect(Object.keys(toShardLimits(FILE)).sort()).toEqual(Object.keys(FILE.shardLimits).sort());
});

test("the amounts of the shard become money, its percentages stay", () => {
  const shardLimits = { ...FILE.shardLimits, exposureValue: "0.5", capital: "3" };
  expect(toShardLimits({ shardLimits })).toEqual({ ...shardLimits, exposureValue: ONE / 2n, capital: 3n * ONE });
});

test.each([
  { where: "strategy.orderSize", change: { strategy: { ...LOCAL.strategy, orderSize: "0.3" } } },
  { where: "limits.orderSize", change: { limits: { ...LOCAL.limits, orderSize: "1.5" } } },
  { where: "limits.position", change: { limits: { ...LOCAL.limits, position: "NaN" } } },
])("a size in $where that is no multiple of the lot is refused by name", ({ where, change }) => {
  const convert = () => toMarketSettings({ ...LOCAL, ...change });
  expect(convert).toThrow(`SEI/USDC ${where} must be a positive multiple of 1`);
});

const M = "markets.0";
const ENV = { CAMBRIAN_API_KEY: "key-1", CAMBRIAN_SECRET_KEY: "secret-1", FILLS_QUEUE_URL: "http://127.0.0.1/q" };

/** The faults of the local file with one value set (or, without one, taken out) at a dotted path. */
function faultsWith(path: string, ...values: readonly unknown[]): readonly string[] {
  const file: unknown = JSON.parse(readFileSync("sim/world/plain-config.json", "utf8"));
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  const target = keys.reduce<unknown>((part, key) => Reflect.get(Object(part), key), file);
  if (values.length === 0) Reflect.deleteProperty(Object(target), last);
  else Reflect.set(Object(target), last, values[0]);
  try {
    loadConfig({ env: { ...ENV, TABLE_NAME: "flashmm-ledger" }, readFile: () => JSON.stringify(file) });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const AMOUNTS = [`${M}.limits.orderValue`, "shardLimits.exposureValue", "shardLimits.capital"];
const keysOf = (path: string, part: object) => Object.keys(part).map((key) => `${path}.${key}`);
/** Whatever is a limit in the local file, so that a new one without the property below is found out. */
const LIMITS = [
  ...keysOf(`${M}.limits`, LOCAL.limits),
  ...keysOf("shardLimits", FILE.shardLimits),
  "cambrian.requestsPerSecond",
  "cambrian.placementsInFlight",
];
const nameOf = (path: string) => path.replace(M, "markets[0]");

/** Lowest and highest value, and a step that is just too far. */
const RANGES: readonly (readonly [path: string, low: number, high: number, step: number])[] = [
  [`${M}.limits.priceCollarPercent`, 0.01, 10, 0.001],
  [`${M}.limits.duplicateMs`, 0, 10_000, 1],
  [`${M}.limits.executionsPerMinute`, 1, 1_000, 1],
  [`${M}.limits.executionsInARow`, 1, 1_000, 1],
  [`${M}.limits.bookAgeMs`, 100, 60_000, 1],
  [`${M}.limits.placeBookAgeMs`, 100, 60_000, 1],
  [`${M}.limits.midJumpPercent`, 0.01, 50, 0.001],
  [`${M}.limits.midJumpPauseMs`, 0, 600_000, 1],
  [`${M}.limits.spreadPercent`, 0.01, 100, 0.001],
  [`${M}.limits.startSizePercent`, 1, 100, 0.1],
  [`${M}.limits.startPeriodMs`, 0, 86_400_000, 1],
  ["shardLimits.drawdownAlertPercent", 0.01, 100, 0.001],
  ["shardLimits.drawdownReducePercent", 0.01, 100, 0.001],
  ["shardLimits.drawdownHaltPercent", 0.01, 100, 0.001],
  ["shardLimits.dailyLossPercent", 0.01, 100, 0.001],
  ["cambrian.requestsPerSecond", 6, 10, 1],
  ["cambrian.placementsInFlight", 2, 5, 1],
];

describe("limits of the configuration", () => {
  it.each(LIMITS)("%s has no default: without it nothing starts, and the message names it", (path) => {
    const faults = faultsWith(path);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${nameOf(path).replace(/[[\].]/g, "\\$&")} must be .*, was absent$`));
  });

  it("the limits of the local file are all that there are, each with a range or a grammar of its own", () => {
    const schema = JSON.stringify(makeConfigJsonSchema());
    const known = (name: string) =>
      new RegExp(`"${name}":\\{"type":"object","properties":(\\{.*?\\}),"required":`).exec(schema)?.[1];
    const keys = (name: string) => Object.keys(JSON.parse(known(name) ?? "{}"));
    expect([...keys("limits"), ...keys("shardLimits")].sort()).toEqual(
      LIMITS.map((path) => path.split(".").at(-1) ?? "")
        .slice(0, -2)
        .sort(),
    );
    const sizes = [`${M}.limits.orderSize`, `${M}.limits.position`];
    expect([...RANGES.map(([path]) => path), ...AMOUNTS, ...sizes].sort()).toEqual([...LIMITS].sort());
  });

  it.each(RANGES)("%s is from %d to %d", (path, low, high, step) => {
    const isRefused = (value: number) =>
      faultsWith(path, value).some(
        (fault) => fault.startsWith(`${nameOf(path)} must be a`) && fault.includes(` from ${low} to ${high}`),
      );
    expect([low, high, low - step, high + step].map(isRefused)).toEqual([false, false, true, true]);
  });

  it.each(AMOUNTS)("%s is an amount, written as a decimal string above 0", (path) => {
    for (const value of [1_000, "0", "-1", "1e3", "1.", ""]) {
      expect(faultsWith(path, value)[0]).toContain(`${nameOf(path)} must be an amount in the quote asset`);
    }
    expect(faultsWith(path, "0.000000000000000001")).toEqual([]);
  });
});
