/** From the configuration's markets, decimal strings and bps, to what the engine takes. Owns the conversion alone. */
import { makeMarket, parseSize } from "../core/market.ts";
import type { MarketSettings } from "../core/market-engine.ts";
import type { MarketConfig } from "./config.ts";

export function toMarketSettings(config: MarketConfig): MarketSettings {
  const market = makeMarket(config);
  const { strategy, limits } = config;
  return {
    market,
    strategy: {
      type: strategy.type,
      halfSpreadBps: strategy.halfSpreadBps,
      levels: strategy.levels,
      levelSpacingBps: strategy.levelSpacingBps,
      orderSize: parseSize(market, strategy.orderSize, `${config.symbol} strategy.orderSize`),
      inventorySkewBps: strategy.inventorySkewBps,
    },
    tolerance: { priceTicks: strategy.refreshToleranceTicks, sizePercent: strategy.refreshTolerancePercent },
    limits: {
      orderSize: parseSize(market, limits.orderSize, `${config.symbol} limits.orderSize`),
      position: parseSize(market, limits.position, `${config.symbol} limits.position`),
      bookAgeMs: limits.bookAgeMs,
    },
  };
}
