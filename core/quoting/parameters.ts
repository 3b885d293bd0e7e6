/**
 * The parameters of the strategies and of the estimates they go by, as the engine takes them: already checked, sizes in lots,
 * prices in ticks. A part that is left out is off. Owns no default but those of the estimates.
 */
import type { Lots, Side, Ticks } from "../units.ts";

/** One value a side. */
export type PerSide<Value> = Readonly<Record<Side, Value>>;

export type FairValueParameters = {
  /** Which price of the book without our orders; `weighted` looks at `levels` levels a side (1 to 20). */
  readonly source: "mid" | "microprice" | "weighted";
  readonly levels: number;
  /** Age of the book, in milliseconds, past which there is no fair value. */
  readonly ageMs: number;
  readonly reference?: ReferenceParameters;
};

/** A second price whose moves tell of this one's: it times the usual ratio of the two. */
export type ReferenceParameters = {
  /** Symbol of another market of the shard; left out, the prices are those told from outside (`reference-price`). */
  readonly market?: string;
  /** Share of the fair value that is the reference's, 0 to 1. */
  readonly weight: number;
  /** Age of the reference's price, in milliseconds, past which it is not used. */
  readonly ageMs: number;
  /** Half-life of the usual ratio, in seconds; it is known once it was observed for so long. */
  readonly premiumHalfLifeSeconds: number;
  /** Furthest that the reference moves the fair value, in basis points of it: a broken one moves no quote further. */
  readonly shiftBpsMax: number;
};

export type VolatilityParameters = {
  readonly halfLifeSeconds: number;
  /** It is known after so many seconds of data with so many changes of the mid. */
  readonly warmUpSeconds: number;
  readonly warmUpChanges: number;
};

export type IntensityParameters = {
  readonly halfLifeSeconds: number;
  /** Steps with a trade, halved each half-life, from which on a fit is tried. */
  readonly tradesMin: number;
};

export type FlowGuardParameters = {
  readonly windowSeconds: number;
  /** A side pauses while more than this is bought (or sold) within the window without its counterpart. */
  readonly volumeMax: Lots;
};

/** Volatility of a minute or so: short enough for a spell of unrest, long enough for a hundred books. */
export const VOLATILITY_DEFAULTS: VolatilityParameters = { halfLifeSeconds: 60, warmUpSeconds: 30, warmUpChanges: 10 };

/** Trades are fewer than books, and a fit takes dozens of them. */
export const INTENSITY_DEFAULTS: IntensityParameters = { halfLifeSeconds: 600, tradesMin: 40 };

/** What is given up of the edge to stand before the others, and what must be left of it. */
export type ImproveParameters = {
  /** Ticks by which the first level betters the best other quote; 0 joins it. */
  readonly ticks: number;
  /** Ticks it betters it by at most, at least `ticks`: more would be given away for nothing. No limit when left out. */
  readonly ticksMax?: number;
  /** What must remain, in basis points of the fair value: distance from it − maker fee − adverse selection; at least 0. */
  readonly edgeBps: number;
  /** Adverse selection that is expected until it has been measured, in basis points. */
  readonly adverseBps: number;
  /** Others' quotes count as best where at least so much stands at them or before them; left out, any size does. */
  readonly behindSize?: Lots;
};

/** How a side whose fills lose against later mids is quoted further away, or thinner. */
type MarkoutParameters = {
  /** Basis points further away for each basis point of loss that is proven, and at most so many. */
  readonly widenFactor: number;
  readonly widenBpsMax: number;
  /** Percent taken off the sizes once a loss is proven; less while it is only likely. */
  readonly thinPercent: number;
};

