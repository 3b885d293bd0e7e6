/**
 * Repeats a recorded run: the same engine, made from the same start and moved by the same steps, must decide the same, bit for
 * bit. Owns the comparison; reading and checking lines is `recorded-line.ts`'s.
 */
import type { Command } from "../../core/commands.ts";
import { Engine } from "../../core/engine.ts";
import type { MarketEvent } from "../../core/events.ts";
import { type BudgetStep, RequestBudget } from "../../core/execution/request-budget.ts";
import type { Market } from "../../core/market.ts";
import { toMarketEvent } from "../../core/sei/market-events.ts";
import type { WireEvent } from "../../core/sei/wire-event.ts";
import type { EngineStart, OwnLevel } from "../../fargate/recording/journal.ts";
import { toTaggedJson } from "../../fargate/recording/tagged-json.ts";
import { withOwn } from "./outside-book.ts";
import type { RecordedLine, RecordedStep } from "./recorded-line.ts";

/** Where the repeated run parts from the recorded one. */
export type Difference = {
  readonly line: number;
  readonly atMs: number;
  readonly decision: number;
  readonly recorded: readonly Command[];
  readonly repeated: readonly Command[];
};

export type Repetition = {
  readonly lines: number;
  readonly events: number;
  readonly decisions: number;
  readonly commands: number;
  /** Decisions that came out otherwise; the first of them, since all after it may follow from it. */
  readonly different: number;
  readonly first: Difference | undefined;
  /** Why the rest could not be repeated; undefined when all of it was. */
  readonly endedBy: string | undefined;
};

export class Repeater {
  #budget = new RequestBudget();
  #engine: Engine | undefined;
  #markets: ReadonlyMap<string, Market> = new Map();
  #lines = 0;
  #events = 0;
  #decisions = 0;
  #commands = 0;
  #different = 0;
  #first: Difference | undefined;
  #endedBy: string | undefined;

  /** Takes the lines in order; those after a gap, or before an engine was made, change nothing. */
  take(line: RecordedLine): void {
    this.#lines += 1;
    for (const step of line.steps) {
      if (this.#endedBy !== undefined) return;
      this.#take(step, line);
    }
  }

  /** There is no more, and why. */
  end(reason: string): void {
    this.#endedBy ??= reason;
  }

  get outcome(): Repetition {
    return {
      lines: this.#lines,
      events: this.#events,
      decisions: this.#decisions,
      commands: this.#commands,
      different: this.#different,
      first: this.#first,
      endedBy:
        this.#endedBy ??
        (this.#engine === undefined ? "no engine was made in it: its first file is missing" : undefined),
    };
  }

  #take(step: RecordedStep, line: RecordedLine): void {
    switch (step.type) {
      case "budget-made":
        this.#budget = new RequestBudget(step.limits);
        return;
      case "budget":
        repeatStep(this.#budget, step.step);
        return;
      case "engine-made":
        this.#make(step.start);
        return;
      case "market-event":
        this.#takeEvent(line.events[step.index], step.at, step.own);
        return;
      case "fact":
        this.#engine?.apply(step.event);
        return;
      case "decision":
        this.#decide(step, line);
        return;
      case "gap":
        this.#endedBy = `the recording has a gap of ${step.steps} steps in line ${this.#lines}`;
        return;
    }
  }

  #make(start: EngineStart): void {
    this.#engine = new Engine({ ...start, budget: this.#budget });
    this.#markets = new Map(start.markets.map(({ market }) => [market.symbol, market]));
  }

  #takeEvent(wire: WireEvent | undefined, at: MarketEvent["at"], own: readonly OwnLevel[]): void {
    if (this.#engine === undefined) return;
    const event = wire === undefined ? null : toMarketEvent(wire.type, wire.attributes, this.#markets, at);
    if (event === null) {
      this.#endedBy = `line ${this.#lines} names an event that is not in it`;
      return;
    }
    this.#events += 1;
    this.#engine.apply(event.type === "book-update" ? withOwn(event, own) : event);
  }

  #decide({ now, commands }: RecordedStep & { type: "decision" }, { atMs }: RecordedLine): void {
    if (this.#engine === undefined) return;
    this.#decisions += 1;
    const repeated = this.#engine.decide(now);
    this.#commands += repeated.length;
    if (toTaggedJson(repeated) === toTaggedJson(commands)) return;
    this.#different += 1;
    this.#first ??= { line: this.#lines, atMs, decision: this.#decisions, recorded: commands, repeated };
  }
}

function repeatStep(budget: RequestBudget, step: BudgetStep): void {
  const at = (monotonicMs: number) => ({ monotonicMs, epochMs: 0 });
  switch (step.type) {
    case "taken":
      budget.take(step.kind, at(step.nowMs));
      return;
    case "settled":
      budget.settle(step.requestId, at(step.nowMs));
      return;
    case "held-back":
      budget.holdBack(step.delayMs, at(step.nowMs));
      return;
    case "suspended":
      budget.suspend(step.untilMs);
      return;
    case "resumed":
      budget.resume();
      return;
  }
}
