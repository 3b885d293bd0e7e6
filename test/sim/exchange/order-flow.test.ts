import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { type Match, MatchingEngine } from "../../../sim/exchange/matching-engine.ts";
import { LOCAL_FLOW, OrderFlow } from "../../../sim/exchange/order-flow.ts";
import { LOCAL_PATH, PricePath } from "../../../sim/exchange/price-path.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";

const market = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
const STEP_MS = 40;

function makeFlow(onMatch: (match: Match) => void, parts: Partial<ConstructorParameters<typeof OrderFlow>[0]> = {}) {
  const engine = new MatchingEngine(onMatch);
  const path = new PricePath(4_215, makeSeededRng(7, "SEI/USDC path"));
  const rng = makeSeededRng(7, "SEI/USDC flow");
  const flow = new OrderFlow({ market, engine, path, rng, ...parts });
  flow.requote();
  return { engine, path, flow };
}

test("without parameters price and traders are the local run's, to the last bit", () => {
  // The digest is of the same steps before price and traders took parameters.
  const hash = createHash("sha256");
  const { engine, path, flow } = makeFlow((match) => hash.update(JSON.stringify(match)));
  for (let i = 0; i < 4_000; i += 1) {
    path.advance(STEP_MS);
    flow.step(STEP_MS);
    if (i % 100 === 0) hash.update(String(path.price) + JSON.stringify(engine.levels(20)));
  }
  expect(path.price).toBe(4218.35482274832);
  expect(hash.digest("hex")).toBe("46453f688dddc154ec46a04a79c6dd9db6c5485537d0c2c616df3e055e394653");
});

test("what the traders draw does not depend on anybody else's orders", () => {
  const drawnWith = (isQuoting: boolean) => {
    const drawn: number[] = [];
    const source = makeSeededRng(3, "flow");
    const rng = {
      next: () => {
        const value = source.next();
        drawn.push(value);
        return value;
      },
    };
    const { engine, path, flow } = makeFlow(() => undefined, { rng });
    let perStep = "";
    for (let i = 0; i < 3_000; i += 1) {
      if (isQuoting && i % 5 === 0) {
        for (const side of ["buy", "sell"] as const) {
          engine.cancel(`${side}${i - 5}`);
          const price = toTicks(Math.round(path.price) + (side === "buy" ? -2 : 2));
          const size = toLots(300);
          engine.place({ orderId: `${side}${i}`, owner: "us", side, price, size, timeInForce: "post_only" });
        }
      }
      path.advance(STEP_MS);
      flow.step(STEP_MS);
      perStep += `${drawn.length} `;
    }
    return { drawn, perStep };
  };
  expect(drawnWith(true)).toEqual(drawnWith(false));
});

test("takers who know the price to come take its side", () => {
  const sides = new Map<string, number>();
  const { path, flow } = makeFlow(({ aggressor }) => sides.set(aggressor, (sides.get(aggressor) ?? 0) + 1), {
    foresight: { view: { price: 5_000 }, share: 1 },
    parameters: { ...LOCAL_FLOW, informed: { ...LOCAL_FLOW.informed, perSecond: 0 } },
  });
  for (let i = 0; i < 1_000; i += 1) {
    path.advance(STEP_MS);
    flow.step(STEP_MS);
  }
  expect(sides.get("buy")).toBeGreaterThan(50);
  expect(sides.get("sell")).toBeUndefined();
});

test("a maker who sees the price late quotes around what it was", () => {
  const { engine, flow } = makeFlow(() => undefined, { makerView: { price: 4_000 } });
  flow.requote();
  const mid = ((engine.best("buy") ?? 0) + (engine.best("sell") ?? 0)) / 2;
  expect(Math.abs(mid - 4_000)).toBeLessThanOrEqual(1);
});

test("a walk that is not drawn back has no way home, and one with a trend goes its way", () => {
  const still = { calm: { volatilityBps: 0, meanMs: 1e12 }, busy: { volatilityBps: 0, meanMs: 1e12 } };
  const jumps = { ...LOCAL_PATH.jumps, meanMs: Number.POSITIVE_INFINITY };
  const parameters = { spells: still, jumps, reversionHalfLifeMs: Number.POSITIVE_INFINITY };
  const stays = new PricePath(1_000, makeSeededRng(1, "path"), parameters);
  stays.jump(10);
  for (let i = 0; i < 1_000; i += 1) stays.advance(STEP_MS);
  expect(stays.price).toBeCloseTo(1_100, 9);
  const trend = { bpsPerSecond: 5, meanMs: Number.POSITIVE_INFINITY };
  const goes = new PricePath(1_000, makeSeededRng(1, "path"), { ...parameters, trend });
  for (let i = 0; i < 1_000; i += 1) goes.advance(STEP_MS);
  // 40 s at 5 bps a second, up or down.
  expect(Math.abs(Math.log(goes.price / 1_000))).toBeCloseTo(0.02, 9);
  const ends = [1, 2, 3, 4, 5, 6].map((seed) => {
    const path = new PricePath(1_000, makeSeededRng(seed, "path"), { ...parameters, trend });
    path.advance(STEP_MS);
    return path.price > 1_000;
  });
  expect(new Set(ends).size).toBe(2);
});
