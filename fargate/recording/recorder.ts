/**
 * Takes down what moves the engine, on the hot path by reference alone, and cuts it into the lines of a tape. Owns the cutting;
 * text and files are the sink's.
 */
import type { Command } from "../../core/commands.ts";
import type { EngineEvent } from "../../core/events.ts";
import type { BudgetStep, RequestLimits } from "../../core/execution/request-budget.ts";
import type { OwnSize } from "../../core/market-data/book.ts";
import type { Instant } from "../../core/units.ts";
import { type EngineStart, isMarketEvent, type JournalLine, type JournalStep } from "./journal.ts";

/** Takes a line at once and writes it when there is time. */
export type LineSink = { write(line: JournalLine): void };

/** A quiet market makes no lines of its own; its decisions are written after so many steps all the same. */
const QUIET_STEPS_MAX = 200;

export class Recorder {
  readonly #sink: LineSink;
  #steps: JournalStep[] = [];
  #atMs = 0;
  #hasEvents = false;
  #isDeciding = false;
  /** What became of a cancel that was written while the rest of its decision was thought over. */
  #meanwhile: JournalStep[] = [];

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  budgetMade(limits: Partial<RequestLimits>): void {
    this.#steps.push({ type: "budget-made", limits });
  }

  /** The engine's own use of the budget follows from its decisions and is not taken down; that is all it does with it. */
  budgetUsed(step: BudgetStep): void {
    if (!this.#isDeciding) this.#steps.push({ type: "budget", step });
    else if (step.type !== "taken") this.#meanwhile.push({ type: "budget", step });
  }

  engineMade(start: EngineStart): void {
    this.#steps.push({ type: "engine-made", start });
  }

  /** Told right before the engine is. `own` are our sizes that may stand in the event's book. */
  applying(event: EngineEvent, own: readonly OwnSize[]): void {
    if (!isMarketEvent(event)) {
      this.#steps.push({ type: "fact", event });
      return;
    }
    const atMs = Math.floor(event.at.epochMs);
    // What came at another moment is another line: who plays the tape goes by its time.
    if (this.#hasEvents && atMs > this.#atMs) this.#cut();
    this.#atMs = Math.max(this.#atMs, atMs);
    this.#hasEvents = true;
    this.#steps.push({ type: "market-event", event, own });
  }

  deciding(): void {
    this.#isDeciding = true;
  }

  decided(now: Instant, commands: readonly Command[]): void {
    this.#isDeciding = false;
    if (!this.#hasEvents) this.#atMs = Math.max(this.#atMs, Math.floor(now.epochMs));
    this.#steps.push({ type: "decision", now, commands }, ...this.#meanwhile);
    this.#meanwhile = [];
    if (this.#hasEvents || this.#steps.length >= QUIET_STEPS_MAX) this.#cut();
  }

  /** Hands over what is not a whole line yet: at the end. */
  flush(): void {
    if (this.#steps.length > 0) this.#cut();
  }

  #cut(): void {
    this.#sink.write({ atMs: this.#atMs, steps: this.#steps });
    this.#steps = [];
    this.#hasEvents = false;
  }
}
