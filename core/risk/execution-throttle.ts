/**
 * Repeated execution: orders that begin to fill one after the other on one side, faster than a market maker's do, mean that
 * something is wrong with our prices (MiFID II RTS 6, article 15(3)). Once over a limit it stays so until an operator resumes.
 * Owns the counting; what follows is the engine's.
 */
import type { Side } from "../units.ts";
import type { Limits } from "./limits.ts";

const WINDOW_MS = 60_000;

/** Orders whose beginning is remembered: more can not begin within a minute, at ten requests a second. */
const ORDERS_MAX = 1_200;

type Begun = { readonly side: Side; readonly ms: number };

export class ExecutionThrottle {
  readonly #limits: Pick<Limits, "executionsPerMinute" | "executionsInARow">;
  /** Orders that have begun to fill by their id, oldest first. */
  readonly #begun = new Map<string, Begun>();
  /** Those of the last minute, oldest first, and how many they are: what is counted costs what comes and goes, not what there is. */
  #recent: Begun[] = [];
  readonly #inAMinute: Record<Side, number> = { buy: 0, sell: 0 };
  #lastSide: Side | undefined;
  #inARow = 0;
  #reason: string | undefined;

  constructor(limits: Pick<Limits, "executionsPerMinute" | "executionsInARow">) {
    this.#limits = limits;
  }

  /** Why the market is to be halted; undefined while the limits hold. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** An order of ours filled, in part or in whole, at `nowMs` (monotonic). Each order counts once. */
  record(orderId: string, side: Side, nowMs: number): void {
    if (this.#begun.has(orderId)) return;
    this.#remember(orderId, { side, ms: nowMs });
    for (let [oldest] = this.#recent; oldest !== undefined && nowMs - oldest.ms >= WINDOW_MS; [oldest] = this.#recent) {
      this.#dropRecent(oldest);
    }
    this.#inARow = side === this.#lastSide ? this.#inARow + 1 : 1;
    this.#lastSide = side;
    const inAMinute = this.#inAMinute[side];
    const { executionsPerMinute, executionsInARow } = this.#limits;
    if (inAMinute > executionsPerMinute) {
      this.#reason ??= `${inAMinute} ${side} orders filled within a minute, the limit is ${executionsPerMinute}`;
    } else if (this.#inARow > executionsInARow) {
      this.#reason ??= `${this.#inARow} ${side} orders filled in a row, the limit is ${executionsInARow}`;
    }
  }

  /** An operator looked and let it go on: counted anew. */
  resume(): void {
    this.#begun.clear();
    this.#recent = [];
    this.#inAMinute.buy = 0;
    this.#inAMinute.sell = 0;
    this.#lastSide = undefined;
    this.#inARow = 0;
    this.#reason = undefined;
  }

  #remember(orderId: string, order: Begun): void {
    this.#begun.set(orderId, order);
    this.#recent.push(order);
    this.#inAMinute[order.side] += 1;
    if (this.#begun.size <= ORDERS_MAX) return;
    for (const [oldestId, oldest] of this.#begun) {
      this.#begun.delete(oldestId);
      if (this.#recent[0] === oldest) this.#dropRecent(oldest);
      return;
    }
  }

  #dropRecent(oldest: Begun): void {
    this.#recent.shift();
    this.#inAMinute[oldest.side] -= 1;
  }
}
