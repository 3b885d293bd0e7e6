/**
 * What the asset is worth now: from the book without our own orders, and, where one is configured, from a second market. Owns
 * the ages of both and their usual ratio; whether a book is to be believed is `market-data/`'s.
 */
import type { OthersDepth, TopOfBook } from "../market-data/book.ts";
import type { FairValueParameters, ReferenceParameters } from "./parameters.ts";

/** Why there is no fair value, or why the reference has no part in it. */
type FairValueNote =
  | "no-book"
  | "book-old"
  | "reference-absent"
  | "reference-old"
  | "reference-warming-up"
  | "reference-bound";

export type FairValueReading = {
  /** In ticks, not rounded; undefined while there is none. */
  readonly ticks: number | undefined;
  readonly note: FairValueNote | undefined;
};

/** The middle between the best bid and ask, in ticks (halves occur); undefined when a side is empty. */
export function midOf(top: TopOfBook): number | undefined {
  return top.bid === undefined || top.ask === undefined ? undefined : (top.bid.price + top.ask.price) / 2;
}

/**
 * The microprice, in ticks: the mid weighted by the size on the *other* side, so that a heavy bid pulls it towards the ask
 * (Gatheral & Oomen 2010, "Zero-intelligence realized variance estimation"). Undefined when a side is empty.
 */
export function micropriceOf(top: TopOfBook): number | undefined {
  if (top.bid === undefined || top.ask === undefined) return undefined;
  const { bid, ask } = top;
  return (bid.price * ask.size + ask.price * bid.size) / (bid.size + ask.size);
}

/**
 * The microprice with the sizes of n levels, in ticks: bid + spread·I, where I = Σ w·bidSize / Σ w·(bidSize + askSize) and the
 * weights fall evenly, n for the best level to 1 for the last. The form is Stoikov's weighted mid (2018, "The micro-price",
 * M + (I − ½)·spread), with the imbalance taken over several levels, since the best alone is a few flickering orders on a thin
 * book. Lies between the best bid and ask; with one level it is `micropriceOf`. Undefined when a side is empty.
 */
export function weightedPriceOf(depth: OthersDepth, levels: number): number | undefined {
  const bid = depth.bids[0];
  const ask = depth.asks[0];
  if (bid === undefined || ask === undefined) return undefined;
  let bidSize = 0;
  let askSize = 0;
  for (let i = 0; i < levels; i += 1) {
    const weight = levels - i;
    bidSize += weight * (depth.bids[i]?.size ?? 0);
    askSize += weight * (depth.asks[i]?.size ?? 0);
  }
  return bid.price + ((ask.price - bid.price) * bidSize) / (bidSize + askSize);
}

type Price = { readonly value: number; readonly ms: number };

/** What outlives a change of the parameters. */
export type FairValueState = {
  readonly book: Price | undefined;
  readonly reference: Price | undefined;
  /** Time-weighted sum of ln(book's price / reference's) and of its weights, halved each half-life; seconds it was observed. */
  readonly ratioSum: number;
  readonly weightSum: number;
  readonly observedSeconds: number;
};

const NOTHING: FairValueState = {
  book: undefined,
  reference: undefined,
  ratioSum: 0,
  weightSum: 0,
  observedSeconds: 0,
};

/** What is left for another reference market: the usual ratio to the one before says nothing of it. */
export function withoutReference({ book }: FairValueState): FairValueState {
  return { ...NOTHING, book };
}

export class FairValue {
  readonly #parameters: FairValueParameters;
  /** Of the newest book, and when it was read; no number where it has none. Plain numbers: each book brings another. */
  #bookPrice: number;
  #bookMs: number;
  #reference: Price | undefined;
  /** ln(book's price / reference's) as it has stood since. */
  #ratio: Price | undefined;
  #ratioSum: number;
  #weightSum: number;
  #observedSeconds: number;

  constructor(parameters: FairValueParameters, state: FairValueState = NOTHING) {
    this.#parameters = parameters;
    this.#bookPrice = state.book?.value ?? Number.NaN;
    this.#bookMs = state.book?.ms ?? Number.NaN;
    this.#reference = state.reference;
    this.#ratioSum = state.ratioSum;
    this.#weightSum = state.weightSum;
    this.#observedSeconds = state.observedSeconds;
  }

