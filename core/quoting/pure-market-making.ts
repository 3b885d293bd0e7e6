/** Pure market making: quotes at set distances around the fair value, leaning against the position. Owns no state. */
import type { PureMarketMakingParameters } from "./parameters.ts";
import { layLadder, makeShape } from "./quote-ladder.ts";
import type { QuoteReason } from "./quote-reasons.ts";
import { leanOf, type Strategy } from "./strategy.ts";

/**
 * `levels` quotes a side around the reservation price, which leans against the position in proportion to it. Bids round down and
 * asks up, so rounding never narrows the spread, and none would take the others' best. Sizes lean as Hummingbot's do
 * (`inventory_skew_calculator.pyx`): the bid's factor falls in a line from 2 over 1 to 0 as the position goes from a range below
 * its target to a range above it, and the ask's is what is missing to 2.
 */
export const pureMarketMaking: Strategy<PureMarketMakingParameters> = (parameters, input) => {
  const ticksPerBps = input.fairValue / 10_000;
  const lean = leanOf(input.inventory, parameters.inventoryTarget);
  const { volatilityWidening = 0, sizeSkewRange } = parameters;
  const widening = volatilityWidening * (input.volatility ?? 0);
  const bidHalf = (parameters.bidHalfSpreadBps ?? parameters.halfSpreadBps) * ticksPerBps;
  const askHalf = (parameters.askHalfSpreadBps ?? parameters.halfSpreadBps) * ticksPerBps;
  const bidFactor = sizeSkewRange === undefined ? 1 : Math.max(0, Math.min(2, 1 - lean / sizeSkewRange));
  shape.reservation = input.fairValue - lean * parameters.inventorySkewBps * ticksPerBps;
  shape.distance.buy = bidHalf + widening;
  shape.distance.sell = askHalf + widening;
  shape.spacing = parameters.levelSpacingBps * ticksPerBps;
  shape.sizeFactor.buy = bidFactor;
  shape.sizeFactor.sell = sizeSkewRange === undefined ? 1 : 2 - bidFactor;
  shape.nearest = 0;
  shape.reasons = volatilityWidening > 0 && input.volatility === undefined ? WARM_UP : NONE;
  return layLadder(parameters, shape, input);
};

/** Of the ladder that is laid now. */
const shape = makeShape();

const NONE: readonly QuoteReason[] = [];
const WARM_UP: readonly QuoteReason[] = ["warm-up"];
