/**
 * What each process has read of each market's book, as the network saw it: when the last one came that did not go back in time. Owns
 * this record; a task's own belief has no part in it.
 */
import type { Network } from "../network.ts";
import type { WorldProcess } from "../world-process.ts";

/** A book that goes back further than this against one read before is none to go by. */
const BACK_MS_MAX = 1_000;

type Receipt = { freshMs: number; newestEpochMs: number };

const BOOK = /"type":"OrderBookUpdate"/;
const MARKET = /"market_id":"([A-Z0-9]+\/[A-Z0-9]+)"/;
const TIMESTAMP = /"timestamp":"([^"]{20,30})"/;

export class Receipts {
  readonly #receipts = new Map<string, Receipt>();
  readonly #nowMs: () => number;

  constructor(network: Network, nowMs: () => number) {
    this.#nowMs = nowMs;
    network.onFrame = (process, data) => this.#take(process, data.toString("latin1"));
  }

  /** World time of the last good book of a market that a process has read; undefined before the first. */
  freshMs(process: string, market: string): number | undefined {
    return this.#receipts.get(`${process} ${market}`)?.freshMs;
  }

  #take({ name }: WorldProcess, frame: string): void {
    if (!BOOK.test(frame)) return;
    const market = MARKET.exec(frame)?.[1];
    const epochMs = Date.parse(TIMESTAMP.exec(frame)?.[1] ?? "");
    if (market === undefined || Number.isNaN(epochMs)) return;
    const key = `${name} ${market}`;
    const receipt = this.#receipts.get(key) ?? { freshMs: 0, newestEpochMs: Number.NEGATIVE_INFINITY };
    this.#receipts.set(key, receipt);
    if (epochMs < receipt.newestEpochMs - BACK_MS_MAX) return;
    receipt.newestEpochMs = Math.max(receipt.newestEpochMs, epochMs);
    receipt.freshMs = this.#nowMs();
  }
}
