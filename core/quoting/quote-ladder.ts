/**
 * From a model's distances to quotes on the grid: what both strategies share. Owns the rounding, the order of the levels, the
 * improvement on others, markouts, pauses and the price band; the distances are the strategies'.
 */
import type { Side } from "../units.ts";
import { signOf, toLots, toTicks } from "../units.ts";
import type { LadderParameters, PerSide } from "./parameters.ts";
import type { QuoteNote, QuoteReason } from "./quote-reasons.ts";
import type { MarkoutStatistics, Quote, StrategyInput, StrategyOutput } from "./strategy.ts";

/** What a strategy wants before the grid, the others and the doubts have their say. Distances in ticks. */
export type LadderShape = {
  /** Where the quotes are centred: the fair value, moved against the position. */
  readonly reservation: number;
  /** From the reservation to the first level, above 0. */
  readonly distance: PerSide<number>;
  /** From one level to the next; at least a tick is taken. */
  readonly spacing: number;
  /** What the sizes of a side are multiplied by, at least 0. */
  readonly sizeFactor: PerSide<number>;
  /** An improved quote comes no nearer to the reservation. */
  readonly nearest: number;
  /** What holds for all quotes of both sides. */
  readonly reasons: readonly QuoteReason[];
};

/** Less than any price can be off by rounding of floats, and far less than a tick. */
const NOISE_TICKS = 1e-6;

/**
 * A side's prices are handled as their generosity: the price itself for a bid, its negative for an ask. More is nearer to a fill
 * on either side, rounding is always down, and both sides are the same lines.
 */
type Draft = {
  /** The one that is laid now: first the bids, then the asks. */
  side: Side;
  readonly parameters: LadderParameters;
  readonly shape: LadderShape;
  readonly input: StrategyInput;
  readonly ticksPerBps: number;
  readonly notes: QuoteNote[];
};

export function layLadder(parameters: LadderParameters, shape: LadderShape, input: StrategyInput): StrategyOutput {
  const ticksPerBps = input.fairValue / 10_000;
  const notes: QuoteNote[] = [];
  const quotes: (Quote | undefined)[] = [];
  // Each level's bid stands before its ask.
  for (let level = 0; level < parameters.levels; level += 1) quotes.push(undefined, undefined);
  const draft: Draft = { side: "buy", parameters, shape, input, ticksPerBps, notes };
  layOne(draft, quotes);
  draft.side = "sell";
  layOne(draft, quotes);
  return { quotes: quotes.every(isThere) ? quotes : quotes.filter(isThere), notes };
}

function isThere(quote: Quote | undefined): quote is Quote {
  return quote !== undefined;
}

/** Puts the quotes of a side in their places; those that are missing stay empty. */
function layOne(draft: Draft, quotes: (Quote | undefined)[]): void {
  const { side, parameters, shape } = draft;
  const absence = absenceOf(draft);
  if (absence !== undefined) {
    note(draft, undefined, absence);
    return;
  }
  for (const reason of shape.reasons) note(draft, undefined, reason);
  const doubt = doubtOf(draft);
  const first = firstLevel(draft, doubt.widenTicks);
  const sign = signOf(side);
  const spacing = Math.max(1, shape.spacing);
  const factor = shape.sizeFactor[side] * doubt.sizeFactor;
  for (let level = 0; level < parameters.levels; level += 1) {
    const generosity = level === 0 ? first.generosity : Math.floor(first.anchor - level * spacing + NOISE_TICKS);
    const price = sign * generosity;
    const size = sizeOf(draft, level, factor);
    if (price < 1) note(draft, level, "no-price");
    else if (size < 1) note(draft, level, "no-size");
    else quotes[2 * level + (side === "buy" ? 0 : 1)] = { side, level, price: toTicks(price), size: toLots(size) };
  }
}

/** Why a side has no quote at all; undefined when it has. */
function absenceOf({ side, parameters, input }: Draft): QuoteReason | undefined {
  const { priceFloor, priceCeiling, fillDelayMs } = parameters;
  const { isPaused, lastFillMs } = input[side];
  if (side === "buy" && priceCeiling !== undefined && input.fairValue >= priceCeiling) return "price-ceiling";
  if (side === "sell" && priceFloor !== undefined && input.fairValue <= priceFloor) return "price-floor";
  if (isPaused) return "flow-guard";
  const isJustFilled =
    fillDelayMs !== undefined && lastFillMs !== undefined && input.nowMs - lastFillMs < fillDelayMs[side];
  return isJustFilled ? "fill-delay" : undefined;
}

/**
 * What markouts say of a side. A loss is proven where even the upper end of the mean's confidence interval is below 0; the side
 * then stands further away by the proven part of it, which is all it takes to break even. Between 0 and proof it is the thinner
 * the likelier the loss, so that nothing jumps when one more fill arrives.
 */
