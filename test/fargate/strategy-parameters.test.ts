/**
 * Every parameter of every strategy in the schema changes what is quoted. The table is held to the schema's own keys: a new one
 * without a line here fails.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { diffOrders } from "../../core/execution/order-diff.ts";
import type { MarketSettings } from "../../core/market-engine.ts";
import { Quoter } from "../../core/quoting/quoter.ts";
import type { StrategyOutput } from "../../core/quoting/strategy.ts";
import { type Side, toLots, toTicks } from "../../core/units.ts";
import { loadConfig, type MarketConfig } from "../../fargate/config.ts";
import { makeConfigJsonSchema } from "../../fargate/config-schema.ts";
import { toMarketSettings } from "../../fargate/market-settings.ts";
import { instant, makeBook, makeOrder } from "../core/make-events.ts";

const LOCAL = JSON.parse(readFileSync("config/local.json", "utf8"));
const ENV = {
  CAMBRIAN_API_KEY: "k",
  CAMBRIAN_SECRET_KEY: "s",
  FILLS_QUEUE_URL: "http://127.0.0.1/q",
  TABLE_NAME: "ledger",
};

type Strategy = Readonly<Record<string, unknown>>;

const COMMON = {
  levels: 2,
  levelSpacingBps: 5,
  orderSize: "100",
  refreshToleranceTicks: 0,
  refreshTolerancePercent: 0,
};
const PURE: Strategy = { ...COMMON, type: "pure-market-making", halfSpreadBps: 10, inventorySkewBps: 20 };
/** Never warm: then its spread and skew are as fixed as the other's. */
const COLD: Strategy = {
  ...COMMON,
  type: "avellaneda-stoikov",
  riskAversion: 0.01,
  halfSpreadBpsMin: 1,
  halfSpreadBpsMax: 60,
  skewBpsMax: 100,
  warmUpHalfSpreadBps: 10,
  warmUpSkewBps: 20,
  volatility: { warmUpSeconds: 3_600 },
};
const { volatility: _, ...WARM } = COLD;
/** Behind the others' best, which stand at 20 bps. */
const FAR: Strategy = { halfSpreadBps: 40 };
const FAR_COLD: Strategy = { warmUpHalfSpreadBps: 40 };

/** The settings that a file with this strategy leads to. */
function settingsOf(strategy: Strategy): MarketSettings {
  const limits = { ...LOCAL.markets[0].limits, bookAgeMs: 5_000 };
  const market = { ...LOCAL.markets[0], strategy, limits };
  const file = JSON.stringify({ ...LOCAL, markets: [market, { ...LOCAL.markets[0], symbol: "ATOM/USDC" }] });
  const [config]: readonly (MarketConfig | undefined)[] = loadConfig({ env: ENV, readFile: () => file }).markets;
  if (config === undefined) throw new Error("the file has a market");
  return toMarketSettings(config);
}

const LAST_MS = 240_000;

/**
 * Four minutes in a market whose best quotes are 20 bps away and small, with larger ones behind: calm, then restless in the last
 * twenty seconds; takers reach deep at first and shallow in the end. A second market goes along and rises by half a percent at the
 * last. Our last fills bought too much and lose; the position is long. Asked half a second after the last book.
 */
function quotedBy(strategy: Strategy): StrategyOutput {
  const quoter = new Quoter(settingsOf(strategy).strategy);
  for (let ms = 0; ms <= LAST_MS; ms += 400) {
    const step = ms / 400;
    const isLast = ms === LAST_MS;
    const mid = 10_000 + (isLast ? 0 : (step % 2) * (ms > LAST_MS - 20_000 ? 4 : 1));
    const bids = [
      [mid - 20, 300],
      [mid - 30, 5_000],
      [mid - 50, 100],
      [mid - 100, 100],
    ] as const;
    const asks = [
      [mid + 20, 100],
      [mid + 30, 9_000],
      [mid + 50, 100],
      [mid + 100, 100],
    ] as const;
    quoter.bookSeen(makeBook({ bids, asks, ms }), []);
    const isFollowed = quoter.parameters.fairValue?.reference?.market === "ATOM/USDC";
    if (isFollowed) quoter.referenceSeen(isLast ? 5_025 : mid / 2, ms);
    const depth = 20 + ((step * 7) % (ms < LAST_MS / 2 ? 20 : 9));
    const isBuy = step % 2 === 0;
    const price = toTicks(isBuy ? mid + depth : mid - depth);
    const aggressor = isBuy ? "buy" : "sell";
    const at = instant(ms + 250);
    if (isLast) continue;
    quoter.tradeSeen({
      type: "trade",
      market: "SEI/USDC",
      tradeId: `T-${ms}`,
      price,
      size: toLots(10),
      aggressor,
      venueTimeMs: at.epochMs,
      at,
    });
  }
  quoter.fillSeen({ side: "sell", price: toTicks(9_990), size: toLots(10) }, LAST_MS - 5_000);
  quoter.fillSeen({ side: "buy", price: toTicks(10_000), size: toLots(400) }, LAST_MS - 5_000);
  const losing = { meanBps: -6, highBps: -4 };
  return quoter.wanted({ inventory: 0.25, markouts: { buy: losing, sell: undefined }, nowMs: LAST_MS + 500 });
}

