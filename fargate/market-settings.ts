/** From the configuration's markets, decimal strings and bps, to what the engine takes. Owns the conversion alone. */
import { MONEY_DECIMALS, parseScaled } from "../core/decimal.ts";
import { makeMarket, parseSize } from "../core/market.ts";
import type { MarketSettings } from "../core/market-engine.ts";
import type { ShardLimits } from "../core/risk/limits.ts";
import type { Config, MarketConfig } from "./config.ts";
import { toStrategySettings } from "./strategy-settings.ts";

export function toMarketSettings(config: MarketConfig, sei: Pick<Config["sei"], "venueAgeMs"> = {}): MarketSettings {
  const market = makeMarket(config);
  const limits = {
    ...config.limits,
    orderSize: parseSize(market, config.limits.orderSize, `${config.symbol} limits.orderSize`),
    orderValue: parseScaled(config.limits.orderValue, MONEY_DECIMALS, `${config.symbol} limits.orderValue`),
    position: parseSize(market, config.limits.position, `${config.symbol} limits.position`),
  };
  return {
    market,
    ...(sei.venueAgeMs === undefined ? {} : { venueAgeMsMax: sei.venueAgeMs }),
    ...toStrategySettings(market, config.strategy, limits),
    limits,
  };
}

export function toShardLimits({ shardLimits }: Pick<Config, "shardLimits">): ShardLimits {
  return {
    ...shardLimits,
    exposureValue: parseScaled(shardLimits.exposureValue, MONEY_DECIMALS, "shardLimits.exposureValue"),
    capital: parseScaled(shardLimits.capital, MONEY_DECIMALS, "shardLimits.capital"),
  };
}
