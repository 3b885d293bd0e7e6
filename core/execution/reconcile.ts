/**
 * Three views of one position: the engine's, the ledger's and the venue's. They may part for moments, since fills travel at
 * different speeds; a difference that lasts means that somebody is wrong, and the market is halted until they agree or an operator
 * takes the venue's word. Owns the judgement; the reading is the shell's.
 */
import { formatScaled, MONEY_DECIMALS } from "../decimal.ts";

/** A difference seen for so long is no fill on its way (CONTRACTS: position of engine, ledger and venue every 60 s). */
export const DIFFERENCE_LASTS_MS = 60_000;

/** Moments of the engine's fill count that are remembered, one at each reading of the ledger. */
const SAMPLES_MAX = 64;

/** A balance may be so much older, or newer, than the books it is compared with: it is no difference when it fitted them then. */
const BALANCE_OFF_MS_MAX = 10_000;
const EXPLAINED_MAX = 500;

/** What is compared with. `positionAfter` gives the engine's position after its first n fills, as far back as it remembers. */
export type EngineView = {
  readonly fillCount: number;
  positionAfter(fillCount: number): bigint | undefined;
};

/** The venue's word on the base asset: `explained` is what the books account for now. Moments are monotonic. */
export type VenueReading = {
  readonly total: bigint;
  readonly explained: bigint;
  readonly askedMs: number;
  readonly nowMs: number;
  /** Nothing is on its way, so that a difference counts at once. */
  readonly isSettled: boolean;
};

const NONE: readonly string[] = [];

type Party = "ledger" | "venue";

/** `isBehind`: what the ledger lacks may still be on its way, so that it can come right by itself. */
type Difference = {
  readonly sinceMs: number;
  readonly text: string;
  readonly lasts: boolean;
  readonly isBehind: boolean;
};

export class PositionCheck {
  readonly #base: string;
  readonly #differences = new Map<Party, Difference>();
  #samples: { readonly fillCount: number; readonly ms: number }[] = [];
  /** What the venue holds of the base asset beyond what the books account for; the first reading tells it. */
  #baseline: bigint | undefined;
  /** What the books accounted for, and from when on; the newest last. */
  #explained: { readonly amount: bigint; readonly ms: number }[] = [];
  /** A total that fits no books so far: those of a fill that the balance knows first may come. */
  #ahead: { readonly total: bigint; readonly ms: number } | undefined;

  constructor(base: string, baseline: bigint | undefined) {
    this.#base = base;
    this.#baseline = baseline;
  }

  /** Integer of 10^-18 base: to be kept over a restart, so that what happens between two starts shows too. */
  get baseline(): bigint | undefined {
    return this.#baseline;
  }

  /** Every difference that is seen now, lasting or not, in words. */
  get differences(): readonly string[] {
    return [...this.#differences.values()].map(({ text }) => text);
  }

  /** Why the market must not be quoted; empty while no difference has lasted. */
  get reasons(): readonly string[] {
    if (this.#differences.size === 0) return NONE;
    return [...this.#differences.values()].filter(({ lasts }) => lasts).map(({ text }) => text);
  }

  /** A lasting difference that only an operator can settle; undefined while there is none. */
  get latch(): string | undefined {
    return [...this.#differences.values()].find(({ lasts, isBehind }) => lasts && !isBehind)?.text;
  }

  /**
   * The ledger's books are of `fillCount` fills and come to `position`. It may be behind, and lack a fill in the middle meanwhile,
   * but not for long; with as many fills as the engine it must come to the same.
   */
  ledgerRead(
    ledger: { readonly fillCount: number; readonly position: bigint; readonly isSettled: boolean },
    engine: EngineView,
    nowMs: number,
  ): void {
    this.#samples.push({ fillCount: engine.fillCount, ms: nowMs });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    const { isSettled } = ledger;
    const then = engine.positionAfter(ledger.fillCount);
    const count = `${ledger.fillCount} fills of the ledger, ${engine.fillCount} of the engine`;
    const isBehind = ledger.fillCount < engine.fillCount;
    if (ledger.fillCount > engine.fillCount) {
      const text = `the ledger knows fills that the engine does not: ${count}`;
      this.#differ("ledger", { text, nowMs, atOnce: isSettled, isBehind: false });
    } else if (then !== undefined && then !== ledger.position) {
      const text = `the ledger's position is ${this.#text(ledger.position)}, the engine's ${this.#text(then)} after as many fills (${count})`;
      this.#differ("ledger", { text, nowMs, atOnce: isSettled && !isBehind, isBehind });
    } else if (this.#samples.some((one) => nowMs - one.ms >= DIFFERENCE_LASTS_MS && one.fillCount > ledger.fillCount)) {
      const text = `the ledger is behind by more than a minute: ${count}`;
      this.#differ("ledger", { text, nowMs, atOnce: true, isBehind: true });
    } else {
      this.#differences.delete("ledger");
    }
  }

  /** The books account for so much from now on: a fill has come. */
  explainedIs(amount: bigint, nowMs: number): void {
    this.#explained.push({ amount, ms: nowMs });
    if (this.#explained.length > EXPLAINED_MAX) this.#explained.shift();
    const ahead = this.#ahead;
    if (ahead === undefined || this.#baseline === undefined || ahead.total !== this.#baseline + amount) return;
    if (nowMs - ahead.ms <= BALANCE_OFF_MS_MAX) this.#agree();
  }

  /** The first reading without a baseline sets it. */
  venueRead({ total, explained, askedMs, nowMs, isSettled }: VenueReading): void {
    this.#baseline ??= total - explained;
    if (total === this.#baseline + explained || this.#fittedSince(total - this.#baseline, askedMs)) {
      this.#agree();
      return;
    }
    this.#ahead = { total, ms: nowMs };
    const expected = this.#text(this.#baseline + explained);
    const text = `the venue holds ${this.#text(total)}, the books expect ${expected}`;
    this.#differ("venue", { text, nowMs, atOnce: isSettled, isBehind: false });
  }

  /** An operator looked and let it go on: where a difference had lasted, the venue's next word is taken as it is. */
  resume(): void {
    if (this.reasons.length === 0) return;
    this.#baseline = undefined;
    this.#ahead = undefined;
    this.#differences.clear();
    this.#samples = [];
  }

  #agree(): void {
    this.#ahead = undefined;
    this.#differences.delete("venue");
  }

  /** Whether the books accounted for so much at any moment from a little before the question on. */
  #fittedSince(amount: bigint, askedMs: number): boolean {
    const fromMs = askedMs - BALANCE_OFF_MS_MAX;
    return this.#explained.some((entry, index) => {
      const untilMs = this.#explained[index + 1]?.ms ?? Number.POSITIVE_INFINITY;
      return entry.amount === amount && untilMs >= fromMs;
    });
  }

  #differ(
    party: Party,
    found: { readonly text: string; readonly nowMs: number; readonly atOnce: boolean; readonly isBehind: boolean },
  ): void {
    const { text, nowMs, atOnce, isBehind } = found;
    const known = this.#differences.get(party);
    // Being behind and being elsewhere are two differences: each has to last by itself.
    const before = known?.isBehind === isBehind ? known : undefined;
    const sinceMs = before?.sinceMs ?? nowMs;
    const lasts = atOnce || before?.lasts === true || nowMs - sinceMs >= DIFFERENCE_LASTS_MS;
    this.#differences.set(party, { sinceMs, text, lasts, isBehind });
  }

  #text(amount: bigint): string {
    return `${formatScaled(amount, MONEY_DECIMALS)} ${this.#base}`;
  }
}
