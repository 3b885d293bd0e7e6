/**
 * The time of a market with quotes and without, and what the latter is charged to. Owns the reason between two looks; the sums are
 * `QuoteMeter`'s and `UnquotedTime`'s.
 */
import type { UnquotedReason } from "../execution/why.ts";
import type { Order } from "../order.ts";
import type { Instant } from "../units.ts";
import { QuoteMeter } from "./quote-meter.ts";
import { UnquotedTime } from "./unquoted-time.ts";

export class QuotedTime {
  readonly meter = new QuoteMeter();
  readonly unquoted = new UnquotedTime();
  #reason: UnquotedReason = "start-up";

  /** The orders that stand from now on. A span without both sides is charged to what the decision at its begin says of it. */
  measure(open: readonly Order[], isBlocked: boolean, now: Instant): void {
    const wasTwoSided = this.meter.isTwoSided;
    const unquotedMs = this.meter.record(open, isBlocked, now.monotonicMs);
    this.unquoted.charge(unquotedMs, wasTwoSided ? "not-looked" : this.#reason, now.epochMs);
  }

  /** What a side is missing for, as of the last measure: to be told where one is. */
  explain(reason: UnquotedReason): void {
    this.#reason = reason;
  }
}