/** What a parameter is seen by; a side without a quote is seen as 0. */
const MEASURES = {
  bid: (output: StrategyOutput) => at(output, "buy", 0)?.price ?? 0,
  ask: (output: StrategyOutput) => at(output, "sell", 0)?.price ?? 0,
  secondBid: (output: StrategyOutput) => at(output, "buy", 1)?.price ?? 0,
  bidSize: (output: StrategyOutput) => at(output, "buy", 0)?.size ?? 0,
  secondBidSize: (output: StrategyOutput) => at(output, "buy", 1)?.size ?? 0,
  bids: ({ quotes }: StrategyOutput) => quotes.filter(({ side }) => side === "buy").length,
  asks: ({ quotes }: StrategyOutput) => quotes.filter(({ side }) => side === "sell").length,
};

function at({ quotes }: StrategyOutput, side: Side, level: number) {
  return quotes.find((quote) => quote.side === side && quote.level === level);
}

type Line = readonly [
  path: string,
  from: unknown,
  to: unknown,
  measure: keyof typeof MEASURES,
  change: "grows" | "falls",
  besides?: Strategy,
];

const ABSENT = undefined;
const REFERENCE = { market: "ATOM/USDC", weight: 0.5, premiumHalfLifeSeconds: 60, shiftBpsMax: 500 };

/** For every strategy; `far` is what brings its first quote behind the others' best. */
const sharedLines = (far: Strategy): readonly Line[] => [
  ["levels", 1, 3, "bids", "grows"],
  ["levelSpacingBps", 5, 9, "secondBid", "falls"],
  ["orderSize", "100", "200", "bidSize", "grows"],
  ["levelSizeIncrement", ABSENT, "50", "secondBidSize", "grows"],
  ["inventoryTargetPercent", ABSENT, 50, "bid", "grows"],
  ["minimumSpreadBps", ABSENT, 60, "bid", "falls"],
  ["priceFloor", "0.5", "1.5", "asks", "falls"],
  ["priceCeiling", "1.5", "0.5", "bids", "falls"],
  ["buyFillDelayMs", ABSENT, 60_000, "bids", "falls"],
  ["sellFillDelayMs", ABSENT, 60_000, "asks", "falls"],
  ["makerFeeBps", ABSENT, 30, "ask", "grows", { ...far, improve: {} }],
  ["improve.ticks", 0, 2, "ask", "falls", far],
  ["improve.ticksMax", ABSENT, 1, "ask", "grows", { improve: { ticks: 1 } }],
  ["improve.edgeBps", 0, 30, "ask", "grows", far],
  ["improve.adverseBps", 0, 30, "ask", "grows", far],
  ["improve.behindSize", ABSENT, "1000", "ask", "grows", far],
  ["markout.widenFactor", 0, 2, "bid", "falls"],
  ["markout.widenBpsMax", 0, 9, "bid", "falls"],
  ["markout.thinPercent", 0, 60, "bidSize", "falls"],
  ["flowGuard.windowSeconds", 1, 60, "bids", "falls", { flowGuard: { orders: 1 } }],
  ["flowGuard.orders", 100, 1, "bids", "falls"],
  ["fairValue.source", "mid", "microprice", "bid", "grows"],
  ["fairValue.levels", 1, 4, "bid", "falls", { fairValue: { source: "weighted" } }],
  ["fairValue.ageMs", 5_000, 400, "bids", "falls"],
  ["fairValue.reference.market", ABSENT, "ATOM/USDC", "bid", "grows", { fairValue: { reference: REFERENCE } }],
  ["fairValue.reference.weight", 0, 1, "bid", "grows", { fairValue: { reference: REFERENCE } }],
  ["fairValue.reference.ageMs", 400, 2_000, "bid", "grows", { fairValue: { reference: REFERENCE } }],
  ["fairValue.reference.premiumHalfLifeSeconds", 60, 3_600, "bid", "falls", { fairValue: { reference: REFERENCE } }],
  ["fairValue.reference.shiftBpsMax", 5, 50, "bid", "grows", { fairValue: { reference: REFERENCE } }],
];

