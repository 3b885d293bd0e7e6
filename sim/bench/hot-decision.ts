/**
 * What a decision takes of the processor, hot: at a few moments of a market the same book comes again and again, as a new one each
 * time, and is decided on. Owns these moments and what is subtracted: applying such books alone.
 *
 * The clock stands still meanwhile and nothing is sent, since the engine has sent at that moment all that it may; so each decision walks the
 * same way through strategy, limits, order diff and budget, and the market goes on afterwards as if nothing had been. What is due
 * once a second is not in it. Processor time, not the wall: on a busy machine the wall is its neighbours'.
 */
import { assert } from "../../core/assert.ts";
import type { Command } from "../../core/commands.ts";
import type { Engine } from "../../core/engine.ts";
import type { BookUpdate } from "../../core/events.ts";
import type { WhyReason } from "../../core/execution/why.ts";
import type { Instant } from "../../core/units.ts";

/** Spread over the market, at no round time: of the ten minutes that a case lasts. */
const MOMENTS_MS = [151_000, 263_000, 389_000, 547_000];

/** In some ten thousand the code is compiled for what it does there; then as many are measured as the clock's grain needs. */
const WARM_UP = 20_000;
const COUNT = 60_000;

const WAITING: ReadonlySet<WhyReason> = new Set(["waits-for-requests", "not-worth-it"]);

export type HotMicros = {
  /** Of processor time, for a decision with a new book, and for applying that book. */
  readonly decision: number;
  readonly book: number;
  /** What each of these decisions finds to place or move and leaves where it is, for want of requests or of worth. */
  readonly changes: number;
};

export class HotDecision {
  readonly moments: HotMicros[] = [];

  decide(engine: Engine, now: Instant): readonly Command[] {
    const commands = engine.decide(now);
    const dueMs = MOMENTS_MS[this.moments.length];
    const market = engine.markets[0];
    if (dueMs === undefined || now.monotonicMs < dueMs || market?.watch.book === undefined) return commands;
    // Where nothing is quoted for the moment, a decision is no work.
    if (market.blockers.length > 0) return commands;
    this.moments.push(measureAt(engine, market.watch.book, now));
    return commands;
  }
}

function measureAt(engine: Engine, book: BookUpdate, now: Instant): HotMicros {
  const apply = () => engine.apply({ ...book, at: now });
  const both = () => {
    apply();
    assert(engine.decide(now).length === 0, "a decision at the moment of the last must send nothing");
  };
  // In turns, so that what the machine does meanwhile is in both.
  const [book1, both1, both2, book2] = [microsOf(apply), microsOf(both), microsOf(both), microsOf(apply)];
  const applied = (book1 + book2) / 2;
  return { decision: (both1 + both2) / 2 - applied, book: applied, changes: waitingIn(engine) };
}

function waitingIn({ markets }: Engine): number {
  const accounts = markets.flatMap(({ decision, orders }) => decision.accounts(0, orders.open()));
  return accounts.filter(({ reasons }) => reasons.some((reason) => WAITING.has(reason))).length;
}

function microsOf(work: () => void): number {
  for (let i = 0; i < WARM_UP; i += 1) work();
  const from = process.cpuUsage();
  for (let i = 0; i < COUNT; i += 1) work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / COUNT;
}
