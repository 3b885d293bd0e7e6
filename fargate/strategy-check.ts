/**
 * Whether an object may be a market's strategy: by the grammar of the configuration and, where the markets are known, by what must
 * agree with the market's limits. Owns the wording of a strategy's path alone; the checks are the configuration's own.
 */
import { InputError } from "../core/errors.ts";
import { type MarketConfig, pathText } from "./config.ts";
import { grammarFaults, marketFaults } from "./config-faults.ts";
import { marketFileSchema } from "./config-schema.ts";
import { toMarketSettings } from "./market-settings.ts";

export type StrategyFile = MarketConfig["strategy"];

export type StrategyVerdict =
  | { readonly strategy: StrategyFile; readonly faults: readonly [] }
  | { readonly strategy: null; readonly faults: readonly string[] };

/** Judges `raw` as the strategy of `symbol`, which must be among `markets`; without `markets` by the grammar alone. */
export function checkStrategy(
  raw: unknown,
  { symbol, markets }: { readonly symbol: string; readonly markets: readonly MarketConfig[] | undefined },
): StrategyVerdict {
  const parsed = marketFileSchema.shape.strategy.safeParse(raw);
  const where = ["markets", 0, "strategy"];
  const faults = parsed.success
    ? []
    : grammarFaults(
        parsed.error.issues.map((issue) => ({ ...issue, path: [...where, ...issue.path] })),
        { markets: [{ strategy: raw }] },
        (path) => pathText(path.slice(where.length - 1)),
      );
  const candidates = markets?.map((market) => (market.symbol === symbol ? { ...market, strategy: raw } : market));
  faults.push(...marketFaults(candidates).map((fault) => fault.replace(/^markets\[\d+\]\./, "")));
  if (!parsed.success || faults.length > 0) return { strategy: null, faults };
  const market = markets?.find((each) => each.symbol === symbol);
  const fault = market === undefined ? undefined : settingsFault({ ...market, strategy: parsed.data });
  return fault === undefined ? { strategy: parsed.data, faults: [] } : { strategy: null, faults: [fault] };
}

/** Why the engine can not be given such a market; undefined when it can: the last look before one that quotes is changed. */
export function settingsFault(market: MarketConfig): string | undefined {
  try {
    toMarketSettings(market);
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}
