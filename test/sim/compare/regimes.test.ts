import { expect, test } from "vitest";
import { FURTHER_REGIME_NAMES, REGIME_NAMES, regimeOf } from "../../../sim/compare/regimes.ts";
import { SimulatedStage, STEP_MS } from "../../../sim/compare/simulated-stage.ts";

const LISTENER = { print: () => undefined, ownMatch: () => undefined, book: () => undefined };

test("every regime has its market, and the walk of none is drawn back", () => {
  for (const name of [...REGIME_NAMES, ...FURTHER_REGIME_NAMES]) {
    const regime = regimeOf(name);
    expect(regime.name).toBe(name);
    expect(regime.path.reversionHalfLifeMs).toBe(Number.POSITIVE_INFINITY);
  }
});

test("a tenth of the value trades by invariance: 0.215 of the orders, 0.464 of the size, 2.15 of the spread", () => {
  const [calm, thin] = [regimeOf("calm").flow, regimeOf("thin").flow];
  expect(thin.noise.perSecond.calm / calm.noise.perSecond.calm).toBeCloseTo(0.1 ** (2 / 3), 9);
  expect(thin.noise.notional / calm.noise.notional).toBeCloseTo(0.1 ** (1 / 3), 9);
  expect(thin.maker.halfSpreadBps.low / calm.maker.halfSpreadBps.low).toBeCloseTo(0.1 ** (-1 / 3), 9);
  expect(calm.maker.halfSpreadBps).toEqual({ low: 20, high: 24 });
});

test("busy spells trade more, and over all spells the rate is the base's", () => {
  const { calm, busy } = regimeOf("calm").flow.noise.perSecond;
  expect(busy / calm).toBeCloseTo(5 / 3.2, 9);
  expect((20 * calm + 7 * busy) / 27).toBeCloseTo(0.39, 9);
});

test("the calm market moves as the tape does: 1.07 bps per root second, jumps included", () => {
  const stage = new SimulatedStage({ seed: 5, regime: regimeOf("calm") });
  stage.listen(LISTENER);
  let sum = 0;
  const steps = 100_000;
  let before = stage.fairPrice;
  for (let done = 0; done < steps; ) {
    const { fairPrice } = stage;
    if (fairPrice !== before) {
      sum += (1e4 * Math.log(fairPrice / before)) ** 2;
      before = fairPrice;
      done += 1;
    }
    stage.advance();
  }
  const volatility = Math.sqrt(sum / ((steps * STEP_MS) / 1_000));
  expect(volatility).toBeGreaterThan(1.0);
  expect(volatility).toBeLessThan(1.14);
});