/** What is measured of the volatility moves the quotes of a strategy that goes by it. */
const volatilityLines = (besides: Strategy, unknown: "grows" | "falls"): readonly Line[] => [
  ["volatility.halfLifeSeconds", 600, 5, "bid", "falls", besides],
  ["volatility.warmUpSeconds", 0, 3_600, "bid", unknown, besides],
  ["volatility.warmUpChanges", 0, 10_000, "bid", unknown, besides],
];

const PURE_LINES: readonly Line[] = [
  ["halfSpreadBps", 10, 14, "bid", "falls"],
  ["bidHalfSpreadBps", ABSENT, 14, "bid", "falls"],
  ["askHalfSpreadBps", ABSENT, 14, "ask", "grows"],
  ["volatilityWidening", ABSENT, 5, "bid", "falls"],
  ["inventorySkewBps", 0, 20, "bid", "falls"],
  ["sizeSkewRangePercent", ABSENT, 50, "bidSize", "falls"],
  ...sharedLines(FAR),
  ...volatilityLines({ volatilityWidening: 5 }, "grows"),
];

const COLD_LINES: readonly Line[] = [
  ["warmUpHalfSpreadBps", 10, 14, "bid", "falls"],
  ["warmUpSkewBps", ABSENT, 20, "bid", "falls"],
  ["sizeShaping", ABSENT, 2, "bidSize", "falls"],
  ...sharedLines(FAR_COLD),
];

const WARM_LINES: readonly Line[] = [
  ["riskAversion", 0.01, 1, "bid", "falls"],
  ["executionRiskAversion", 0, 1, "ask", "falls", { skewFactor: 0 }],
  ["fillOrders", 1, 9, "ask", "falls", { riskAversion: 0.1, skewFactor: 0 }],
  ["skewFactor", ABSENT, 3, "bid", "falls"],
  ["halfSpreadBpsMin", 1, 30, "bid", "falls", { warmUpHalfSpreadBps: 40 }],
  ["halfSpreadBpsMax", 60, 2, "bid", "grows", { warmUpHalfSpreadBps: 2 }],
  ["skewBpsMax", 100, 0, "bid", "grows"],
  ["levelArrivalPercent", ABSENT, 5, "secondBid", "falls"],
  ["intensity.halfLifeSeconds", 86_400, 15, "secondBid", "grows", { skewFactor: 0, levelArrivalPercent: 5 }],
  ["intensity.tradesMin", 40, 100_000, "bid", "falls", { warmUpHalfSpreadBps: 50 }],
  ...volatilityLines({ warmUpHalfSpreadBps: 50 }, "falls"),
];

function withKey(strategy: Strategy, path: string, value: unknown): Strategy {
  const [first = "", ...rest] = path.split(".");
  const { [first]: part, ...others } = strategy;
  if (rest.length === 0) return value === ABSENT ? others : { ...others, [first]: value };
  return { ...others, [first]: withKey(Object(part ?? {}), rest.join("."), value) };
}

/** Without its market a reference is no reference: then the whole part is left out. */
function withoutHalves(strategy: Strategy): Strategy {
  const reference = Reflect.get(Object(strategy["fairValue"]), "reference");
  if (reference === undefined || Reflect.get(reference, "market") !== undefined) return strategy;
  return withKey(strategy, "fairValue.reference", ABSENT);
}

describe.each<[string, Strategy, readonly Line[]]>([
  ["pure market making", PURE, PURE_LINES],
  ["Avellaneda–Stoikov before it is warm", COLD, COLD_LINES],
  ["Avellaneda–Stoikov once it is warm", WARM, WARM_LINES],
])("a parameter of %s", (_name, base, lines) => {
  const cases = lines.map(([path, from, to, measure, change, besides]) => ({
    path,
    from,
    to,
    measure,
    change,
    besides,
  }));
  it.each(cases)("$path from $from to $to: the $measure $change", ({ path, from, to, measure, change, besides }) => {
    const seenWith = (value: unknown) =>
      MEASURES[measure](quotedBy(withoutHalves(withKey({ ...base, ...besides }, path, value))));
    if (change === "grows") expect(seenWith(to)).toBeGreaterThan(seenWith(from));
    else expect(seenWith(to)).toBeLessThan(seenWith(from));
  });
});

