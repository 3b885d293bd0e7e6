/**
 * The markets that are compared on, each with where its figures come from. Nothing here was chosen by looking at a competitor's
 * result; `docs/quoting.md` says the same in a table. Owns the figures; what they do is `sim/exchange/`'s.
 *
 * One base market, and everything else from it by two ratios: of volatility and of traded value.
 *
 * 1. Tape: 650 s of ETH/USDT, 8 August 2024, as `npm run compare -- --measure FILE` prints it: continuous volatility (bipower
 *    variation at 400 ms) 0.81 bps per square root of a second, a quarter of its ten-second spans below 0.69 and a tenth above 1.56
 *    of the median; 45 jumps beyond four deviations, one each 14.4 s, of 2.0 to 5.1 bps, 2.64 on average; 8.26 taker orders a second
 *    (fills of one moment and side are one order) with a logarithmic deviation of 2.45, their 95th percentile 105 medians, mean 2,133
 *    USDT; the mid one second after a taker order 0.72 bps further in its direction, 0.58 of a second's volatility.
 * 2. Local run: the traded value of `LOCAL_FLOW`, 190 USDC a second or 16 million a day. SEI traded 182 million a day on all venues
 *    before 25 September 2024 (523 million after a rise of 187 %, CoinGecko by crypto.news), so this is a venue of a tenth of it. The
 *    competing maker and the informed takers are the local run's, unchanged. No published figure of a spread of SEI on chain was
 *    found; 40 to 48 bps is within what Injective's liquidity programme still rewards (50 bps for BTC and ETH, 100 for others).
 * 3. Invariance (Kyle and Obizhaeva, 2011, SSRN 1978932): with W = value × volatility, orders a time grow with W^(2/3), an order is
 *    value / orders, and a spread over volatility falls with W^(-1/3). From the tape (17,620 USDT a second) to the base market W
 *    falls to 0.0102: 0.39 orders a second, so 487 USDC each on average; with the tape's distribution cut at 100 medians, whose
 *    mean is 8.7 medians, the median is 56 USDC.
 * 4. Information: a taker order of the tape, weighted by value, is followed by 1.9 bps (± 0.9) in its direction within a second, and
 *    still after thirty. By invariance an order of the base market, where business time runs 21 times slower, is followed by 1.9 ×
 *    4.6 = 8.8 bps within 21 s to 630 s. Takers who know the price 300 s ahead, a normal move of which is 0.8 × 1.07 × √300 = 14.8
 *    bps, come to that when they are 0.6 of all. That is the toxic market. In the others they are a fifth, the usual probability of
 *    informed trading (Easley, Hvidkjaer and O'Hara, 2002: about 0.19 for stocks of the NYSE; not looked up again).
 */
import { type FlowParameters, LOCAL_FLOW } from "../exchange/order-flow.ts";
import type { PathParameters } from "../exchange/price-path.ts";

export const REGIME_NAMES = ["calm", "volatile", "trending", "thin", "toxic"] as const;

/** `tight` is no part of the comparison unless asked for: a market whose spread leaves no room, to see what happens there. */
export const FURTHER_REGIME_NAMES = ["tight"] as const;

export type RegimeName = (typeof REGIME_NAMES)[number] | (typeof FURTHER_REGIME_NAMES)[number];

export type Regime = {
  readonly name: RegimeName;
  readonly path: PathParameters;
  readonly flow: FlowParameters;
  /** How late the competing maker sees the fair price. */
  readonly makerLagMs: number;
  /** The share of the takers at random who know the price this far ahead. */
  readonly foresight: { readonly ms: number; readonly share: number };
};

/** The base market: see the module's header. Spells last as long as in the local run; a walk that is not drawn back. */
const BASE = {
  // 0.81 × 0.69 and 0.81 × 1.56: over spells of 20 s and 7 s that is 0.81 again.
  calmBps: 0.56,
  busyBps: 1.26,
  jumpMeanMs: 14_400,
  // Uniform with the tape's mean of 2.64.
  jumpBpsMin: 2,
  jumpBpsMax: 3.28,
  ordersPerSecond: 0.39,
  medianNotional: 56,
  sizeLogDeviation: 2.45,
  sizeMaxFactor: 100,
};

/** Volatility of the base market, jumps included, in basis points per square root of a second: 60 % a year. */
const BASE_VOLATILITY_BPS = 1.07;

