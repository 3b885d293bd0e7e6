/** What is wrong between the parameters of a strategy, or between them and the limits, that are each well formed. */
import { InputError } from "../core/errors.ts";
import { type Market, parsePrice, parseSize } from "../core/market.ts";
import type { MarketFile } from "./config-schema.ts";

/** Takes down one fault: where it is, what was expected there and what was found. */
export type NoteFault = (what: string, expected: string, was: unknown) => void;

/** Faults of one market's strategy; `note` and `attempt` name places within the market, e.g. `strategy.orderSize`. */
export function strategyFaults(
  file: MarketFile,
  market: Market,
  to: { readonly note: NoteFault; readonly fail: (error: InputError) => void; readonly where: string },
): void {
  const { strategy, limits } = file;
  const { note } = to;
  const size = (key: string, text: string) => attempt(to, () => parseSize(market, text, `${to.where}.${key}`));
  const orderSize = size("strategy.orderSize", strategy.orderSize);
  const increment =
    strategy.levelSizeIncrement === undefined ? 0 : size("strategy.levelSizeIncrement", strategy.levelSizeIncrement);
  const orderSizeMax = size("limits.orderSize", limits.orderSize);
  const positionMax = size("limits.position", limits.position);
  if (strategy.improve?.behindSize !== undefined) size("strategy.improve.behindSize", strategy.improve.behindSize);
  if (orderSize !== null && orderSizeMax !== null && orderSize > orderSizeMax) {
    note("strategy.orderSize", `at most limits.orderSize (${limits.orderSize})`, strategy.orderSize);
  } else if (orderSize !== null && increment !== null && orderSizeMax !== null) {
    const largest = BigInt(orderSize) + BigInt(strategy.levels - 1) * BigInt(increment);
    const expected = `such that the last level is at most limits.orderSize (${limits.orderSize})`;
    if (largest > BigInt(orderSizeMax)) note("strategy.levelSizeIncrement", expected, strategy.levelSizeIncrement);
  }
  if (orderSize !== null && increment !== null && positionMax !== null) {
    const levels = BigInt(strategy.levels);
    const sum = levels * BigInt(orderSize) + ((levels * (levels - 1n)) / 2n) * BigInt(increment);
    const steps = increment === 0 ? "" : ` with ${strategy.levelSizeIncrement} more each`;
    const expected = `at least strategy.levels × strategy.orderSize (${strategy.levels} × ${strategy.orderSize}${steps}), or the outer quotes are never allowed`;
    if (sum > BigInt(positionMax)) note("limits.position", expected, limits.position);
  }
  bandFaults(file, market, to);
  orderFaults(file, note);
}

function bandFaults(
  { strategy }: MarketFile,
  market: Market,
  to: { readonly note: NoteFault; readonly fail: (error: InputError) => void; readonly where: string },
): void {
  const { priceFloor, priceCeiling } = strategy;
  const price = (key: string, text: string) =>
    attempt(to, () => parsePrice(market, text, `${to.where}.strategy.${key}`));
  const floor = priceFloor === undefined ? null : price("priceFloor", priceFloor);
  const ceiling = priceCeiling === undefined ? null : price("priceCeiling", priceCeiling);
  if (floor !== null && ceiling !== null && floor >= ceiling) {
    to.note("strategy.priceCeiling", `above strategy.priceFloor (${priceFloor})`, priceCeiling);
  }
}

/** Pairs of which one must not be above the other. */
function orderFaults({ strategy }: MarketFile, note: NoteFault): void {
  const { improve } = strategy;
  if (improve?.ticksMax !== undefined && improve.ticksMax < improve.ticks) {
    note("strategy.improve.ticksMax", `at least improve.ticks (${improve.ticks})`, improve.ticksMax);
  }
  if (strategy.type !== "avellaneda-stoikov") return;
  const { halfSpreadBpsMin: least, halfSpreadBpsMax: largest, warmUpHalfSpreadBps: warmUp } = strategy;
  if (largest < least) note("strategy.halfSpreadBpsMax", `at least halfSpreadBpsMin (${least})`, largest);
  else if (warmUp < least || warmUp > largest) {
    const expected = `from halfSpreadBpsMin to halfSpreadBpsMax (${least} to ${largest})`;
    note("strategy.warmUpHalfSpreadBps", expected, warmUp);
  }
}

/** Runs a check of core; its complaint is passed on, and the result is then null. */
function attempt<Result>(to: { readonly fail: (error: InputError) => void }, check: () => Result): Result | null {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    to.fail(error);
    return null;
  }
}
