/**
 * Where a ladder's quotes and notes are put down as they are found. Owns the room, which is made once, and the finding of what is the same
 * as the last time: quotes and notes never change, so that one that is wanted again is the same object. Which are wanted is the ladder's.
 */
import type { Side } from "../units.ts";
import { toLots, toTicks } from "../units.ts";
import type { QuoteNote, QuoteReason } from "./quote-reasons.ts";
import type { Quote, StrategyOutput } from "./strategy.ts";

const NOTHING: StrategyOutput = { quotes: [], notes: [] };

export class LadderSheet {
  #before = NOTHING;
  /** By level, each one's bid before its ask; those in the first `#placeCount` are of this ladder. */
  readonly #places: (Quote | undefined)[] = [];
  #placeCount = 0;
  /** Those that are there, in the same order. */
  readonly #quotes: Quote[] = [];
  /** As many of them as `#noted` are of this ladder. */
  readonly #notes: QuoteNote[] = [];
  #noted = 0;

  /** Another ladder; `before` is the answer of the last one that it may be the same as. */
  begin(levels: number, before = NOTHING): void {
    this.#before = before;
    this.#noted = 0;
    this.#placeCount = 2 * levels;
    for (let place = 0; place < this.#placeCount; place += 1) this.#places[place] = undefined;
  }

  quote(side: Side, level: number, price: number, size: number): void {
    const place = 2 * level + (side === "buy" ? 0 : 1);
    const last = lastAt(this.#before.quotes, place, side, level);
    this.#places[place] =
      last?.price === price && last.size === size ? last : { side, level, price: toTicks(price), size: toLots(size) };
  }

  note(side: Side, level: number | undefined, reason: QuoteReason): void {
    const last = this.#before.notes[this.#noted];
    const isSame = last?.reason === reason && last.side === side && last.level === level;
    this.#notes[this.#noted] = isSame ? last : { side, level, reason };
    this.#noted += 1;
  }

  /** A list is made where it is another one than before. */
  output(): StrategyOutput {
    let count = 0;
    for (let place = 0; place < this.#placeCount; place += 1) {
      const quote = this.#places[place];
      if (quote === undefined) continue;
      this.#quotes[count] = quote;
      count += 1;
    }
    const { quotes, notes } = this.#before;
    const areQuotesSame = isSameList(quotes, this.#quotes, count);
    const areNotesSame = isSameList(notes, this.#notes, this.#noted);
    if (areQuotesSame && areNotesSame) return this.#before;
    return {
      quotes: areQuotesSame ? quotes : this.#quotes.slice(0, count),
      notes: areNotesSame ? notes : this.#notes.slice(0, this.#noted),
    };
  }
}

/** Where no level is missing the quotes stand in their places. */
function lastAt(quotes: readonly Quote[], place: number, side: Side, level: number): Quote | undefined {
  const usual = quotes[place];
  if (usual?.side === side && usual.level === level) return usual;
  for (const quote of quotes) if (quote.side === side && quote.level === level) return quote;
  return undefined;
}

/** Whether a list is the first `count` of another, object by object. */
function isSameList(list: readonly unknown[], other: readonly unknown[], count: number): boolean {
  if (list.length !== count) return false;
  for (let i = 0; i < count; i += 1) if (list[i] !== other[i]) return false;
  return true;
}
