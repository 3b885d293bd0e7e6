/** From a strategy in the configuration, decimal strings and percent, to the parameters of the core. Owns the conversion alone. */
import { type Market, parsePrice, parseSize } from "../core/market.ts";
import type {
  EstimateParameters,
  ImproveParameters,
  LadderParameters,
  RefreshTolerance,
  StrategyParameters,
} from "../core/quoting/parameters.ts";
import type { Limits } from "../core/risk/limits.ts";
import { type Lots, toLots } from "../core/units.ts";
import type { MarketConfig } from "./config.ts";

type StrategyConfig = MarketConfig["strategy"];

/** What of the limits shapes the quotes: no wanted size passes `orderSize`, and a position is a share of `position`. */
type ShapingLimits = Pick<Limits, "orderSize" | "position" | "bookAgeMs">;

export type StrategySettings = { readonly strategy: StrategyParameters; readonly tolerance: RefreshTolerance };

/** Throws `InputError` on a size or a price that does not fit the market. */
export function toStrategySettings(market: Market, config: StrategyConfig, limits: ShapingLimits): StrategySettings {
  const {
    orderSize: orderSizeText,
    levelSizeIncrement,
    inventoryTargetPercent,
    priceFloor,
    priceCeiling,
    buyFillDelayMs,
    sellFillDelayMs,
    improve,
    fairValue,
    flowGuard,
    refreshToleranceTicks,
    refreshTolerancePercent,
    orderAgeMs,
    ...own
  } = config;
  const orderSize = parseSize(market, orderSizeText, nameOf(market, "orderSize"));
  const converted = {
    orderSize,
    orderSizeMax: limits.orderSize,
    ...ladderOf(market, config),
    ...estimatesOf(config, orderSize, limits),
  };
  const tolerance = {
    priceTicks: refreshToleranceTicks,
    sizePercent: refreshTolerancePercent,
    ...(orderAgeMs === undefined ? {} : { ageMsMax: orderAgeMs }),
  };
  if (own.type === "avellaneda-stoikov") {
    return { strategy: { ...own, ...converted, positionOrders: limits.position / orderSize }, tolerance };
  }
  const { sizeSkewRangePercent, ...same } = own;
  const sizeSkew = sizeSkewRangePercent === undefined ? {} : { sizeSkewRange: sizeSkewRangePercent / 100 };
  return { strategy: { ...same, ...sizeSkew, ...converted }, tolerance };
}

/** The parts of the ladder that stand otherwise in the configuration. */
function ladderOf(
  market: Market,
  config: StrategyConfig,
): Omit<LadderParameters, "levels" | "levelSpacingBps" | "orderSize"> {
  const { levelSizeIncrement, inventoryTargetPercent, priceFloor, priceCeiling, improve } = config;
  const { buyFillDelayMs: buy = 0, sellFillDelayMs: sell = 0 } = config;
  const price = (name: string, text: string) => parsePrice(market, text, nameOf(market, name));
  return {
    ...(levelSizeIncrement === undefined
      ? {}
      : { levelSizeIncrement: parseSize(market, levelSizeIncrement, nameOf(market, "levelSizeIncrement")) }),
    ...(inventoryTargetPercent === undefined ? {} : { inventoryTarget: inventoryTargetPercent / 100 }),
    ...(priceFloor === undefined ? {} : { priceFloor: price("priceFloor", priceFloor) }),
    ...(priceCeiling === undefined ? {} : { priceCeiling: price("priceCeiling", priceCeiling) }),
    ...(buy === 0 && sell === 0 ? {} : { fillDelayMs: { buy, sell } }),
    ...(improve === undefined ? {} : { improve: improveOf(market, improve) }),
  };
}

function improveOf(market: Market, config: NonNullable<StrategyConfig["improve"]>): ImproveParameters {
  const { behindSize, ...same } = config;
  if (behindSize === undefined) return same;
  return { ...same, behindSize: parseSize(market, behindSize, nameOf(market, "improve.behindSize")) };
}

function estimatesOf(
  { fairValue, flowGuard }: StrategyConfig,
  orderSize: Lots,
  limits: ShapingLimits,
): Pick<EstimateParameters, "fairValue" | "flowGuard"> {
  return {
    ...(fairValue === undefined ? {} : { fairValue: { ageMs: limits.bookAgeMs, ...fairValue } }),
    ...(flowGuard === undefined
      ? {}
      : {
          flowGuard: {
            windowSeconds: flowGuard.windowSeconds,
            volumeMax: toLots(Math.floor(flowGuard.orders * orderSize)),
          },
        }),
  };
}

function nameOf(market: Market, key: string): string {
  return `${market.symbol} strategy.${key}`;
}
