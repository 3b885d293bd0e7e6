/**
 * Whose turn at the venue it is: a sweep and its looks may find the same task silent at once, and two that list and cancel side by side ask
 * for more than the venue takes in a second, and for the same orders. Owns how long a turn holds and the pause after it; the item is
 * `dead-man-items.ts`'s. A turn saves requests and is no lock: what must not be ended is the lease's to say.
 */
import { randomUUID } from "node:crypto";
import type { Timing } from "../timing.ts";
import { endTurn, type Place, takeTurn } from "./dead-man-items.ts";

/** Taken again before every list and every few cancels. A venue that hangs holds these up for 11 s; after longer another tries. */
const TURN_MS = 12_000;
/** The venue counts by the second: what the one asked for last still counts when the next one asks. */
const PAUSE_MS = 1_000;

type TurnLog = { warn(message: string, fields: Record<string, unknown>): void };

export class ActingTurn {
  readonly #place: Place;
  readonly #timing: Timing;
  readonly #log: TurnLog;
  readonly #by = randomUUID();
  #isTaken = false;

  constructor({ timing, log, ...place }: Place & { readonly timing: Timing; readonly log: TurnLog }) {
    this.#place = place;
    this.#timing = timing;
    this.#log = log;
  }

  /** Whether it is ours, from now on. A table that does not take it must not keep orders standing. Never rejects. */
  async take(): Promise<boolean> {
    const atMs = Math.floor(this.#timing.epochMs());
    try {
      this.#isTaken = await takeTurn(this.#place, { by: this.#by, atMs, untilMs: atMs + TURN_MS });
    } catch (error) {
      this.#log.warn("whose turn at the venue it is could not be written down, it is taken all the same", { error });
      this.#isTaken = true;
    }
    return this.#isTaken;
  }

  /** Never rejects: one that is not given up ends by itself. */
  async end(): Promise<void> {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    const fromMs = Math.floor(this.#timing.epochMs()) + PAUSE_MS;
    await endTurn(this.#place, { by: this.#by, fromMs }).catch((error: unknown) =>
      this.#log.warn("the turn at the venue could not be given up, it ends by itself", { error }),
    );
  }
}
