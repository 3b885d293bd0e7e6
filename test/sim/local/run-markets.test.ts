import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TapeDescription } from "../../../sim/exchange/tape.ts";
import { type MarketFile, simulatedMarkets, tapeMarkets } from "../../../sim/local/run-markets.ts";

const local: { readonly markets: readonly MarketFile[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../config/local.json"), "utf8"),
);
const [sei] = local.markets;

/** SEI/USDC begins at 0.4215 in the simulator, so these are worth 210.75, 421.5 and 2107.5 USDC. */
const model: MarketFile = {
  symbol: "SEI/USDC",
  tickSize: "0.0001",
  lotSize: "1",
  venue: "cambrian",
  strategy: { type: "pure-market-making", halfSpreadBps: 6, orderSize: "500" },
  limits: { orderSize: "1000", position: "5000", bookAgeMs: 2_000 },
};

type TapeMarket = TapeDescription["markets"][number];

const tapeMarket: TapeMarket = {
  symbol: "ETH/USDT",
  tickSize: "0.01",
  lotSize: "0.0001",
  bookUpdates: 10,
  trades: 5,
  levels: 20,
  medianSpreadTicks: "1",
  medianMid: "2683.805",
  medianTopSize: "10",
};

const tape = (...markets: readonly TapeMarket[]): TapeDescription => ({
  lines: 10,
  events: 15,
  startMs: 0,
  durationMs: 1_000,
  markets,
});

describe("simulated markets", () => {
  test("without a choice are those of the file, as they stand there", () => {
    const { files, settings } = simulatedMarkets(local.markets, undefined);
    expect(files).toEqual(local.markets);
    expect(settings.map((setting) => setting.symbol)).toEqual([sei?.symbol]);
  });

  test.each([
    { symbol: "ATOM/USDC", tick: "0.001", lot: "0.1", order: "50", limit: "100", position: "500" },
    { symbol: "OSMO/USDC", tick: "0.0001", lot: "1", order: "544", limit: "1089", position: "5443" },
    { symbol: "TIA/USDC", tick: "0.001", lot: "0.1", order: "41.3", limit: "82.6", position: "412.9" },
    { symbol: "ETH/USDC", tick: "0.5", lot: "0.0001", order: "0.0785", limit: "0.157", position: "0.7852" },
    { symbol: "BTC/USDC", tick: "10", lot: "0.00001", order: "0.00341", limit: "0.00681", position: "0.03406" },
  ])("$symbol gets the first market's sizes at the same value, in its own lots", (expected) => {
    const [file] = simulatedMarkets([model], [expected.symbol]).files;
    expect(file).toEqual({
      ...model,
      symbol: expected.symbol,
      tickSize: expected.tick,
      lotSize: expected.lot,
      strategy: { ...model.strategy, orderSize: expected.order },
      limits: { ...model.limits, orderSize: expected.limit, position: expected.position },
    });
  });

  test("a chosen market that the file has keeps what the file says, in the order of the choice", () => {
    const { files, settings } = simulatedMarkets([model], ["ETH/USDC", "SEI/USDC"]);
    expect(files[1]).toEqual(model);
    expect(settings.map((setting) => setting.symbol)).toEqual(["ETH/USDC", "SEI/USDC"]);
  });

  test("a market nobody knows is refused with those that are known", () => {
    expect(() => simulatedMarkets([model], ["SEI/USDC", "FOO/BAR"])).toThrow(
      '--markets must be among SEI/USDC, ATOM/USDC, OSMO/USDC, TIA/USDC, ETH/USDC, BTC/USDC, was "FOO/BAR"',
    );
  });

  test("a file without a market is refused", () => {
    expect(() => simulatedMarkets([], undefined)).toThrow("markets of config/local.json must be at least one, was []");
  });
});

describe("markets of a tape", () => {
  test("have the tape's tick and lot, its value in sizes and its spread in the quotes", () => {
    const { files, settings } = tapeMarkets([model], tape(tapeMarket), undefined);
    expect(settings).toEqual([{ symbol: "ETH/USDT", tickSize: "0.01", lotSize: "0.0001", startPrice: "2683.805" }]);
    expect(files).toEqual([
      {
        ...model,
        symbol: "ETH/USDT",
        tickSize: "0.01",
        lotSize: "0.0001",
        strategy: {
          ...model.strategy,
          orderSize: "0.0785",
          // A spread of 0.037 bps: half of it is below what a configuration may say; ten ticks are 0.373 bps.
          halfSpreadBps: 0.1,
          levelSpacingBps: 0.373,
          inventorySkewBps: 1,
          refreshToleranceTicks: 5,
        },
        limits: { ...model.limits, orderSize: "0.1571", position: "0.7853" },
      },
    ]);
  });

  test("scale every size of a strategy, and leave out the prices and the reference of the model's own market", () => {
    const strategy = {
      ...model.strategy,
      levelSizeIncrement: "100",
      improve: { ticks: 1, behindSize: "1000" },
      priceFloor: "0.3",
      priceCeiling: "0.5",
      minimumSpreadBps: 8,
      bidHalfSpreadBps: 9,
      fairValue: { source: "mid", reference: { market: "ATOM/USDC", weight: 0.5 } },
    };
    const referencePrice = { url: "https://prices.example/sei", pricePointer: "/last" };
    const [file] = tapeMarkets([{ ...model, strategy, referencePrice }], tape(tapeMarket), undefined).files;
    expect(file).not.toHaveProperty("referencePrice");
    expect(file?.strategy).toEqual({
      type: "pure-market-making",
      halfSpreadBps: 0.1,
      levelSpacingBps: 0.373,
      inventorySkewBps: 1,
      refreshToleranceTicks: 5,
      orderSize: "0.0785",
      levelSizeIncrement: "0.0157",
      improve: { ticks: 1, behindSize: "0.1571" },
      fairValue: { source: "mid" },
    });
  });

  test("a model by Avellaneda and Stoikov begins at the tape's spread, and its bounds let it", () => {
    const strategy = { type: "avellaneda-stoikov", halfSpreadBpsMin: 4, halfSpreadBpsMax: 8, orderSize: "500" };
    const own = (spread: string) =>
      tapeMarkets([{ ...model, strategy }], tape({ ...tapeMarket, medianSpreadTicks: spread }), undefined).files[0]
        ?.strategy;
    expect(own("1")).toMatchObject({ halfSpreadBpsMin: 0.1, halfSpreadBpsMax: 8, warmUpHalfSpreadBps: 0.1 });
    expect(own("5000")).toMatchObject({ halfSpreadBpsMin: 0.1, halfSpreadBpsMax: 8, warmUpHalfSpreadBps: 8 });
    expect(own("1")).not.toHaveProperty("halfSpreadBps");
  });

  test("quote at half the tape's median spread where it is wide", () => {
    const wide = { ...tapeMarket, medianSpreadTicks: "500", medianMid: "2500" };
    const [file] = tapeMarkets([model], tape(wide), undefined).files;
    expect(file?.strategy["halfSpreadBps"]).toBe(10);
  });

  test("are those that were chosen", () => {
    const other = { ...tapeMarket, symbol: "BTC/USDT" };
    const { files } = tapeMarkets([model], tape(tapeMarket, other), ["BTC/USDT"]);
    expect(files.map((file) => file.symbol)).toEqual(["BTC/USDT"]);
  });

  test("that the tape does not have are refused with those it has", () => {
    expect(() => tapeMarkets([model], tape(tapeMarket), ["SEI/USDC"])).toThrow(
      '--markets must be among those of the tape: ETH/USDT, was "SEI/USDC"',
    );
  });

  test.each(["medianMid", "medianSpreadTicks"])("without a %s are refused by name", (key) => {
    expect(() => tapeMarkets([model], tape({ ...tapeMarket, [key]: null }), undefined)).toThrow(
      "ETH/USDT of the tape must be with a two-sided book",
    );
  });

  test("always get sizes of whole lots, one at least, within half a lot of the model's value", () => {
    const mids = fc.integer({ min: 1, max: 10_000_000 }).map((cents) => (cents / 100).toFixed(2));
    fc.assert(
      fc.property(mids, fc.integer({ min: 0, max: 6 }), (medianMid, decimals) => {
        const lotSize = (10 ** -decimals).toFixed(decimals);
        const [file] = tapeMarkets([model], tape({ ...tapeMarket, medianMid, lotSize }), undefined).files;
        const size = file?.strategy.orderSize ?? "";
        expect(size).toMatch(/^\d+(\.\d*[1-9])?$/);
        expect(size.split(".")[1]?.length ?? 0).toBeLessThanOrEqual(decimals);
        const ideal = (500 * 0.4215) / Number(medianMid);
        const lots = Number(size) / Number(lotSize);
        expect(lots).toBeGreaterThan(0.999);
        if (lots > 1.001) expect(Math.abs(Number(size) - ideal)).toBeLessThanOrEqual(Number(lotSize) * 0.501);
      }),
    );
  });
});
