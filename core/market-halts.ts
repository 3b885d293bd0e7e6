/**
 * Who holds a market back, each apart from the others: it is quoted when nobody does. Owns the words and the moment quoting
 * began, from which the start period counts.
 */
import type { HaltSource, QuotingEvent } from "./events.ts";
import type { Blocker } from "./execution/why.ts";

export class MarketHalts {
  readonly #halts = new Map<HaltSource, string>([["start-up", "starting"]]);
  #blockers = blockersOf(this.#halts);
  #startedMs: number | undefined;

  /** The same list until somebody's word changes it: asked for in each decision. */
  get blockers(): readonly Blocker[] {
    return this.#blockers;
  }

  /** Monotonic moment at which the start-up allowed quoting; undefined before. */
  get startedMs(): number | undefined {
    return this.#startedMs;
  }

  has(source: HaltSource): boolean {
    return this.#halts.has(source);
  }

  halt(source: HaltSource, reason: string): void {
    this.#halts.set(source, reason);
    this.#blockers = blockersOf(this.#halts);
  }

  apply(event: QuotingEvent): void {
    if (event.type === "quoting-halted") {
      this.halt(event.by, event.reason);
      return;
    }
    this.#halts.delete(event.by);
    this.#blockers = blockersOf(this.#halts);
    if (event.by === "start-up") this.#startedMs ??= event.at.monotonicMs;
  }
}

function blockersOf(halts: ReadonlyMap<HaltSource, string>): readonly Blocker[] {
  return [...halts].map(([kind, text]) => ({ kind, text }));
}
