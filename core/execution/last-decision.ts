/**
 * Why each quote of a market stands, is missing, or stands elsewhere, as of its last decision. Owns the notes of that one decision;
 * what the risk gate held back is `Denials`', and what became of the orders is the orders'.
 */
import { isResting, isUnknown, type Order } from "../order.ts";
import type { QuoteNote } from "../quoting/quote-reasons.ts";
import type { Quote, StrategyOutput } from "../quoting/strategy.ts";
import type { Denials } from "../risk/denials.ts";
import type { Side } from "../units.ts";
import { slotOf } from "./order-diff.ts";
import { type Blocker, firstBlocker, isAbsence, type UnquotedReason, type WaitReason, type WhyReason } from "./why.ts";

export type QuoteAccount = {
  readonly side: Side;
  readonly level: number;
  /** Within the limits; undefined when none is wanted or allowed there. */
  readonly wanted: Quote | undefined;
  /** The order that rests there, or else the newest that may. */
  readonly order: Order | undefined;
  /** Why it is missing, moved, resized or held back; empty where it stands as its model says. */
  readonly reasons: readonly WhyReason[];
};

const SIDES: readonly Side[] = ["buy", "sell"];

export class LastDecision {
  readonly #denials: Denials;
  /** By slot. */
  readonly #waits: (WaitReason | undefined)[] = [];
  #blockers: readonly Blocker[] = [];
  #wanted: readonly Quote[] = [];
  #modelled: readonly Quote[] = [];
  #notes: readonly QuoteNote[] = [];

  constructor(denials: Denials) {
    this.#denials = denials;
  }

  /** A decision begins: what blocks the market, what the strategy wants and says of it, and what the limits leave of that. */
  begin(blockers: readonly Blocker[], { quotes, notes }: StrategyOutput, wanted: readonly Quote[]): void {
    this.#blockers = blockers;
    this.#modelled = quotes;
    this.#notes = notes;
    this.#wanted = wanted;
    // An array that is made empty gives its room back, and would need it again at once.
    for (let i = 0; i < this.#waits.length; i += 1) this.#waits[i] = undefined;
  }

  /** A quote of this decision was not placed or moved. */
  waits(quote: Quote, reason: WaitReason): void {
    this.#waits[slotOf(quote)] = reason;
  }

  /** Each level of each side, `levels` of them or as many as anything is known of; `open` as they are now. */
  accounts(levels: number, open: readonly Order[]): readonly QuoteAccount[] {
    const count = Math.max(levels, ...[...this.#wanted, ...open].map(({ level }) => level + 1));
    return SIDES.flatMap((side) =>
      Array.from({ length: count }, (_, level) => {
        const wanted = this.#wanted.find((quote) => quote.side === side && quote.level === level);
        const there = open.filter((order) => order.side === side && order.level === level);
        const order = there.find(isResting) ?? there.at(-1);
        return { side, level, wanted, order, reasons: this.#reasonsOf(side, level, there) };
      }),
    );
  }

  /** Why not both sides stand: the first reason of the first side that has no resting order among the open ones. */
  unquotedReason(open: readonly Order[]): UnquotedReason {
    const blocker = firstBlocker(this.#blockers);
    if (blocker !== undefined) return blocker;
    for (const side of SIDES) if (!isAnyResting(open, side)) return this.#absenceOf(side, open);
    return "unanswered";
  }

  /** Level by level, the first reason for which a quote is not there at all. */
  #absenceOf(side: Side, open: readonly Order[]): UnquotedReason {
    const last = Math.max(lastLevelOf(this.#wanted), lastLevelOf(this.#notes));
    for (let level = 0; level <= last; level += 1) {
      const there = open.filter((order) => order.side === side && order.level === level);
      const reason = this.#reasonsOf(side, level, there).find(isAbsence);
      if (reason !== undefined) return reason;
    }
    return "unexplained";
  }

  #reasonsOf(side: Side, level: number, there: readonly Order[]): readonly WhyReason[] {
    if (this.#blockers.length > 0) return this.#blockers.map(({ kind }) => kind);
    const reasons: WhyReason[] = [];
    for (const note of this.#notes) {
      if (note.side === side && (note.level ?? level) === level) reasons.push(note.reason);
    }
    const size = sizeAt(this.#wanted, side, level);
    if (size !== undefined && size < (sizeAt(this.#modelled, side, level) ?? 0)) reasons.push("clipped");
    for (const { quote, reason } of this.#denials.now) {
      if (quote.side === side && quote.level === level) reasons.push(reason);
    }
    const wait = this.#waitOf(slotOf({ side, level }), there);
    if (wait !== undefined) reasons.push(wait);
    return reasons;
  }

  #waitOf(slot: number, there: readonly Order[]): WaitReason | undefined {
    if (there.some(isUnknown)) return "unproven";
    if (there.some(({ state }) => state === "intent" || state === "sent")) return "unanswered";
    return this.#waits[slot] ?? (there.some((order) => !isResting(order)) ? "being-cancelled" : undefined);
  }
}

/** 0 where there is none. */
function lastLevelOf(list: readonly { readonly level: number | undefined }[]): number {
  let last = 0;
  for (const { level } of list) last = Math.max(last, level ?? 0);
  return last;
}

function isAnyResting(open: readonly Order[], side: Side): boolean {
  for (const order of open) if (order.side === side && isResting(order)) return true;
  return false;
}

function sizeAt(quotes: readonly Quote[], side: Side, level: number): number | undefined {
  return quotes.find((quote) => quote.side === side && quote.level === level)?.size;
}
