/**
 * Which markets a local run trades and how: those of `config/local.json`, further simulated ones, or a tape's. Sizes and
 * limits of a market that the file does not have are the first market's, at the same value in quote currency.
 */
import { formatScaled, parseScaled } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";
import type { MarketSetting } from "../exchange/exchange.ts";
import type { TapeDescription } from "../exchange/tape.ts";

/** A market as it stands in a configuration file (`config/schema.json`). */
export type MarketFile = {
  readonly symbol: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly strategy: Readonly<Record<string, unknown>> & { readonly orderSize: string };
  readonly limits: Readonly<Record<string, unknown>> & { readonly orderSize: string; readonly position: string };
} & Readonly<Record<string, unknown>>;

export type RunMarkets = {
  /** For the task's configuration. */
  readonly files: readonly MarketFile[];
  /** For the simulated exchange. */
  readonly settings: readonly MarketSetting[];
};

/** Where simulated markets begin; ticks and lots as spot venues have them. */
const SIMULATED: readonly MarketSetting[] = [
  { symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" },
  { symbol: "ATOM/USDC", tickSize: "0.001", lotSize: "0.1", startPrice: "4.215" },
  { symbol: "OSMO/USDC", tickSize: "0.0001", lotSize: "1", startPrice: "0.3872" },
  { symbol: "TIA/USDC", tickSize: "0.001", lotSize: "0.1", startPrice: "5.104" },
  { symbol: "ETH/USDC", tickSize: "0.5", lotSize: "0.0001", startPrice: "2684" },
  { symbol: "BTC/USDC", tickSize: "10", lotSize: "0.00001", startPrice: "61870" },
];

/** The markets of a run with simulated traders: `symbols`, or those of the file. Throws `InputError` on an unknown one. */
export function simulatedMarkets(file: readonly MarketFile[], symbols: readonly string[] | undefined): RunMarkets {
  const wanted = symbols ?? file.map((market) => market.symbol);
  const settings = wanted.map((symbol) => {
    const setting = SIMULATED.find((known) => known.symbol === symbol);
    if (setting !== undefined) return setting;
    const expected = `among ${SIMULATED.map((known) => known.symbol).join(", ")}`;
    throw new InputError({ what: "--markets", expected, was: symbol });
  });
  const model = modelOf(file);
  const modelPrice = SIMULATED.find((known) => known.symbol === model.symbol)?.startPrice ?? "1";
  const files = settings.map(
    (setting) =>
      file.find((market) => market.symbol === setting.symbol) ??
      scaledMarket({ model, modelPrice, setting, price: setting.startPrice }),
  );
  return { files, settings };
}

/**
 * The markets of a tape. The quotes join the tape's own top: half its median spread, since on a real, tight market the
 * distances of a simulated wide one would never trade.
 */
export function tapeMarkets(
  file: readonly MarketFile[],
  tape: TapeDescription,
  symbols: readonly string[] | undefined,
): RunMarkets {
  const known = tape.markets.map((market) => market.symbol);
  const unknown = symbols?.find((symbol) => !known.includes(symbol));
  if (unknown !== undefined) {
    throw new InputError({ what: "--markets", expected: `among those of the tape: ${known.join(", ")}`, was: unknown });
  }
  const chosen = tape.markets.filter((market) => symbols?.includes(market.symbol) ?? true);
  const model = modelOf(file);
  const modelPrice = SIMULATED.find((market) => market.symbol === model.symbol)?.startPrice ?? "1";
  const settings: MarketSetting[] = [];
  const files = chosen.map((market) => {
    const { symbol, tickSize, lotSize, medianMid, medianSpreadTicks } = market;
    if (medianMid === null || medianSpreadTicks === null) {
      throw new InputError({ what: `${symbol} of the tape`, expected: "with a two-sided book", was: market });
    }
    const setting = { symbol, tickSize, lotSize, startPrice: medianMid };
    settings.push(setting);
    const scaled = scaledMarket({ model, modelPrice, setting, price: medianMid });
    const spreadBps = (Number(medianSpreadTicks) * Number(tickSize) * 10_000) / Number(medianMid);
    const tickBps = (Number(tickSize) * 10_000) / Number(medianMid);
    const halfSpreadBps = roundUp(Math.max(spreadBps / 2, MIN_HALF_SPREAD_BPS));
    const { bidHalfSpreadBps: _bid, askHalfSpreadBps: _ask, minimumSpreadBps: _least, ...own } = scaled.strategy;
    const strategy = {
      ...own,
      ...distancesOf(scaled.strategy, halfSpreadBps),
      levelSpacingBps: roundUp(Math.max(10 * tickBps, MIN_HALF_SPREAD_BPS)),
      refreshToleranceTicks: 5,
    };
    return { ...scaled, strategy };
  });
  return { files, settings };
}

/** The least the configuration allows (config/schema.json). */
const MIN_HALF_SPREAD_BPS = 0.1;

/** The distances of either strategy that bring its first quotes to the top of a book with this half-spread. */
function distancesOf(strategy: MarketFile["strategy"], halfSpreadBps: number): Readonly<Record<string, number>> {
  if (strategy["type"] === "pure-market-making") return { halfSpreadBps, inventorySkewBps: 1 };
  const furthest = Number(strategy["halfSpreadBpsMax"]);
  return { halfSpreadBpsMin: MIN_HALF_SPREAD_BPS, warmUpHalfSpreadBps: Math.min(halfSpreadBps, furthest) };
}

function roundUp(bps: number): number {
  return Math.ceil(bps * 1_000) / 1_000;
}

function modelOf(file: readonly MarketFile[]): MarketFile {
  const [model] = file;
  if (model !== undefined) return model;
  throw new InputError({ what: "markets of config/local.json", expected: "at least one", was: file });
}

const DECIMALS = 18;

/**
 * The model's market under another symbol, with every size worth what it is worth there. Prices and a reference are of that one
 * market, and left out.
 */
function scaledMarket(input: {
  readonly model: MarketFile;
  readonly modelPrice: string;
  readonly setting: MarketSetting;
  readonly price: string;
}): MarketFile {
  const { model, modelPrice, setting, price } = input;
  const scale = (size: string): string => {
    const value = Number(size) * Number(modelPrice);
    const lots = Math.max(1, Math.round(value / Number(price) / Number(setting.lotSize)));
    const lot = parseScaled(setting.lotSize, DECIMALS, "lotSize");
    return formatScaled(BigInt(lots) * lot, DECIMALS);
  };
  const { priceFloor: _floor, priceCeiling: _ceiling, fairValue, ...own } = model.strategy;
  const { referencePrice: _reference, ...market } = model;
  const strategy = {
    ...own,
    orderSize: scale(model.strategy.orderSize),
    ...(isObject(fairValue) ? { fairValue: withoutKey(fairValue, "reference") } : {}),
    ...scaledSize(own, "levelSizeIncrement", scale),
    ...(isObject(own["improve"])
      ? { improve: { ...own["improve"], ...scaledSize(own["improve"], "behindSize", scale) } }
      : {}),
  };
  return {
    ...market,
    symbol: setting.symbol,
    tickSize: setting.tickSize,
    lotSize: setting.lotSize,
    strategy,
    limits: { ...model.limits, orderSize: scale(model.limits.orderSize), position: scale(model.limits.position) },
  };
}

function scaledSize(part: Readonly<Record<string, unknown>>, key: string, scale: (size: string) => string): object {
  const size = part[key];
  return typeof size === "string" ? { [key]: scale(size) } : {};
}

function withoutKey(part: Readonly<Record<string, unknown>>, key: string): object {
  return Object.fromEntries(Object.entries(part).filter(([name]) => name !== key));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
