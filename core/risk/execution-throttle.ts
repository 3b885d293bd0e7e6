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

export class ExecutionThrottle {
  readonly #limits: Pick<Limits, "executionsPerMinute" | "executionsInARow">;
  /** Orders that have begun to fill, oldest first. */
  #begun: { readonly orderId: string; readonly side: Side; readonly ms: number }[] = [];
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
    if (this.#begun.some((order) => order.orderId === orderId)) return;
    this.#begun.push({ orderId, side, ms: nowMs });
    if (this.#begun.length > ORDERS_MAX) this.#begun.shift();
    this.#inARow = side === this.#lastSide ? this.#inARow + 1 : 1;
    this.#lastSide = side;
    const inAMinute = this.#begun.filter((order) => order.side === side && nowMs - order.ms < WINDOW_MS).length;
    const { executionsPerMinute, executionsInARow } = this.#limits;
    if (inAMinute > executionsPerMinute) {
      this.#reason ??= `${inAMinute} ${side} orders filled within a minute, the limit is ${executionsPerMinute}`;
    } else if (this.#inARow > executionsInARow) {
      this.#reason ??= `${this.#inARow} ${side} orders filled in a row, the limit is ${executionsInARow}`;
    }
  }

  /** An operator looked and let it go on: counted anew. */
  resume(): void {
    this.#begun = [];
    this.#lastSide = undefined;
    this.#inARow = 0;
    this.#reason = undefined;
  }
}
