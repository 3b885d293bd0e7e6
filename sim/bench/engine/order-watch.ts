/**
 * Watches the requests that a tick leads to: when each is about to be written, when answers are whole, when none is left. Owns
 * those stamps; the requests are the real client's.
 */
import type { Fetch } from "../../../fargate/seams.ts";

/** Of one tick, in milliseconds of this process's monotonic clock. */
export type TickStamps = { readonly writtenMs: number; readonly answersMs: readonly number[] };

/** What was written and answered since a moment. */
export type RequestStamps = { readonly writesMs: readonly number[]; readonly answersMs: readonly number[] };

export class OrderWatch {
  readonly fetch: Fetch;
  #writesMs: number[] = [];
  #answersMs: number[] = [];
  #underWay = 0;
  #onQuiet: (() => void) | undefined;

  /** `hold` marks a request as under way; what it gives back ends that. */
  constructor(input: { readonly fetch: Fetch; readonly hold: () => () => void }) {
    this.fetch = (request) => {
      const fence = () => {
        const reason = request.fence?.();
        this.#writesMs.push(performance.now());
        return reason;
      };
      this.#underWay += 1;
      const answered = input.fetch({ ...request, fence });
      const over = input.hold();
      const end = () => {
        this.#answersMs.push(performance.now());
        this.#underWay -= 1;
        over();
        if (this.#underWay === 0) this.#settle();
      };
      answered.then(end, end);
      return answered;
    };
  }

  /** Forgets what was before; the stamps from now on are of the next tick. */
  begin(): void {
    this.#writesMs = [];
    this.#answersMs = [];
  }

  /** The stamps since `begin`, once nothing is under way; what is asked later is not in them. */
  async quiet(): Promise<RequestStamps> {
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
      });
    }
    return { writesMs: [...this.#writesMs], answersMs: [...this.#answersMs] };
  }

  /** An answer often leads to the next request, in a micro-task or two. */
  #settle(): void {
    setImmediate(() => {
      if (this.#underWay > 0) return;
      this.#onQuiet?.();
      this.#onQuiet = undefined;
    });
  }
}
