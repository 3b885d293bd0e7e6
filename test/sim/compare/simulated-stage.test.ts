import { expect, test } from "vitest";
import { toLots, toTicks } from "../../../core/units.ts";
import { regimeOf } from "../../../sim/compare/regimes.ts";
import { SimulatedStage } from "../../../sim/compare/simulated-stage.ts";
import type { BookLevels, OwnMatch } from "../../../sim/exchange/market-place.ts";

/** Runs a stage for a minute; `isQuoting` places and cancels orders inside the others' spread at every shown book. */
function watch(seed: number, isQuoting: boolean) {
  const stage = new SimulatedStage({ seed, regime: regimeOf("toxic") });
  const prices: number[] = [];
  const shownMs: number[] = [];
  const matches: OwnMatch[] = [];
  let books = 0;
  const quote = ({ bids, asks }: BookLevels) => {
    books += 1;
    stage.cancel(`buy${books - 1}`);
    stage.cancel(`sell${books - 1}`);
    const mid = Math.round(((bids[0]?.price ?? 0) + (asks[0]?.price ?? 0)) / 2);
    const order = { size: toLots(200), timeInForce: "post_only" } as const;
    stage.place({ ...order, orderId: `buy${books}`, side: "buy", price: toTicks(mid - 3) });
    stage.place({ ...order, orderId: `sell${books}`, side: "sell", price: toTicks(mid + 3) });
  };
  stage.listen({
    print: () => undefined,
    ownMatch: (match) => matches.push(match),
    book: (book) => {
      shownMs.push(stage.nextMs);
      if (isQuoting) quote(book);
    },
  });
  while (stage.nextMs <= 60_000) {
    stage.advance();
    prices.push(stage.fairPrice);
  }
  return { prices, shownMs, matches };
}

test("the same seed has the same price and the same blocks for whoever quotes, and the market reacts", () => {
  const [idle, quoting] = [watch(4, false), watch(4, true)];
  expect(quoting.prices).toEqual(idle.prices);
  expect(quoting.shownMs).toEqual(idle.shownMs);
  expect(idle.matches).toEqual([]);
  expect(quoting.matches.length).toBeGreaterThan(0);
});

test("another seed is another market", () => {
  expect(watch(5, false).prices).not.toEqual(watch(4, false).prices);
});

test("books are shown 100 to 400 ms apart", () => {
  const stage = new SimulatedStage({ seed: 1, regime: regimeOf("calm") });
  const shown: number[] = [];
  let nowMs = 0;
  stage.listen({ print: () => undefined, ownMatch: () => undefined, book: () => shown.push(nowMs) });
  while (stage.nextMs <= 20_000) {
    nowMs = stage.nextMs;
    stage.advance();
  }
  const gaps = shown.slice(1).map((ms, i) => ms - (shown[i] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100);
  expect(Math.max(...gaps)).toBeLessThan(400);
  expect(gaps.length).toBeGreaterThan(60);
});
