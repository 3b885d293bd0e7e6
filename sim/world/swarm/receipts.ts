/**
 * What each process has read of each market's book, as the network saw it: when the last one came that did not go back in time. Owns
 * this record; a task's own belief has no part in it.
 */
import type { WorldProcess } from "../world-process.ts";
import type { FrameBook, FrameBooks } from "./frame-books.ts";

/** A book that goes back further than this against one read before is none to go by. */
const BACK_MS_MAX = 1_000;
/** A monotonic clock that stands still for less is not noticed: clocks may part by so much (`fargate/quoting-loop.ts`). */
const UNNOTICED_MS_MAX = 1_000;

/** `lostMs`: by how much the process' monotonic clock was behind the world's when it read the last good book. */
type Receipt = { freshMs: number; newestEpochMs: number; lostMs: number };

export class Receipts {
  readonly #receipts = new Map<string, Receipt>();
  readonly #nowMs: () => number;

  constructor(books: FrameBooks, nowMs: () => number) {
    this.#nowMs = nowMs;
    books.listen((process, _connection, book) => this.#take(process, book));
  }

  /** World time of the last good book of a market that a process has read; undefined before the first. */
  freshMs(process: string, market: string): number | undefined {
    return this.#receipts.get(`${process} ${market}`)?.freshMs;
  }

  /** How old that book is at a moment, but for what its reader's clock has stood still unnoticed since. */
  ageMs(process: WorldProcess, market: string, atMs: number): number | undefined {
    const receipt = this.#receipts.get(`${process.name} ${market}`);
    if (receipt === undefined) return undefined;
    const stoodMs = this.#lostMs(process) - receipt.lostMs;
    return atMs - receipt.freshMs - Math.min(UNNOTICED_MS_MAX, stoodMs);
  }

  #lostMs({ clock }: WorldProcess): number {
    return this.#nowMs() - clock.now().monotonicMs;
  }

  #take(process: WorldProcess, { market, epochMs }: FrameBook): void {
    const key = `${process.name} ${market}`;
    const receipt = this.#receipts.get(key) ?? { freshMs: 0, newestEpochMs: Number.NEGATIVE_INFINITY, lostMs: 0 };
    this.#receipts.set(key, receipt);
    if (epochMs < receipt.newestEpochMs - BACK_MS_MAX) return;
    receipt.newestEpochMs = Math.max(receipt.newestEpochMs, epochMs);
    receipt.freshMs = this.#nowMs();
    receipt.lostMs = this.#lostMs(process);
  }
}
