import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { History } from "../../../fargate/status/history.ts";
import { makeMarketState, makeTaskState, NOW_MS } from "./task-state.ts";

const state = makeTaskState();
const market = "SEI/USDC";

function historyAt(times: readonly number[]): readonly number[] {
  const history = new History();
  for (const nowMs of times) history.record({ ...state, nowMs });
  return history.points(market).map((point) => point.atMs);
}

describe("history", () => {
  test("a point holds the market's figures as numbers, and what is not known as null", () => {
    const history = new History();
    history.record(makeTaskState({ markets: [makeMarketState({ mid: null, realizedPnl: "1.2845", totalPnl: null })] }));
    expect(history.points(market)).toEqual([
      {
        atMs: NOW_MS,
        mid: null,
        spreadOthersBps: 47.45,
        spreadSelfBps: 21.35,
        position: 120,
        realizedPnl: 1.2845,
        totalPnl: null,
      },
    ]);
  });

  test("however often it is told, it keeps one point a second, in order, the newest 1,800", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 2_500 }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1_000, max: 1_900 }), (jitters, steady) => {
        let now = NOW_MS;
        const times = [...jitters, ...Array.from({ length: steady }, () => 1_000), ...jitters].map((step) => {
          now += step;
          return now;
        });
        const firstOfSecond = times.filter(
          (time, index) => index === 0 || Math.floor(time / 1_000) !== Math.floor((times[index - 1] ?? 0) / 1_000),
        );
        expect(historyAt(times)).toEqual(firstOfSecond.slice(-1_800));
      }),
      { numRuns: 30 },
    );
  });

  test("a clock set back starts the plot anew instead of leaving points in the future", () => {
    expect(historyAt([NOW_MS, NOW_MS + 1_000, NOW_MS - 60_000, NOW_MS - 59_000])).toEqual([
      NOW_MS - 60_000,
      NOW_MS - 59_000,
    ]);
  });

  test("each market has its own points, and an unknown one none", () => {
    const history = new History();
    history.record(
      makeTaskState({ markets: [makeMarketState(), makeMarketState({ market: "ATOM/USDC", position: "-3" })] }),
    );
    expect(history.points("ATOM/USDC").map((point) => point.position)).toEqual([-3]);
    expect(history.points(market).map((point) => point.position)).toEqual([120]);
    expect(history.points("OSMO/USDC")).toEqual([]);
  });
});
