import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyFill, emptyBooks } from "../../../core/accounting/pnl.ts";
import { type LedgerFill, parseFillMessage } from "../../../core/messages.ts";
import type { EngineMinute } from "../../../lambdas/engine-items.ts";
import { closingMarkOf, type MarketReading, marketFigures } from "../../../lambdas/hourly-report/market-figures.ts";
import { hourPeriod, type Period, spanPeriod } from "../../../lambdas/hourly-report/period.ts";
import { reportFigures } from "../../../lambdas/hourly-report/report-figures.ts";
import { makeMessage } from "../fill-accounting/make-messages.ts";

const ONE = 10n ** 18n;
const ASSETS = { base: "SEI", quote: "USDC" };
const HOUR = hourPeriod("2026-01-02T03");

function makeMinute(minute: string, mid: bigint | undefined, changed: Partial<EngineMinute> = {}): EngineMinute {
  return {
    minute,
    epoch: 1,
    spreads: { othersBps: 30, selfBps: 20, improvementBps: 10 },
    measuredSeconds: 60,
    twoSidedSeconds: 54,
    ordersPlaced: 10,
    ordersCancelled: 7,
    ordersFilled: 2,
    position: 0n,
    realizedPnl: 0n,
    marked: mid === undefined ? undefined : { mid, unrealizedPnl: 0n, equity: 0n },
    drawdownPercent: 0,
    ...changed,
  };
}

const readingOf = (changed: Partial<MarketReading>): MarketReading => ({
  market: "SEI/USDC",
  assets: ASSETS,
  opening: emptyBooks(),
  fills: [],
  minutes: [],
  openingMark: undefined,
  ...changed,
});

const fillAt = (at: string, side: "buy" | "sell", price: string, size: string): LedgerFill =>
  parseFillMessage(
    makeMessage({ fillId: `${at}-${side}`, venueTime: `2026-01-02T${at}Z`, side, price, size, fee: "0" }),
  );

describe("a market's figures", () => {
  it("are those of CONTRACTS 5: ratios of sums, seconds of the whole period", () => {
    const minutes = [
      makeMinute("2026-01-02T03:00", ONE),
      makeMinute("2026-01-02T03:01", ONE, { spreads: { othersBps: 90, selfBps: 80, improvementBps: 10 } }),
      makeMinute("2026-01-02T03:02", ONE, { spreads: undefined, twoSidedSeconds: 0 }),
    ];
    const figures = reportFigures(HOUR, [marketFigures(HOUR, readingOf({ minutes }))]);
    expect(figures).toMatchObject({
      spreadImprovementPercent: (100 * 20) / 120,
      spreadImprovementBps: 10,
      fillRatePercent: 20,
      uptimePercent: (100 * 108) / 3_600,
      ordersPlaced: 30,
    });
  });

  it("have no ratio of nothing", () => {
    expect(reportFigures(HOUR, [marketFigures(HOUR, readingOf({}))])).toMatchObject({
      spreadImprovementPercent: undefined,
      spreadImprovementBps: undefined,
      fillRatePercent: undefined,
      uptimePercent: 0,
      pnl: 0n,
    });
  });

  it("count profit as realised and the change of unrealised, from one mark to the other", () => {
    const opening = applyFill(emptyBooks(), fillAt("02:00:00.000", "buy", "0.40", "100"), ASSETS);
    const reading = readingOf({
      opening,
      openingMark: (ONE * 41n) / 100n,
      fills: [fillAt("03:10:00.000", "sell", "0.45", "40")],
      minutes: [makeMinute("2026-01-02T03:05", (ONE * 42n) / 100n), makeMinute("2026-01-02T03:59", (ONE * 43n) / 100n)],
    });
    const figures = marketFigures(HOUR, reading);
    // 40 × 0.05 realised; 60 × 0.03 at the end less 100 × 0.01 at the beginning.
    expect(figures).toMatchObject({ realizedPnl: 2n * ONE, unrealizedChange: (8n * ONE) / 10n, volume: 18n * ONE });
    expect(figures.series).toHaveLength(60);
    expect(figures.series[4]?.pnl).toBe(0n);
    expect(figures.series[5]?.pnl).toBe(ONE);
    expect(figures.series.at(-1)).toEqual({ pnl: (28n * ONE) / 10n, position: 60n * ONE });
  });

  it("take the mid before where the last minute has none", () => {
    const minutes = [makeMinute("2026-01-02T03:05", 7n), makeMinute("2026-01-02T03:06", undefined)];
    expect(closingMarkOf({ minutes, openingMark: 5n })).toBe(7n);
    expect(closingMarkOf({ minutes: [], openingMark: 5n })).toBe(5n);
  });
});

