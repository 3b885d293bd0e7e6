/**
 * The grammar of a market's strategy: every parameter with its unit, its range and the reason for it. What is left out is off, or
 * has the default that its text names. Owns the single field; what several must satisfy together is `strategy-faults.ts`'s.
 */
import * as z from "zod";
import { INTENSITY_DEFAULTS, VOLATILITY_DEFAULTS } from "../core/quoting/parameters.ts";
import { decimal, integer, number, symbol, word } from "./config-fields.ts";

/** The longest time a knob may look back or wait: a day. */
const DAY_SECONDS = 86_400;

const referenceSchema = z.strictObject({
  market: symbol()
    .exactOptional()
    .describe(
      "Another market of this file whose moves tell of this one's, e.g. a staked form of the same asset; left out, the price that this market's referencePrice asks for.",
    ),
  weight: number(0, 1).describe(
    "Share of the fair value that the reference makes, times the usual ratio of the two prices (0 to 1): 0 ignores it, 1 follows it alone. The more one market leads the other, the higher.",
  ),
  ageMs: integer(100, 60_000)
    .default(2_000)
    .describe(
      "Age of the reference's book or price, in milliseconds, past which it is left out (100 to 60,000; 2,000 when left out).",
    ),
  premiumHalfLifeSeconds: number(1, DAY_SECONDS)
    .default(600)
    .describe(
      "Half-life of the usual ratio of the two prices, in seconds (1 to 86,400; 600 when left out), and how long it is observed before it is used: a difference that lasts is no news.",
    ),
  shiftBpsMax: number(0, 1_000)
    .default(20)
    .describe(
      "Furthest that the reference moves the fair value, in basis points of it (0 to 1,000; 20 when left out): a broken one moves no quote further.",
    ),
});

const fairValueSchema = z.strictObject({
  source: word(["mid", "microprice", "weighted"])
    .default("microprice")
    .describe(
      "Which price of the book without our orders the quotes are around: its mid, the microprice (weighted by the sizes at the best prices, the default), or weighted by several levels, which few orders can not tilt.",
    ),
  levels: integer(1, 20)
    .default(5)
    .describe(
      'Levels a side that "weighted" looks at (1 to 20; 5 when left out): more are harder to tilt and slower to tell.',
    ),
  ageMs: integer(100, 60_000)
    .exactOptional()
    .describe(
      "Age of the book, in milliseconds, past which there is no fair value and so no quote (100 to 60,000); left out, limits.bookAgeMs alone says so.",
    ),
  reference: referenceSchema
    .exactOptional()
    .describe("A second market, or a price from outside, that the fair value follows in part; none when left out."),
});

const volatilitySchema = z.strictObject({
  halfLifeSeconds: number(1, DAY_SECONDS)
    .default(VOLATILITY_DEFAULTS.halfLifeSeconds)
    .describe(
      "Half-life of the squared moves of the mid, in seconds (1 to 86,400; 60 when left out): short follows a spell of unrest at once, long is steady.",
    ),
  warmUpSeconds: number(0, 3_600)
    .default(VOLATILITY_DEFAULTS.warmUpSeconds)
    .describe("Seconds of data before the volatility counts as known (0 to 3,600; 30 when left out)."),
  warmUpChanges: integer(0, 10_000)
    .default(VOLATILITY_DEFAULTS.warmUpChanges)
    .describe(
      "Changes of the mid before it counts as known (0 to 10,000; 10 when left out): a still book is not a calm one.",
    ),
});

const intensitySchema = z.strictObject({
  halfLifeSeconds: number(10, DAY_SECONDS)
    .default(INTENSITY_DEFAULTS.halfLifeSeconds)
    .describe(
      "Half-life of the trades that the arrivals are fitted from, in seconds (10 to 86,400; 600 when left out). A fit that fails leaves the one before it for as long.",
    ),
  tradesMin: integer(5, 100_000)
    .default(INTENSITY_DEFAULTS.tradesMin)
    .describe(
      "Trades within about a half-life from which on a fit is tried (5 to 100,000; 40 when left out): fewer give chance figures.",
    ),
});

const improveSchema = z.strictObject({
  ticks: integer(0, 100)
    .default(1)
    .describe(
      "Ticks by which the first quote of a side betters the best quote of others while that pays (0 to 100; 1 when left out; 0 joins it): who is first in the book is filled.",
    ),
  ticksMax: integer(0, 1_000)
    .exactOptional()
    .describe(
      "Ticks it betters it by at most (0 to 1,000, at least ticks): what is given beyond the first place is given for nothing, but for the spread. No limit when left out.",
    ),
  edgeBps: number(0, 1_000)
    .default(0)
    .describe(
      "What must be left for that, in basis points of the fair value: distance from it, less makerFeeBps, less adverse selection (0 to 1,000; 0 when left out, and then still more than nothing).",
    ),
  adverseBps: number(0, 1_000)
    .default(1)
    .describe(
      "Adverse selection to expect of a fill, in basis points, until our own fills have shown it (0 to 1,000; 1 when left out).",
    ),
  behindSize: decimal("a size in the base asset")
    .exactOptional()
    .describe(
      "Others' quotes are bettered only where so much stands at them or before them, in the base asset, a decimal string, a multiple of the lot: crumbs are no competition. Any size when left out.",
    ),
});

