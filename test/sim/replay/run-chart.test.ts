import { expect, test } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { RunMeter, type RunSample } from "../../../sim/compare/run-meter.ts";
import { runChart } from "../../../sim/replay/run-chart.ts";

const market = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
const START_MS = Date.UTC(2026, 0, 2);

/** Three seconds: a fill of each of two orders in the second one, and a spread of 20 bps made 10. */
function played() {
  const samples: RunSample[] = [];
  const onSample = (sample: RunSample) => samples.push(sample);
  const meter = new RunMeter({ market, capital: 100, positionMax: toLots(1_000), onSample });
  const top = (bid: number, ask: number) => ({
    bid: { price: toTicks(bid), size: toLots(5) },
    ask: { price: toTicks(ask), size: toLots(5) },
  });
  meter.advance(0);
  meter.book(top(4_995, 5_005), top(4_995, 5_005));
  meter.advance(1_500);
  meter.book(top(4_995, 5_005), top(4_998, 5_003));
  meter.quotes({ bid: toTicks(4_998), ask: toTicks(5_003) });
  for (const [price, size] of [
    [4_998, 100],
    [4_994, 300],
  ] as const) {
    meter.fill({ side: "buy", price: toTicks(price), size: toLots(size), liquidity: "maker" });
  }
  const figures = meter.finish(3_000);
  return runChart({ market, startMs: START_MS, roundTripMs: 5, figures, samples });
}

function seriesOf(name: string): readonly unknown[] {
  const { series } = played();
  if (!Array.isArray(series)) throw new Error("a chart must have series");
  return series.find((each: { readonly name: string }) => each.name === name)?.data;
}

test("fills stand at their mean price, at the end of the second they fell in", () => {
  // 100 at 0.4998 and 300 at 0.4994.
  expect(seriesOf("bought")).toEqual([[START_MS + 2_000, expect.closeTo(0.4995, 12)]]);
  expect(seriesOf("sold")).toEqual([]);
});

test.each([
  ["first", 500],
  ["last", 399_500],
])("a fill of the %s second of a long run is drawn", (_which, atMs) => {
  const samples: RunSample[] = [];
  const onSample = (sample: RunSample) => samples.push(sample);
  const meter = new RunMeter({ market, capital: 100, positionMax: toLots(1_000), onSample });
  meter.advance(atMs);
  meter.fill({ side: "buy", price: toTicks(4_998), size: toLots(100), liquidity: "maker" });
  const figures = meter.finish(400_000);
  const { series } = runChart({ market, startMs: START_MS, roundTripMs: 5, figures, samples });
  const bought = Array.isArray(series) ? series.find(({ name }) => name === "bought")?.data : undefined;
  expect(bought).toEqual([[START_MS + Math.ceil(atMs / 1_000) * 1_000, expect.closeTo(0.4998, 12)]]);
});

test("spreads are means over the time between two samples", () => {
  expect(seriesOf("others alone")).toEqual([
    [START_MS + 1_000, expect.closeTo(20, 9)],
    [START_MS + 2_000, expect.closeTo(20, 9)],
  ]);
  // Half of the second one without us at 20 bps, half with us at 10.
  expect(seriesOf("with us")).toEqual([
    [START_MS + 1_000, expect.closeTo(15, 9)],
    [START_MS + 2_000, expect.closeTo(10, 9)],
  ]);
});

test("quotes, position and profit stand as they were at each second", () => {
  expect(seriesOf("our bid")).toEqual([
    [START_MS + 1_000, null],
    [START_MS + 2_000, expect.closeTo(0.4998, 12)],
    [START_MS + 3_000, expect.closeTo(0.4998, 12)],
  ]);
  expect(seriesOf("position").map((point) => Array.isArray(point) && point[1])).toEqual([0, 400, 400]);
  // 100 at 2 ticks and 300 at 6 below the mid, less 1 bps of 199.80 in all, each rounded up to a millionth.
  expect(seriesOf("PnL").at(-1)).toEqual([START_MS + 3_000, expect.closeTo(0.2 - 0.01998, 9)]);
});
