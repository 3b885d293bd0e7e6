/**
 * What one seed's market and configuration are like: how often books come and prices move, how often somebody trades, how many markets
 * and levels, how long a lease. Owns the drawing and what of it goes into a task's configuration.
 */
import type { Config, MarketConfig } from "../../../fargate/config.ts";
import type { Rng } from "../../../fargate/seams.ts";
import type { MarketSetting } from "../../exchange/exchange.ts";
import type { AwsDepth } from "../aws-access.ts";
import { chance, logBetween, oneOf, wholeBetween } from "./draw.ts";

/** Sizes are of orders; an account holds a million of each asset. */
const MARKETS = [
  { symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1", startPrice: "0.4215", size: "500" },
  { symbol: "ATOM/USDC", tickSize: "0.001", lotSize: "0.01", startPrice: "8.412", size: "25" },
  { symbol: "ETH/USDC", tickSize: "0.05", lotSize: "0.001", startPrice: "2480", size: "0.08" },
] as const;

/** The position limit of a market, in orders. */
const LIMIT_ORDERS = 10;

export type Shape = {
  readonly markets: readonly MarketSetting[];
  /** A book is published so often, changed or not. */
  readonly blockMs: number;
  /** Mean time between moves of the price, and their size. */
  readonly moveMs: number;
  readonly moveBps: number;
  /** Mean time between takers, and their largest size over an order's. */
  readonly takeMs: number;
  readonly takeSize: number;
  /** Share of the time in which next to nothing happens. */
  readonly calmShare: number;
  readonly spreadBps: number;
  readonly levels: number;
  readonly levelSpacingBps: number;
  readonly halfSpreadBps: number;
  readonly leaseTermMs: number;
  readonly idleDecisionMs: number;
  readonly depth: AwsDepth;
  /** The position limit over an order's size; ten unless told. */
  readonly positionOrders?: number;
  /** The limit of an order's value over that of an order at the start; the plain configuration's unless told. */
  readonly valueOrders?: number;
  /** What each level adds to the size of the one before it, in orders; nothing unless told. */
  readonly levelSizeOrders?: number;
  /** The hourly report runs, in a world that begins so many minutes past the hour; undefined: there is none. */
  readonly reportsFromMinute?: number | undefined;
  /** Grafana is there, and is provisioned. */
  readonly hasGrafana?: boolean;
};

/** As the deployed configurations have it. */
const VENUE_AGE_MS = 15_000;

/** One seed in twenty-five goes through the whole SDK, which takes four times as long. */
const WIRE_SHARE = 0.04;

export function drawShape(rng: Rng): Shape {
  const markets = oneOf(rng, [1, 1, 1, 2, 3]);
  return {
    markets: MARKETS.slice(0, markets).map(({ size: _, ...market }) => market),
    blockMs: Math.round(logBetween(rng, { low: 400, high: 2_500 })),
    moveMs: Math.round(logBetween(rng, { low: 4_000, high: 60_000 })),
    moveBps: logBetween(rng, { low: 1, high: 12 }),
    takeMs: Math.round(logBetween(rng, { low: 5_000, high: 60_000 })),
    takeSize: logBetween(rng, { low: 0.2, high: 3 }),
    calmShare: oneOf(rng, [0, 0.3, 0.6]),
    spreadBps: oneOf(rng, [30, 44, 80]),
    levels: wholeBetween(rng, { low: 1, high: 3 }),
    levelSpacingBps: oneOf(rng, [5, 8]),
    halfSpreadBps: oneOf(rng, [4, 6, 10]),
    leaseTermMs: oneOf(rng, [6_000, 10_000, 10_000, 20_000]),
    idleDecisionMs: oneOf(rng, [50, 250, 500, 500]),
    depth: chance(rng, WIRE_SHARE) ? "wire" : "direct",
  };
}

/** The ages at which books are too old go with their rhythm: a market whose blocks take seconds is quoted on older ones. */
export function agesOf({ blockMs }: Pick<Shape, "blockMs">): {
  readonly placeBookAgeMs: number;
  readonly bookAgeMs: number;
  readonly stalenessMs: number;
} {
  return {
    placeBookAgeMs: Math.max(1_200, 2 * blockMs),
    bookAgeMs: Math.max(2_000, 3 * blockMs),
    stalenessMs: Math.max(3_000, 4 * blockMs),
  };
}

/** Puts the shape into the world's plain configuration. */
export function shaped(shape: Shape): (config: Config) => Config {
  const { placeBookAgeMs, bookAgeMs, stalenessMs } = agesOf(shape);
  return (config) => {
    const [plain] = config.markets;
    if (plain === undefined) return config;
    return {
      ...config,
      leaseTermMs: shape.leaseTermMs,
      sei: { ...config.sei, stalenessMs, venueAgeMs: VENUE_AGE_MS },
      shardLimits: { ...config.shardLimits, exposureValue: "20000" },
      markets: shape.markets.map((market) => ({
        ...plain,
        ...marketOf(plain, market, shape),
        limits: { ...limitsOf(plain, market, shape), bookAgeMs, placeBookAgeMs },
      })),
    };
  };
}

function marketOf(plain: MarketConfig, market: MarketSetting, shape: Shape) {
  const { symbol, tickSize, lotSize } = market;
  const { levels, levelSpacingBps, halfSpreadBps, levelSizeOrders } = shape;
  const grown = levelSizeOrders === undefined ? {} : { levelSizeIncrement: sizeOf(market, levelSizeOrders) };
  const strategy = {
    ...plain.strategy,
    levels,
    levelSpacingBps,
    halfSpreadBps,
    orderSize: sizeOf(market, 1),
    ...grown,
  };
  return { symbol, tickSize, lotSize, strategy };
}

function limitsOf({ limits }: MarketConfig, market: MarketSetting, shape: Shape): MarketConfig["limits"] {
  const { valueOrders } = shape;
  const worth = Number(sizeOf(market, 1)) * Number(market.startPrice) * (valueOrders ?? 0);
  const orderValue = valueOrders === undefined ? limits.orderValue : worth.toFixed(2);
  return { ...limits, orderSize: sizeOf(market, 2), orderValue, position: sizeOf(market, positionOrdersOf(shape)) };
}

/** How many orders the position limit is worth. */
export function positionOrdersOf({ positionOrders = LIMIT_ORDERS }: Pick<Shape, "positionOrders">): number {
  return positionOrders;
}

/** So many orders' size, a decimal on the lot. */
export function sizeOf({ symbol, lotSize }: MarketSetting, orders: number): string {
  const size = Number(MARKETS.find((market) => market.symbol === symbol)?.size ?? "1") * orders;
  const lots = Math.max(1, Math.round(size / Number(lotSize)));
  return (lots * Number(lotSize)).toFixed(lotSize.split(".")[1]?.length ?? 0);
}