const markoutSchema = z.strictObject({
  widenFactor: number(0, 10)
    .default(1)
    .describe(
      "A side whose fills are proven (with 95 % confidence) to lose against later mids stands further away by this many times the proven loss (0 to 10; 1 when left out, which breaks even).",
    ),
  widenBpsMax: number(0, 1_000)
    .default(10)
    .describe("Furthest that this moves a side, in basis points (0 to 1,000; 10 when left out)."),
  thinPercent: number(0, 100)
    .default(50)
    .describe(
      "What such a side's sizes lose, in percent (0 to 100; 50 when left out); less the less likely the loss is, so that little is risked while it is in doubt.",
    ),
});

const flowGuardSchema = z.strictObject({
  windowSeconds: number(1, 3_600)
    .default(60)
    .describe("How far back fills are looked at, in seconds (1 to 3,600; 60 when left out)."),
  orders: number(0.1, 1_000).describe(
    "A side pauses while more than so many times orderSize was filled on it within the window without fills of the other side that paid (0.1 to 1,000): somebody knows more than we do.",
  ),
});

/** What every strategy takes. */
const SHARED = {
  levels: integer(1, 10).describe(
    "Quotes a side (1 to 10). Each costs a request to place and one to move, out of ten a second.",
  ),
  levelSpacingBps: number(0, 1_000).describe(
    "Distance between a side's quotes, in basis points of the fair value (0 to 1,000; never less than a tick).",
  ),
  orderSize: decimal("a size in the base asset").describe(
    "Size of each quote, in the base asset: a decimal string, a multiple of the lot, at most limits.orderSize.",
  ),
  levelSizeIncrement: decimal("a size in the base asset")
    .exactOptional()
    .describe(
      "What each further level adds to the size of the one before it, in the base asset, a decimal string, a multiple of the lot: outer quotes are filled in larger moves, at better prices. All levels are alike when left out.",
    ),
  inventoryTargetPercent: number(-100, 100)
    .exactOptional()
    .describe(
      "Position that the quotes lean towards, in percent of limits.position (−100 to 100; 0 when left out): a holder of the base asset may want to keep some.",
    ),
  minimumSpreadBps: number(0, 2_000)
    .exactOptional()
    .describe(
      "Half of this stays between each first quote and the fair value whatever leans or improves, in basis points (0 to 2,000): below the fees nothing is earned. Without it a position may lean a quote past the fair value.",
    ),
  priceFloor: decimal("a price in the quote asset")
    .exactOptional()
    .describe(
      "While the fair value is at or below this price, a multiple of the tick, nothing is sold. None when left out.",
    ),
  priceCeiling: decimal("a price in the quote asset")
    .exactOptional()
    .describe(
      "While the fair value is at or above this price, a multiple of the tick, nothing is bought. None when left out.",
    ),
  buyFillDelayMs: integer(0, 600_000)
    .exactOptional()
    .describe(
      "How long nothing is bid after a bid of ours was filled, in part or in whole, in milliseconds (0 to 600,000; 0 when left out): who sold to us may not be done.",
    ),
  sellFillDelayMs: integer(0, 600_000)
    .exactOptional()
    .describe("The same for asks, in milliseconds (0 to 600,000; 0 when left out)."),
  makerFeeBps: number(-100, 100)
    .exactOptional()
    .describe(
      "The venue's fee for an order that rested, in basis points (−100 to 100, negative for a rebate; 0 when left out): counted where a quote must be worth its fill.",
    ),
  improve: improveSchema
    .exactOptional()
    .describe("The first place before the quotes of others; not sought when left out."),
  markout: markoutSchema
    .exactOptional()
    .describe("What is done with a side whose fills lose against later mids; nothing when left out."),
  flowGuard: flowGuardSchema
    .exactOptional()
    .describe("A pause for a side that only one kind of taker meets; none when left out."),
  fairValue: fairValueSchema.exactOptional().describe("What the quotes are around; the microprice when left out."),
  volatility: volatilitySchema
    .exactOptional()
    .describe("How the volatility of the mid is measured; as its parts say when left out."),
  refreshToleranceTicks: integer(0, 1_000).describe(
    "A quote is left alone while its price is at most this many ticks from the wanted one (0 to 1,000): saves requests and keeps the place in the queue.",
  ),
  refreshTolerancePercent: number(0, 100).describe(
    "A quote is left alone while its size is at most this share from the wanted one, in percent of it (0 to 100).",
  ),
  orderAgeMs: integer(1_000, 86_400_000)
    .exactOptional()
    .describe(
      "Age past which a quote is placed anew although nothing about it changed, in milliseconds (1,000 to 86,400,000): an order that the venue has silently lost is found out. Never when left out.",
    ),
};

