/**
 * What has arrived and the engine has not read. Owns the bound: at most 8,192 unread events (CONTRACTS 1), and what
 * gives way when an engine cannot keep up: old books first, then, loudly, old trades, and never anything else.
 */
import { assert } from "../../core/assert.ts";
import type { EngineEvent } from "../../core/events.ts";

const UNREAD_MAX = 8_192;

/** Facts of the venue come at no more than a few hundred a second: so many unread mean that nobody reads at all. */
const FACTS_MAX = 65_536;

export class EventQueue {
  #events: EngineEvent[] = [];
  /** What was taken last: its room is used again. */
  #taken: EngineEvent[] = [];
  #conflated = 0;
  #lostTrades = 0;
  readonly #unreadMax: number;

  /** `unreadMax` is 8,192 unless a test wants to see the bound sooner; at least 1. */
  constructor(unreadMax: number = UNREAD_MAX) {
    assert(unreadMax >= 1, `the queue must hold at least 1 event, was ${unreadMax}`);
    this.#unreadMax = unreadMax;
  }

  /** Unread events now. */
  get size(): number {
    return this.#events.length;
  }

  /** Books dropped for a newer one of the same market, since the start. */
  get conflated(): number {
    return this.#conflated;
  }

  /** Trades dropped for want of room, since the start. Each is a hole in what the engine knows: whoever pushes must say so. */
  get lostTrades(): number {
    return this.#lostTrades;
  }

  push(event: EngineEvent): void {
    this.#events.push(event);
    if (this.#events.length <= this.#unreadMax) return;
    this.#conflateBooks();
    if (this.#events.length > this.#unreadMax) this.#dropOldestTrade();
    assert(this.#events.length <= FACTS_MAX, `nobody reads the event queue: ${this.#events.length} facts are unread`);
  }

  /** Takes all that is unread, in order of arrival: a list that holds until the next is taken. */
  drain(): readonly EngineEvent[] {
    const events = this.#events;
    this.#events = this.#taken;
    this.#events.length = 0;
    this.#taken = events;
    return events;
  }

  /** Keeps the newest book of each market, in its place. */
  #conflateBooks(): void {
    const newest = new Map<string, EngineEvent>();
    for (const event of this.#events) if (event.type === "book-update") newest.set(event.market, event);
    const kept = this.#events.filter((event) => event.type !== "book-update" || newest.get(event.market) === event);
    this.#conflated += this.#events.length - kept.length;
    this.#events = kept;
  }

  #dropOldestTrade(): void {
    const oldest = this.#events.findIndex((event) => event.type === "trade");
    if (oldest < 0) return;
    this.#events.splice(oldest, 1);
    this.#lostTrades += 1;
  }
}
