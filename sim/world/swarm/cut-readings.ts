/**
 * Readings of the audit that were cut short and gone on with: which run passed a fact, and when it began. Owns this record and whether a
 * word must know of an altered fact; what is written in the table is `audit-checks.ts`'s to read.
 */
import type { Altered } from "./foreign-hand.ts";

/** A state that was left with a reading to be gone on with: everything before `through` is compared; undefined at the beginning. */
export type CutReading = { readonly version: number; readonly through: string | undefined };

/** `checkedFrom`: where the run's reading began or went on (venue time); undefined at the beginning of the history. */
export type RunWord = {
  readonly version: number;
  readonly beganMs: number;
  readonly checkedFrom: string | undefined;
};

type Cut = { readonly through: string; beganMs: number };

export class CutReadings {
  readonly #runMsMax: number;
  /** By `<market> <version>`. */
  readonly #cuts = new Map<string, Cut>();

  /** `runMsMax`: how long a run may take. */
  constructor(runMsMax: number) {
    this.#runMsMax = runMsMax;
  }

  /** A run has written down where it stopped; `atMs` in epoch milliseconds. Its word comes after that, or never. */
  noteCut(market: string, { version, through = "" }: CutReading, atMs: number): void {
    this.#cuts.set(`${market} ${version}`, { through, beganMs: atMs - this.#runMsMax });
  }

  /** The word of a run says when it began. */
  noteWord(market: string, { version, beganMs }: Pick<RunWord, "version" | "beganMs">): void {
    const cut = this.#cuts.get(`${market} ${version}`);
    if (cut !== undefined) cut.beganMs = beganMs;
  }

  /**
   * Whether the run that read the fact began since it was altered, and so must have found it: this one, or where it only went on behind the
   * fact with a reading that was cut short, the one that passed it.
   */
  mustKnow(
    market: string,
    { version, beganMs, checkedFrom = "" }: RunWord,
    { sinceMs, venueTime }: Pick<Altered, "sinceMs" | "venueTime">,
  ): boolean {
    let readMs = beganMs;
    let from = checkedFrom;
    for (let before = version - 1; from >= venueTime; before -= 1) {
      const cut = this.#cuts.get(`${market} ${before}`);
      // It began anew, and what is so young is read again then.
      if (cut === undefined) break;
      readMs = cut.beganMs;
      from = this.#cuts.get(`${market} ${before - 1}`)?.through ?? "";
    }
    return readMs > sinceMs;
  }
}