/** Fills and mids of one hour. */
const history = fc.record({
  fills: fc.array(
    fc.record({
      second: fc.integer({ min: 0, max: 3_599 }),
      side: fc.constantFrom("buy" as const, "sell" as const),
      price: fc.integer({ min: 4_000, max: 4_400 }).map((ticks) => `0.${ticks}`),
      size: fc.integer({ min: 1, max: 500 }).map(String),
    }),
    { maxLength: 30 },
  ),
  mids: fc.array(fc.option(fc.bigInt({ min: 1n, max: ONE }), { nil: undefined }), { minLength: 60, maxLength: 60 }),
  openingMark: fc.bigInt({ min: 1n, max: ONE }),
  cut: fc.integer({ min: 1, max: 59 }),
});

function readHistory({ fills, mids, openingMark }: History): MarketReading {
  const sorted = fills
    .toSorted((a, b) => a.second - b.second)
    .map(({ second, side, price, size }, index) => {
      const venueTime = new Date(Date.parse(HOUR.from) + 1_000 * second).toISOString();
      return parseFillMessage(
        makeMessage({ fillId: `F-${String(index).padStart(3, "0")}`, venueTime, side, price, size }),
      );
    });
  const minutes = mids.map((mid, index) => {
    const minute = `2026-01-02T03:${String(index).padStart(2, "0")}`;
    return makeMinute(minute, mid);
  });
  return readingOf({ fills: sorted, minutes, openingMark });
}

type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

describe("laws", () => {
  it("profits of periods that meet add up to that of the hour, to the unit", () => {
    fc.assert(
      fc.property(history, (given) => {
        const whole = readHistory(given);
        const cut = `2026-01-02T03:${String(given.cut).padStart(2, "0")}`;
        const [first, second] = [spanPeriod("2026-01-02T03:00", cut), spanPeriod(cut, "2026-01-02T04:00")];
        const part = (period: Period, before: Pick<MarketReading, "opening" | "openingMark">) =>
          marketFigures(period, {
            ...whole,
            ...before,
            fills: whole.fills.filter(({ venueTime }) => venueTime >= period.from && venueTime < period.to),
            minutes: whole.minutes.filter(
              ({ minute }) => minute >= period.from.slice(0, 16) && minute < period.to.slice(0, 16),
            ),
          });
        const early = part(first, whole);
        const earlyMinutes = whole.minutes.filter(({ minute }) => minute < cut);
        const late = part(second, {
          opening: early.closing,
          openingMark: closingMarkOf({ minutes: earlyMinutes, openingMark: whole.openingMark }),
        });
        const hour = marketFigures(HOUR, whole);
        for (const name of ["realizedPnl", "unrealizedChange", "volume", "fees"] as const) {
          expect(early[name] + late[name]).toBe(hour[name]);
        }
        expect(early.fillCount + late.fillCount).toBe(hour.fillCount);
        expect(late.closing).toEqual(hour.closing);
      }),
      { numRuns: 40 },
    );
  });

  it("the last point of the series is the profit, and the position that of the books", () => {
    fc.assert(
      fc.property(history, (given) => {
        const figures = marketFigures(HOUR, readHistory(given));
        const last = figures.series.at(-1);
        expect(last?.pnl).toBe(figures.realizedPnl + figures.unrealizedChange);
        expect(last?.position).toBe(figures.closing.position);
      }),
      { numRuns: 40 },
    );
  });

  it("figures of all markets are the sums of each", () => {
    fc.assert(
      fc.property(history, history, (one, other) => {
        const markets = [one, other].map((given) => marketFigures(HOUR, readHistory(given)));
        const all = reportFigures(HOUR, markets);
        expect(all.pnl).toBe(all.markets.reduce((sum, { pnl }) => sum + pnl, 0n));
        expect(all.series.at(-1)?.pnl).toBe(all.pnl);
        expect(all.volume).toBe(markets.reduce((sum, { volume }) => sum + volume, 0n));
        expect(all.uptimePercent).toBeLessThanOrEqual(100);
      }),
      { numRuns: 20 },
    );
  });
});