  get state(): FairValueState {
    return {
      book: this.#hasBook ? { value: this.#bookPrice, ms: this.#bookMs } : undefined,
      reference: this.#reference,
      ratioSum: this.#ratioSum,
      weightSum: this.#weightSum,
      observedSeconds: this.#observedSeconds,
    };
  }

  /** A book that is believed, without our orders, at `nowMs` (monotonic). */
  bookSeen(depth: OthersDepth, nowMs: number): void {
    this.#seen({ bid: depth.bids[0], ask: depth.asks[0] }, depth, nowMs);
  }

  /** The same where one level of it is all that is looked at. */
  topSeen(top: TopOfBook, nowMs: number): void {
    this.#seen(top, undefined, nowMs);
  }

  #seen(top: TopOfBook, depth: OthersDepth | undefined, nowMs: number): void {
    this.#bookPrice = this.#priceOf(top, depth) ?? Number.NaN;
    this.#bookMs = nowMs;
    this.#observe(nowMs);
  }

  get #hasBook(): boolean {
    return !Number.isNaN(this.#bookPrice);
  }

  /** The reference's price, above 0, in whatever unit: only its ratio to ours counts. `ageMs` is how old it is at `nowMs`. */
  referenceSeen(value: number, nowMs: number, ageMs = 0): void {
    this.#reference = { value, ms: nowMs - ageMs };
    this.#observe(nowMs);
  }

  /**
   * The book's price, and with a weight w above 0 the mix (1 − w)·book + w·reference·premium. The premium is the usual ratio of
   * the two: a difference that lasts (another asset, fees, risk) is no news, only the reference's latest move is.
   */
  read(nowMs: number): FairValueReading {
    const { ageMs, reference } = this.#parameters;
    if (!this.#hasBook) return { ticks: undefined, note: "no-book" };
    if (nowMs - this.#bookMs > ageMs) return { ticks: undefined, note: "book-old" };
    if (reference === undefined || reference.weight === 0) return { ticks: this.#bookPrice, note: undefined };
    return this.#mix(this.#bookPrice, reference, nowMs);
  }

  #mix(own: number, { weight, ageMs, premiumHalfLifeSeconds, shiftBpsMax }: ReferenceParameters, nowMs: number) {
    const reference = this.#reference;
    if (reference === undefined) return { ticks: own, note: "reference-absent" } as const;
    if (nowMs - reference.ms > ageMs) return { ticks: own, note: "reference-old" } as const;
    if (this.#observedSeconds < premiumHalfLifeSeconds) return { ticks: own, note: "reference-warming-up" } as const;
    const implied = reference.value * Math.exp(this.#ratioSum / this.#weightSum);
    const shift = weight * (implied - own);
    const shiftMax = (own * shiftBpsMax) / 10_000;
    if (Math.abs(shift) <= shiftMax) return { ticks: own + shift, note: undefined };
    return { ticks: own + Math.sign(shift) * shiftMax, note: "reference-bound" } as const;
  }

  #priceOf(top: TopOfBook, depth: OthersDepth | undefined): number | undefined {
    switch (this.#parameters.source) {
      case "mid":
        return midOf(top);
      case "microprice":
        return micropriceOf(top);
      case "weighted":
        return weightedPriceOf(depth ?? depthOf(top), this.#parameters.levels);
    }
  }

  /** The ratio that stood until now counts for as long as it stood while both prices were young enough. */
  #observe(nowMs: number): void {
    const { reference: parameters, ageMs } = this.#parameters;
    if (parameters === undefined) return;
    const before = this.#ratio;
    if (before !== undefined) {
      const seconds = Math.max(0, Math.min(nowMs - before.ms, ageMs, parameters.ageMs)) / 1_000;
      const kept = 2 ** (-seconds / parameters.premiumHalfLifeSeconds);
      this.#ratioSum = this.#ratioSum * kept + before.value * (1 - kept);
      this.#weightSum = this.#weightSum * kept + (1 - kept);
      this.#observedSeconds += seconds;
    }
    const reference = this.#reference;
    const areYoung =
      this.#hasBook &&
      reference !== undefined &&
      nowMs - this.#bookMs <= ageMs &&
      nowMs - reference.ms <= parameters.ageMs;
    this.#ratio = areYoung ? { value: Math.log(this.#bookPrice / reference.value), ms: nowMs } : undefined;
  }
}

function depthOf({ bid, ask }: TopOfBook): OthersDepth {
  return { bids: bid === undefined ? [] : [bid], asks: ask === undefined ? [] : [ask] };
}