describe("a tolerance of either strategy", () => {
  /** The orders that are touched where one stands 2 ticks too low and a tenth too small, for a minute, and one is as wanted. */
  function touchedBy(change: Strategy, base: Strategy): number {
    const { tolerance } = settingsOf({ ...base, refreshToleranceTicks: 2, refreshTolerancePercent: 10, ...change });
    const standing = (side: Side, price: number, size: number) =>
      makeOrder({ clientOrderId: `${side}-1`, side, price: toTicks(price), size: toLots(size), sentMs: 0 });
    const wanted = (side: Side, price: number) => ({ side, level: 0, price: toTicks(price), size: toLots(100) });
    const open = [standing("buy", 9_988, 90), standing("sell", 10_010, 100)];
    const quotes = [wanted("buy", 9_990), wanted("sell", 10_010)];
    const { removals, changes } = diffOrders(quotes, open, tolerance, { nowMs: 60_000 });
    return removals.length + changes.length;
  }

  it.each([
    ["pure-market-making", PURE],
    ["avellaneda-stoikov", COLD],
  ])("%s: each makes an order be touched that was left alone", (_name, base) => {
    expect(touchedBy({}, base)).toBe(0);
    expect(touchedBy({ refreshToleranceTicks: 1 }, base)).toBe(1);
    expect(touchedBy({ refreshTolerancePercent: 9 }, base)).toBe(1);
    expect(touchedBy({ orderAgeMs: 60_000 }, base)).toBe(0);
    expect(touchedBy({ orderAgeMs: 59_999 }, base)).toBe(2);
  });
});

describe("the schema", () => {
  const TOLERANCES = ["refreshToleranceTicks", "refreshTolerancePercent", "orderAgeMs"];

  /** Every single value below a node, by its dotted path. */
  function leavesOf(node: unknown, path = ""): readonly string[] {
    const properties: unknown = Reflect.get(Object(node), "properties");
    if (properties === undefined) return [path];
    return Object.entries(Object(properties)).flatMap(([key, child]) =>
      leavesOf(child, path === "" ? key : `${path}.${key}`),
    );
  }

  const strategies: readonly unknown[] = Reflect.get(
    Object(valueAt(makeConfigJsonSchema(), "properties", "markets", "items", "properties", "strategy")),
    "oneOf",
  );

  function valueAt(node: unknown, ...keys: readonly string[]): unknown {
    return keys.reduce<unknown>((part, key) => Reflect.get(Object(part), key), node);
  }

  it.each([
    ["pure-market-making", PURE_LINES],
    ["avellaneda-stoikov", [...COLD_LINES, ...WARM_LINES]],
  ])("of %s has no parameter without a line above", (type, lines) => {
    const schema = strategies.find((each) => valueAt(each, "properties", "type", "const") === type);
    const tested = [...new Set(lines.map(([path]) => path)), ...TOLERANCES, "type"];
    expect([...tested].sort()).toEqual([...leavesOf(schema)].sort());
  });

  it("says of every parameter in which unit and range it is", () => {
    const silent: string[] = [];
    const visit = (node: unknown, path: string): void => {
      const properties = Reflect.get(Object(node), "properties");
      for (const [key, child] of Object.entries(Object(properties ?? {}))) visit(child, `${path}.${key}`);
      if (properties !== undefined || path.endsWith(".type")) return;
      const description = String(Reflect.get(Object(node), "description"));
      const [low, high] = [Reflect.get(Object(node), "minimum"), Reflect.get(Object(node), "maximum")];
      if (low === undefined) return;
      const range = `${numberText(low)} to ${numberText(high)}`;
      if (!description.includes(`(${range}`)) silent.push(`${path}: ${range}`);
    };
    for (const each of strategies) visit(each, "");
    expect(silent).toEqual([]);
  });

  it("the type of a strategy changes the quotes as well", () => {
    expect(quotedBy(WARM)).not.toEqual(quotedBy(PURE));
  });
});

function numberText(value: number): string {
  return value < 0 ? `−${numberText(-value)}` : value.toLocaleString("en-US", { maximumFractionDigits: 6 });
}