function doubtOf(draft: Draft): { readonly widenTicks: number; readonly sizeFactor: number } {
  const { markout: parameters } = draft.parameters;
  const { markout } = draft.input[draft.side];
  if (parameters === undefined || markout === undefined || markout.meanBps >= 0) return UNDOUBTED;
  const widenBps = Math.min(parameters.widenFactor * Math.max(0, -markout.highBps), parameters.widenBpsMax);
  if (widenBps > 0) note(draft, undefined, "losing");
  const likelihood = lossLikelihood(markout);
  if (likelihood > 0 && parameters.thinPercent > 0) note(draft, undefined, "doubtful");
  return { widenTicks: widenBps * draft.ticksPerBps, sizeFactor: 1 - (likelihood * parameters.thinPercent) / 100 };
}

const UNDOUBTED = { widenTicks: 0, sizeFactor: 1 };

/** 0 for a mean of 0, 1 from where the upper end of its interval is 0 or less. */
function lossLikelihood({ meanBps, highBps }: MarkoutStatistics): number {
  return highBps <= 0 ? 1 : -meanBps / (highBps - meanBps);
}

/** Where the first level stands, and where the further ones are counted from: never from an improved price. */
function firstLevel(draft: Draft, widenTicks: number): { readonly generosity: number; readonly anchor: number } {
  const { side, shape, parameters, input, ticksPerBps } = draft;
  const sign = signOf(side);
  let generosity = Math.floor(sign * shape.reservation - shape.distance[side] - widenTicks + NOISE_TICKS);
  const modelled = generosity;
  generosity = improve(draft, generosity);
  if (parameters.minimumSpreadBps !== undefined) {
    const distance = (parameters.minimumSpreadBps * ticksPerBps) / 2;
    const nearest = Math.floor(sign * input.fairValue - distance + NOISE_TICKS);
    if (generosity > nearest) note(draft, 0, "minimum-spread");
    generosity = Math.min(generosity, nearest);
  }
  const opposite = side === "buy" ? input.others.ask : input.others.bid;
  const takes = opposite === undefined ? Number.POSITIVE_INFINITY : sign * opposite.price;
  if (generosity >= takes) note(draft, 0, "others-best");
  generosity = Math.min(generosity, takes - 1);
  // An ask is above 0 however far the position pulls it down; a bid that would not be is left out.
  if (side === "sell") generosity = Math.min(generosity, -1);
  return { generosity, anchor: Math.min(modelled, generosity) };
}

/**
 * The first level's place against the best other quote: at least `ticks` better as long as the edge lasts, and at most `ticksMax`
 * better. The edge is the distance from the fair value less fee and adverse selection; on the side that adds to the position the
 * reservation takes the fair value's place, so that a position is not added to for the sake of the first place.
 */
function improve(draft: Draft, modelled: number): number {
  const { side, parameters, shape, input, ticksPerBps } = draft;
  const { improve: terms, makerFeeBps = 0 } = parameters;
  const rival = side === "buy" ? input.rivals.bid : input.rivals.ask;
  if (terms === undefined || rival === undefined) return modelled;
  const sign = signOf(side);
  const best = sign * rival.price;
  const furthest = best + (terms.ticksMax ?? Number.POSITIVE_INFINITY);
  if (modelled > furthest) {
    note(draft, 0, "held-back");
    return furthest;
  }
  const target = best + terms.ticks;
  if (modelled >= target) return modelled;
  const adverseBps = Math.max(0, input[side].markout?.adverseBps ?? terms.adverseBps);
  const cost = Math.max(0, makerFeeBps + adverseBps + terms.edgeBps) * ticksPerBps;
  const worth = Math.min(sign * input.fairValue, sign * shape.reservation);
  const affordable = Math.ceil(Math.min(worth - cost, sign * shape.reservation - shape.nearest) - NOISE_TICKS) - 1;
  const improved = Math.min(target, affordable);
  if (improved < best || improved <= modelled) {
    note(draft, 0, "no-edge");
    return modelled;
  }
  note(draft, 0, "improved");
  return improved;
}

/**
 * The size of a level in lots, rounded down; 0 when nothing is left. Shaping makes no size larger than an order may be; one that is
 * so from the start is a slip that must not be quoted in part, and is left to the risk gate.
 */
function sizeOf(draft: Draft, level: number, factor: number): number {
  const { orderSize, levelSizeIncrement = 0, orderSizeMax = Number.POSITIVE_INFINITY } = draft.parameters;
  const unshaped = orderSize + level * levelSizeIncrement;
  const size = Math.floor(unshaped * factor + NOISE_TICKS);
  if (size <= orderSizeMax || unshaped > orderSizeMax) return size;
  note(draft, level, "size-limit");
  return orderSizeMax;
}

function note({ notes, side }: Draft, level: number | undefined, reason: QuoteReason): void {
  notes.push({ side, level, reason });
}
