import fc from "fast-check";
import { expect, test } from "vitest";
import { toLots } from "../../../../core/units.ts";
import {
  AVELLANEDA_DEFAULTS,
  avellanedaQuotes,
  HummingbotAvellaneda,
} from "../../../../sim/compare/peers/hummingbot-avellaneda.ts";
import { fitIntensity, InstantVolatility, TradingIntensity } from "../../../../sim/compare/peers/trading-intensity.ts";
import { instant } from "../../../core/make-events.ts";
import { bookOf, HandMadePort, market, termsOf, wake } from "./hand-made-port.ts";

test("reservation price and spread are the published ones", () => {
  const input = { mid: 100, gamma: 1, volatility: 0.5, fit: { alpha: 10, kappa: 2 }, minSpread: 0 };
  // δ = 0.5 + 2·ln 1.5 = 1.31093; r = 100 − 0.2·0.5 = 99.9.
  const quotes = avellanedaQuotes({ ...input, q: 0.2 });
  expect(quotes?.spread).toBeCloseTo(1.3109302162, 9);
  expect(quotes?.bid).toBeCloseTo(99.9 - 0.6554651081, 9);
  expect(quotes?.ask).toBeCloseTo(99.9 + 0.6554651081, 9);
  // γ = 0.5: δ = 0.25 + 4·ln 1.25 = 1.14257; r = 100 + 0.4·0.5·0.5 = 100.1.
  const other = avellanedaQuotes({ ...input, gamma: 0.5, q: -0.4 });
  expect(other?.spread).toBeCloseTo(1.1425742053, 9);
  expect(other?.ask).toBeCloseTo(100.1 + 0.5712871026, 9);
});

test("the minimum spread is of the mid, and bounds the quotes", () => {
  const fit = { alpha: 10, kappa: 2 };
  // 2 % of 100: at most 99 and at least 101, though r ± δ/2 is 99.24 and 100.56.
  const quotes = avellanedaQuotes({ mid: 100, q: 0.2, gamma: 1, volatility: 0.5, fit, minSpread: 0.02 });
  expect(quotes?.bid).toBe(99);
  expect(quotes?.ask).toBe(101);
});

test.each([
  { alpha: 0, kappa: 2, volatility: 0.5 },
  { alpha: 1, kappa: 0, volatility: 0.5 },
  { alpha: 1, kappa: 2, volatility: 0 },
])("without a fit or a volatility there is no quote: %o", ({ alpha, kappa, volatility }) => {
  expect(
    avellanedaQuotes({ mid: 100, q: 0, gamma: 1, volatility, fit: { alpha, kappa }, minSpread: 0 }),
  ).toBeUndefined();
});

test("volatility is the root of the squared moves over the count of prices", () => {
  const volatility = new InstantVolatility(4);
  for (const price of [9, 1, 2, 4, 3]) volatility.add(price);
  expect(volatility.isFull).toBe(true);
  // 1, 2, 4, 3: (1 + 4 + 1) / 4.
  expect(volatility.value).toBeCloseTo(Math.sqrt(1.5), 12);
});

test("points on an exponential give it back", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 1e4, noNaN: true }),
      fc.double({ min: 200, max: 5_000, noNaN: true }),
      (alpha, kappa) => {
        const points = [2, 4, 5, 8, 11].map((ticks): [number, number] => {
          const distance = ticks * 1e-4;
          return [distance, alpha * Math.exp(-kappa * distance)];
        });
        const fit = fitIntensity(points, { alpha: 0, kappa: 0 });
        expect(fit?.kappa).toBeCloseTo(kappa, 1);
        expect((fit?.alpha ?? 0) / alpha).toBeCloseTo(1, 3);
      },
    ),
    { numRuns: 30 },
  );
});

test("volumes that grow with the distance fit no decay, and one distance fits nothing", () => {
  const growing = fitIntensity(
    [
      [1e-4, 1],
      [2e-4, 5],
      [3e-4, 9],
    ],
    { alpha: 0, kappa: 0 },
  );
  // κ = 0: α is the mean.
  expect(growing).toEqual({ kappa: 0, alpha: 5 });
  expect(fitIntensity([[1e-4, 1]], { alpha: 0, kappa: 0 })).toBeUndefined();
});

test("a trade counts by its distance from the last mid before it, in the last seconds that had one", () => {
  const intensity = new TradingIntensity(2);
  intensity.calculate(1, 0.42);
  intensity.trade({ ms: 1_500, price: 0.421, amount: 100 });
  intensity.calculate(2, 0.43);
  expect(intensity.isFull).toBe(false);
  intensity.trade({ ms: 2_500, price: 0.432, amount: 50 });
  intensity.calculate(3, 0.43);
  // 100 at 0.001 and 50 at 0.002: α·e^(−κ·δ) through both.
  expect(intensity.isFull).toBe(true);
  expect(intensity.fit.kappa).toBeCloseTo(Math.LN2 / 0.001, 3);
  expect(intensity.fit.alpha).toBeCloseTo(200, 3);
});

test("it does not start before both buffers are full, and quotes by the formula then", () => {
  const port = new HandMadePort();
  const peer = new HummingbotAvellaneda({ ...AVELLANEDA_DEFAULTS, bufferSize: 4, isOptimized: false }, termsOf(port));
  // The mid goes 4,200, 4,210 by turns: σ = √(3·10² / 4) = 8.66 ticks.
  const seconds = (from: number, to: number, isTrading: boolean) => {
    const sent: string[] = [];
    for (let second = from; second <= to; second += 1) {
      const mid = second % 2 === 0 ? 4_200 : 4_210;
      peer.book(bookOf(mid - 20, mid + 20));
      if (isTrading) {
        // 20 ticks from the last mid twice the amount of 30 ticks.
        const last = second % 2 === 0 ? 4_210 : 4_200;
        for (const [distance, size] of [
          [20, 200],
          [30, 100],
        ] as const) {
          const at = instant(second * 1_000 - 500);
          const trade = {
            type: "trade",
            market: market.symbol,
            tradeId: "T",
            aggressor: "buy",
            venueTimeMs: 0,
          } as const;
          const price = bookOf(last + distance, last + 100).bids.prices[0];
          if (price !== undefined) peer.trade({ ...trade, price, size: toLots(size), at });
        }
      }
      sent.push(...wake(peer, port, (second - 1) * 1_000, second * 1_000));
    }
    return sent;
  };
  expect(seconds(1, 6, false)).toEqual([]);
  expect(peer.notes()).toEqual(["never ready"]);
  const sent = seconds(7, 10, true);
  expect(peer.notes()).toEqual(["ready after 10 s"]);
  // κ = ln 2 / 0.001 = 693.1; δ = 0.000866 + 2·ln(1 + 1/693.1) = 0.0037494: 18.7 ticks each way from 4,200, rounded down.
  expect(sent).toEqual(["10s buy 500@4181", "10s sell 500@4218"]);
});