const pureMarketMakingSchema = z.strictObject({
  type: z
    .literal("pure-market-making")
    .describe("Quotes at fixed distances around the fair value, leaning against the position."),
  halfSpreadBps: number(0.1, 1_000).describe(
    "Distance of the innermost quote from the fair value, in basis points of it (0.1 to 1,000). Below the fees and the market's usual move per block it loses money.",
  ),
  bidHalfSpreadBps: number(0.1, 1_000)
    .exactOptional()
    .describe(
      "The same for bids alone, in basis points (0.1 to 1,000; halfSpreadBps when left out): where falls come faster than rises.",
    ),
  askHalfSpreadBps: number(0.1, 1_000)
    .exactOptional()
    .describe("The same for asks alone, in basis points (0.1 to 1,000; halfSpreadBps when left out)."),
  volatilityWidening: number(0, 100)
    .exactOptional()
    .describe(
      "Added to both half-spreads: so many times the volatility, in basis points per square root of a second (0 to 100; 0 when left out). In unrest a quote is further off by the time it can be moved.",
    ),
  inventorySkewBps: number(0, 1_000).describe(
    "How far all quotes move against the position when it equals limits.position, in basis points of the fair value (0 to 1,000; linear in between). 0 leans on nothing and lets the position wander to its limit.",
  ),
  sizeSkewRangePercent: number(1, 200)
    .exactOptional()
    .describe(
      "The sizes lean as well: so far from its target, in percent of limits.position, the side that adds to the position has no size and the other twice its own, in a line (1 to 200). Sizes do not lean when left out.",
    ),
  ...SHARED,
});

const avellanedaStoikovSchema = z.strictObject({
  type: z
    .literal("avellaneda-stoikov")
    .describe(
      "Spread and skew from volatility and the arrival of takers, by the closed form of Guéant, Lehalle and Fernandez-Tapia, which knows no closing time.",
    ),
  riskAversion: number(0.000_001, 10).describe(
    "γ, per basis point and order (0.000001 to 10): how much the risk of the position weighs. Higher widens the spread and leans more; 0.01 is a usual start.",
  ),
  executionRiskAversion: number(0, 10)
    .exactOptional()
    .describe(
      "ξ, in the same unit (0 to 10; riskAversion when left out): how much it weighs that fills come by chance; 0 minds the position alone.",
    ),
  fillOrders: number(0.01, 100)
    .exactOptional()
    .describe(
      "Δ: what one fill takes, in orders of orderSize (0.01 to 100; 1 when left out). Less where takers take a part of an order.",
    ),
  skewFactor: number(0, 10)
    .exactOptional()
    .describe(
      "The skew of the model is multiplied by this (0 to 10; 1 when left out): on some markets it leans too strongly.",
    ),
  halfSpreadBpsMin: number(0.1, 1_000).describe(
    "Least half-spread, in basis points (0.1 to 1,000): whatever the model says, no first quote is nearer to the price it leans to.",
  ),
  halfSpreadBpsMax: number(0.1, 1_000).describe(
    "Largest half-spread, in basis points (0.1 to 1,000, at least halfSpreadBpsMin): a bad fit leaves no market without a quote.",
  ),
  skewBpsMax: number(0, 1_000).describe(
    "Furthest that a position moves the quotes, in basis points (0 to 1,000): a bad fit gives nothing away.",
  ),
  warmUpHalfSpreadBps: number(0.1, 1_000).describe(
    "Half-spread while volatility or arrivals are not known, in basis points (0.1 to 1,000, between the two bounds): a market with few trades is quoted all the same.",
  ),
  warmUpSkewBps: number(0, 1_000)
    .exactOptional()
    .describe("Skew at limits.position in that time, in basis points (0 to 1,000; linear below; 0 when left out)."),
  sizeShaping: number(0, 20)
    .exactOptional()
    .describe(
      "η: the sizes of the side that adds to the position are multiplied by e^(−η·position as a share of limits.position) (0 to 20; 0 when left out).",
    ),
  levelArrivalPercent: number(1, 99)
    .exactOptional()
    .describe(
      "Once arrivals are known each level stands where this percentage of those at the one before it is left (1 to 99), in place of levelSpacingBps: levels as far apart as takers reach.",
    ),
  intensity: intensitySchema
    .exactOptional()
    .describe("How the arrival of takers is measured; as its parts say when left out."),
  ...SHARED,
});

const TYPES = [pureMarketMakingSchema, avellanedaStoikovSchema] as const;

/** The strategies a market may be given. */
export const strategySchema = z.discriminatedUnion(
  "type",
  TYPES,
  `the name of a strategy: ${TYPES.map((schema) => `"${schema.shape.type.value}"`).join(" or ")}`,
);
