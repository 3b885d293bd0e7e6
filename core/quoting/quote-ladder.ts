/**
 * From a model's distances to quotes on the grid: what both strategies share. Owns the rounding, the order of the levels, the
 * improvement on others, markouts, pauses and the price band; the distances are the strategies'.
 */
import type { Side } from "../units.ts";
import { signOf } from "../units.ts";
import { LadderSheet } from "./ladder-sheet.ts";
import type { LadderParameters, PerSide } from "./parameters.ts";
import type { QuoteReason } from "./quote-reasons.ts";
import type { MarkoutStatistics, SideInput, StrategyInput, StrategyOutput } from "./strategy.ts";

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

/** Where a strategy puts its shape down: made once, and filled anew for each ladder. */
export type ShapeRoom = {
  -readonly [Key in keyof LadderShape]: LadderShape[Key] extends PerSide<number>
    ? Record<Side, number>
    : LadderShape[Key];
};

/** Filled with no whole number: of the fields that ever held one V8 makes an object for each fraction. */
export function makeShape(): ShapeRoom {
  const none = Number.NaN;
  return {
    reservation: none,
    distance: { buy: none, sell: none },
    spacing: none,
    sizeFactor: { buy: none, sell: none },
    nearest: none,
    reasons: [],
  };
}

/**
 * A side's prices are handled as their generosity: the price itself for a bid, its negative for an ask. More is nearer to a fill
 * on either side, rounding is always down, and both sides are the same lines.
 */
type Draft = {
  /** The one that is laid now, and what is known of it: first the bids, then the asks. */
  side: Side;
  ours: SideInput;
  readonly parameters: LadderParameters;
  readonly shape: LadderShape;
  readonly input: StrategyInput;
};

/** One for all ladders, each of which is laid in one go. */
const sheet = new LadderSheet();

/** Whatever is as in `input.before` is the same object, up to the whole answer. */
export function layLadder(parameters: LadderParameters, shape: LadderShape, input: StrategyInput): StrategyOutput {
  sheet.begin(parameters.levels, input.before);
  const draft: Draft = { side: "buy", ours: input.buy, parameters, shape, input };
  layOne(draft, shape.distance.buy, shape.sizeFactor.buy);
  draft.side = "sell";
  draft.ours = input.sell;
  layOne(draft, shape.distance.sell, shape.sizeFactor.sell);
  return sheet.output();
}

/** Puts the quotes of a side down; those that are missing are not. */
function layOne(draft: Draft, distance: number, sizeFactor: number): void {
  const { side, parameters, shape } = draft;
  const absence = absenceOf(draft);
  if (absence !== undefined) {
    note(draft, undefined, absence);
    return;
  }
  for (const reason of shape.reasons) note(draft, undefined, reason);
  const doubt = doubtOf(draft);
  const sign = signOf(side);
  const modelled = Math.floor(sign * shape.reservation - distance - doubt.widenTicks + NOISE_TICKS);
  const first = firstLevel(draft, modelled);
  // The further levels are never counted from an improved price.
  const anchor = Math.min(modelled, first);
  const spacing = Math.max(1, shape.spacing);
  const factor = sizeFactor * doubt.sizeFactor;
  for (let level = 0; level < parameters.levels; level += 1) {
    const generosity = level === 0 ? first : Math.floor(anchor - level * spacing + NOISE_TICKS);
    const price = sign * generosity;
    const size = sizeOf(draft, level, factor);
    if (price < 1) note(draft, level, "no-price");
    else if (size < 1) note(draft, level, "no-size");
    else sheet.quote(side, level, price, size);
  }
}

/** Why a side has no quote at all; undefined when it has. */
function absenceOf({ side, ours, parameters, input }: Draft): QuoteReason | undefined {
  const { priceFloor, priceCeiling, fillDelayMs } = parameters;
  const { isPaused, lastFillMs } = ours;
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
  const { markout } = draft.ours;
  if (parameters === undefined || markout === undefined || markout.meanBps >= 0) return UNDOUBTED;
  const widenBps = Math.min(parameters.widenFactor * Math.max(0, -markout.highBps), parameters.widenBpsMax);
  if (widenBps > 0) note(draft, undefined, "losing");
  const likelihood = lossLikelihood(markout);
  if (likelihood > 0 && parameters.thinPercent > 0) note(draft, undefined, "doubtful");
  return {
    widenTicks: widenBps * ticksPerBps(draft.input),
    sizeFactor: 1 - (likelihood * parameters.thinPercent) / 100,
  };
}

const UNDOUBTED = { widenTicks: 0, sizeFactor: 1 };

/** 0 for a mean of 0, 1 from where the upper end of its interval is 0 or less. */
function lossLikelihood({ meanBps, highBps }: MarkoutStatistics): number {
  return highBps <= 0 ? 1 : -meanBps / (highBps - meanBps);
}

/** Where the first level stands, which the model wants at `modelled`. */
function firstLevel(draft: Draft, modelled: number): number {
  const { side, parameters, input } = draft;
  const sign = signOf(side);
  let generosity = improve(draft, modelled);
  if (parameters.minimumSpreadBps !== undefined) {
    const distance = (parameters.minimumSpreadBps * ticksPerBps(input)) / 2;
    const nearest = Math.floor(sign * input.fairValue - distance + NOISE_TICKS);
    if (generosity > nearest) note(draft, 0, "minimum-spread");
    generosity = Math.min(generosity, nearest);
  }
  const opposite = side === "buy" ? input.others.ask : input.others.bid;
  const takes = opposite === undefined ? Number.POSITIVE_INFINITY : sign * opposite.price;
  if (generosity >= takes) note(draft, 0, "others-best");
  generosity = Math.min(generosity, takes - 1);
  // An ask is above 0 however far the position pulls it down; a bid that would not be is left out.
  return side === "sell" ? Math.min(generosity, -1) : generosity;
}

/**
 * The first level's place against the best other quote: at least `ticks` better as long as the edge lasts, and at most `ticksMax`
 * better. The edge is the distance from the fair value less fee and adverse selection; on the side that adds to the position the
 * reservation takes the fair value's place, so that a position is not added to for the sake of the first place.
 */
function improve(draft: Draft, modelled: number): number {
  const { side, ours, parameters, shape, input } = draft;
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
  const adverseBps = Math.max(0, ours.markout?.adverseBps ?? terms.adverseBps);
  const cost = Math.max(0, makerFeeBps + adverseBps + terms.edgeBps) * ticksPerBps(input);
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

function ticksPerBps({ fairValue }: StrategyInput): number {
  return fairValue / 10_000;
}

function note({ side }: Draft, level: number | undefined, reason: QuoteReason): void {
  sheet.note(side, level, reason);
}