/** See the header's point 4. */
const FORESIGHT_MS = 300_000;
const FORESIGHT_SHARE = 0.19;

type Shape = {
  readonly name: RegimeName;
  /** Volatility and traded value over the base market's. */
  readonly volatility: number;
  readonly value: number;
  readonly trend?: NonNullable<PathParameters["trend"]>;
  readonly informedPerSecond?: number;
  readonly makerLagMs?: number;
  readonly foresightShare?: number;
  /** Multiplies the competing maker's spread beyond what invariance says. */
  readonly spread?: number;
};

const SHAPES: readonly Shape[] = [
  { name: "calm", volatility: 1, value: 1 },
  // SEI on 25 September 2024: from 0.366 to 0.471 within the day, by Parkinson (1980) 15.1 % a day or 5.15 bps per square root of a
  // second, and 2.87 times the value of the day before.
  { name: "volatile", volatility: 5.15 / BASE_VOLATILITY_BPS, value: 2.87 },
  // An alternative coin's usual volatility of 110 % a year (SUI, statility.com, 2025), and the move of that day, 25.2 %, within six
  // hours: that it took a quarter of the day is an assumption.
  {
    name: "trending",
    volatility: 1.96 / BASE_VOLATILITY_BPS,
    value: 1,
    trend: { bpsPerSecond: 2_520 / 21_600, meanMs: 21_600_000 },
  },
  // A tenth of the value: an assumption; all else follows by invariance.
  { name: "thin", volatility: 1, value: 0.1 },
  // The header's point 4; and since prices are made elsewhere and adjust sluggishly on decentralised venues (Hansen, Kim and
  // Kimbrough, 2021, arXiv 2109.12142), the competing maker is a second late and takers of what is stale look at every step. The
  // second, and that they look so often, are assumptions.
  { name: "toxic", volatility: 1, value: 1, informedPerSecond: 25, makerLagMs: 1_000, foresightShare: 0.6 },
  // A spread of about two ticks of 2.4 bps on each side.
  { name: "tight", volatility: 1, value: 1, spread: 0.22 },
];

export function regimeOf(name: RegimeName): Regime {
  const shape = SHAPES.find((each) => each.name === name);
  if (shape === undefined) throw new RangeError(`no regime ${name}`);
  return {
    name,
    path: pathOf(shape),
    flow: flowOf(shape),
    makerLagMs: shape.makerLagMs ?? 0,
    foresight: { ms: FORESIGHT_MS, share: shape.foresightShare ?? FORESIGHT_SHARE },
  };
}

function pathOf({ volatility, trend }: Shape): PathParameters {
  return {
    spells: {
      calm: { volatilityBps: BASE.calmBps * volatility, meanMs: 20_000 },
      busy: { volatilityBps: BASE.busyBps * volatility, meanMs: 7_000 },
    },
    jumps: {
      meanMs: BASE.jumpMeanMs,
      bpsMin: BASE.jumpBpsMin * volatility,
      bpsMax: BASE.jumpBpsMax * volatility,
    },
    reversionHalfLifeMs: Number.POSITIVE_INFINITY,
    ...(trend === undefined ? {} : { trend }),
  };
}

function flowOf({ volatility, value, informedPerSecond, spread = 1 }: Shape): FlowParameters {
  const activity = volatility * value;
  const orders = activity ** (2 / 3);
  const spreads = spread * volatility * activity ** (-1 / 3);
  const { maker, noise, informed } = LOCAL_FLOW;
  const scaled = ({ low, high }: { readonly low: number; readonly high: number }, by: number) => ({
    low: low * by,
    high: high * by,
  });
  // Busy spells trade more, as in the local run; over spells of 20 s and 7 s the rate is the base's.
  const busier = noise.perSecond.busy / noise.perSecond.calm;
  const calmRate = (BASE.ordersPerSecond * orders * 27) / (20 + 7 * busier);
  return {
    maker: {
      ...maker,
      halfSpreadBps: scaled(maker.halfSpreadBps, spreads),
      spacingBps: scaled(maker.spacingBps, spreads),
    },
    noise: {
      perSecond: { calm: calmRate, busy: calmRate * busier },
      reachBps: noise.reachBps * spreads,
      notional: (BASE.medianNotional * value) / orders,
      sizeLogDeviation: BASE.sizeLogDeviation,
      sizeMaxFactor: BASE.sizeMaxFactor,
    },
    informed: { ...informed, perSecond: informedPerSecond ?? informed.perSecond },
  };
}