/** What the strategies have in common: how many quotes, how large, and what moves them besides the model. */
export type LadderParameters = {
  /** Quotes a side, 1 to 10. */
  readonly levels: number;
  /** Distance from one level to the next, in basis points of the fair value; at least 0 (a tick apart at least). */
  readonly levelSpacingBps: number;
  /** Size of the first level, and what each further one adds to the one before it. */
  readonly orderSize: Lots;
  readonly levelSizeIncrement?: Lots;
  /** No quote is enlarged beyond this. */
  readonly orderSizeMax?: Lots;
  /** Position that the quotes lean towards, as a share of its limit, −1 to 1. */
  readonly inventoryTarget?: number;
  /** Least distance between our bid and ask, half of it on each side of the fair value, in basis points. */
  readonly minimumSpreadBps?: number;
  /** Fair values from which on nothing is sold (at or below), or bought (at or above). */
  readonly priceFloor?: Ticks;
  readonly priceCeiling?: Ticks;
  /** How long a side is not quoted after a fill of it, in milliseconds. */
  readonly fillDelayMs?: PerSide<number>;
  /** The venue's fee for a resting order, in basis points; negative for a rebate. */
  readonly makerFeeBps?: number;
  readonly improve?: ImproveParameters;
  readonly markout?: MarkoutParameters;
};

/** What the estimates behind the strategies are made with. */
export type EstimateParameters = {
  readonly fairValue?: FairValueParameters;
  readonly volatility?: VolatilityParameters;
  readonly flowGuard?: FlowGuardParameters;
};

export type PureMarketMakingParameters = LadderParameters &
  EstimateParameters & {
    readonly type: "pure-market-making";
    /** Distance of the first level from the reservation price, in basis points of the fair value; above 0. */
    readonly halfSpreadBps: number;
    /** The same for one side alone. */
    readonly bidHalfSpreadBps?: number;
    readonly askHalfSpreadBps?: number;
    /** Added to both half-spreads: this many times the volatility, in basis points per square root of a second. */
    readonly volatilityWidening?: number;
    /** How far the quotes move against the position when it is at its limit, in basis points; linear below; at least 0. */
    readonly inventorySkewBps: number;
    /**
     * The sizes lean against the position: at its target both sides have their size; at this distance from it, a share of its
     * limit, one side has twice its size and the other none.
     */
    readonly sizeSkewRange?: number;
  };

export type AvellanedaStoikovParameters = LadderParameters &
  EstimateParameters & {
    readonly type: "avellaneda-stoikov";
    /** γ, per basis point and order: how much the risk of the position weighs. Above 0. */
    readonly riskAversion: number;
    /** ξ, in the same unit: how much the chance of fills weighs; γ when left out, 0 is a maker that minds only the position. */
    readonly executionRiskAversion?: number;
    /** Δ: what one fill takes, in orders of `orderSize`; 1 when left out. */
    readonly fillOrders?: number;
    /** The position's limit in orders of `orderSize`: turns a share of the limit into the q of the formulas. */
    readonly positionOrders: number;
    /** The skew of the formulas is multiplied by this; 1 when left out. */
    readonly skewFactor?: number;
    /** The half-spread stays between these, and the skew below that, in basis points of the fair value. */
    readonly halfSpreadBpsMin: number;
    readonly halfSpreadBpsMax: number;
    readonly skewBpsMax: number;
    /** Half-spread, and skew at the position's limit, while volatility or intensity is not known, in basis points. */
    readonly warmUpHalfSpreadBps: number;
    readonly warmUpSkewBps?: number;
    /** η: the size of the side that adds to the position falls with e^(−η·position as a share of its limit). */
    readonly sizeShaping?: number;
    /** A further level stands where this percentage of the arrivals of the one before it is left; replaces `levelSpacingBps`. */
    readonly levelArrivalPercent?: number;
    readonly intensity?: IntensityParameters;
  };

export type StrategyParameters = PureMarketMakingParameters | AvellanedaStoikovParameters;

/** When an order that is not exactly the wanted one is left in its place in the queue all the same. */
export type RefreshTolerance = {
  /** Ticks its price may differ, at least 0. */
  readonly priceTicks: number;
  /** Percent of the wanted size its remainder may differ, 0 to 100. */
  readonly sizePercent: number;
  /** Age in milliseconds from which on it is placed anew all the same; never when left out. */
  readonly ageMsMax?: number;
};
