/**
 * A market without traders of its own: its book is what a test sets, and its trades are those that a test sends. Owns when
 * the book is published; our orders are matched the moment they come, by the same engine as in the simulated market.
 */
import type { Market } from "../../core/market.ts";
import type { WireEvent } from "../../core/sei/wire-event.ts";
import { type Side, type Ticks, toLots, toTicks } from "../../core/units.ts";
import type { Clock } from "../../fargate/seams.ts";
import { type MarketEventHub, toBookEvent, toSameBookEvent, toStatusEvent, toTradeEvent } from "./market-events.ts";
import type { BookLevels, EnteringOrder, EntryResult, MarketPlace, MarketStatus, OwnMatch } from "./market-place.ts";
import { VISIBLE_LEVELS } from "./market-place.ts";
import { type Match, MatchingEngine } from "./matching-engine.ts";

export type Rhythm = { readonly stepMs: number; readonly heartbeatMs: number };

/** The heartbeat is Sei's block time. */
const RHYTHM: Rhythm = { stepMs: 40, heartbeatMs: 400 };

const OURS = "ours";
const OTHERS = "others";
const TAKER = "taker";

export type Quote = { readonly price: Ticks; readonly size: number };

export class HandMadeMarket implements MarketPlace {
  readonly #market: Market;
  readonly #clock: Clock;
  readonly #hub: MarketEventHub;
  readonly #onOwnMatch: (match: OwnMatch) => void;
  readonly #engine: MatchingEngine;
  #othersIds: string[] = [];
  #status: MarketStatus = "open";
  #published: { readonly revision: number; readonly event: WireEvent } | undefined;
  #sincePublishedMs = 0;
  #orders = 0;
  #trades = 0;
  #stopTimer: (() => void) | undefined;
  /** A book is looked at, and published where it has changed, once a step; at least once a heartbeat. */
  readonly #rhythm: Rhythm;
  /** Told the matches of the taker that is here now. */
  #onMatch: ((match: Match) => void) | undefined;

  constructor(input: {
    readonly market: Market;
    readonly clock: Clock;
    readonly hub: MarketEventHub;
    readonly onOwnMatch: (match: OwnMatch) => void;
    /** 40 and 400 ms unless told. */
    readonly rhythm?: Rhythm | undefined;
  }) {
    this.#market = input.market;
    this.#clock = input.clock;
    this.#hub = input.hub;
    this.#onOwnMatch = input.onOwnMatch;
    this.#rhythm = input.rhythm ?? RHYTHM;
    this.#engine = new MatchingEngine((match) => this.#matched(match));
  }

  get market(): Market {
    return this.#market;
  }

  start(): void {
    this.#stopTimer ??= this.#clock.after(this.#rhythm.stepMs, () => this.#step());
  }

  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** The others' quotes are these from now on; they slide behind orders of ours that they would cross. */
  setBook(bids: readonly Quote[], asks: readonly Quote[]): void {
    for (const orderId of this.#othersIds) this.#engine.cancel(orderId);
    this.#othersIds = [];
    for (const bid of bids) this.#quote("buy", bid);
    for (const ask of asks) this.#quote("sell", ask);
  }

  /** A taker comes to the side that it buys from or sells to, up to `limit`; what it does not get it leaves. The lots traded. */
  hit(side: Side, size: number, limit?: Ticks): number {
    let traded = 0;
    this.#onMatch = (match) => {
      traded += match.size;
    };
    this.#enter(TAKER, side, { price: limit, size }, "ioc");
    this.#onMatch = undefined;
    return traded;
  }

  place(order: EnteringOrder): EntryResult {
    return this.#engine.place({ ...order, owner: OURS });
  }

  restore(order: EnteringOrder & { readonly price: Ticks }): void {
    this.#engine.restore({ ...order, owner: OURS });
  }

  cancel(orderId: string): void {
    this.#engine.cancel(orderId);
  }

  book(): BookLevels {
    return this.#engine.levels(VISIBLE_LEVELS);
  }

  status(): MarketStatus {
    return this.#status;
  }

  setStatus(status: MarketStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#hub.publish(toStatusEvent(this.#market, status, this.#clock.now().epochMs));
  }

  #quote(side: Side, { price, size }: Quote): void {
    const best = this.#engine.best(side === "buy" ? "sell" : "buy");
    const crosses = best !== undefined && (side === "buy" ? price >= best : price <= best);
    const at = crosses ? toTicks(side === "buy" ? best - 1 : best + 1) : price;
    if (at <= 0) return;
    const orderId = this.#enter(OTHERS, side, { price: at, size }, "post_only");
    if (orderId !== undefined) this.#othersIds.push(orderId);
  }

  #enter(
    owner: string,
    side: Side,
    of: { readonly price: Ticks | undefined; readonly size: number },
    timeInForce: "ioc" | "post_only",
  ): string | undefined {
    this.#orders += 1;
    const orderId = `B-${this.#orders}`;
    const order = { orderId, owner, side, price: of.price, size: toLots(of.size), timeInForce };
    return this.#engine.place(order).type === "resting" ? orderId : undefined;
  }

  #step(): void {
    const { stepMs, heartbeatMs } = this.#rhythm;
    this.#stopTimer = this.#clock.after(stepMs, () => this.#step());
    this.#sincePublishedMs += stepMs;
    const { revision } = this.#engine;
    const published = this.#published?.revision === revision ? this.#published : undefined;
    if (published !== undefined && this.#sincePublishedMs < heartbeatMs) return;
    this.#sincePublishedMs = 0;
    const { epochMs } = this.#clock.now();
    // Mostly nothing has changed: then the same levels, which take long to write down, are told at another time.
    const event =
      published === undefined
        ? toBookEvent(this.#market, this.book(), epochMs)
        : toSameBookEvent(published.event, epochMs);
    this.#published = { revision, event };
    this.#hub.publish(event);
  }

  #matched(match: Match): void {
    this.#trades += 1;
    const { price, size, aggressor } = match;
    const epochMs = this.#clock.now().epochMs;
    this.#hub.publish(toTradeEvent(this.#market, { tradeId: `T-${this.#trades}`, price, size, aggressor, epochMs }));
    if (match.makerOwner === OURS) this.#onOwnMatch({ orderId: match.makerOrderId, price, size, liquidity: "maker" });
    if (match.takerOwner === OURS) this.#onOwnMatch({ orderId: match.takerOrderId, price, size, liquidity: "taker" });
    this.#onMatch?.(match);
  }
}
