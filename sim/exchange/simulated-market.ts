/**
 * One simulated market: its book, its hidden price and its traders, moved on by a clock in small steps of market time.
 * Owns when traders act and when the book is published; our orders are matched the moment they come.
 */
import type { Market } from "../../core/market.ts";
import type { Side } from "../../core/units.ts";
import type { Clock } from "../../fargate/seams.ts";
import { type MarketEventHub, toBookEvent, toStatusEvent, toTradeEvent } from "./market-events.ts";
import type { BookLevels, EnteringOrder, EntryResult, MarketPlace, MarketStatus, OwnMatch } from "./market-place.ts";
import { VISIBLE_LEVELS } from "./market-place.ts";
import { type Match, MatchingEngine } from "./matching-engine.ts";
import { OrderFlow } from "./order-flow.ts";
import { PricePath } from "./price-path.ts";
import { makeSeededRng } from "./seeded-rng.ts";

/** A block of market time: traders act in it, and changes of the book in it are published together at its end. */
const STEP_MS = 40;
/** A book is published at least this often though nothing changed: Sei's block time. */
const HEARTBEAT_MS = 400;
/** Real time between two wakings at the least, whatever the speed; a waking then takes several steps. */
const WAKE_MS_MIN = 4;
/** Steps taken in one waking at the most: time lost beyond that (a stopped machine) is not made up for. */
const STEPS_PER_WAKE_MAX = 50;

const OURS = "ours";

export class SimulatedMarket implements MarketPlace {
  readonly #market: Market;
  readonly #clock: Clock;
  readonly #hub: MarketEventHub;
  readonly #onOwnMatch: (match: OwnMatch) => void;
  readonly #engine: MatchingEngine;
  readonly #path: PricePath;
  readonly #flow: OrderFlow;
  readonly #speed: number;
  #status: MarketStatus = "open";
  #publishedRevision = -1;
  #sincePublishedMs = 0;
  #trades = 0;
  #startedMs = 0;
  #steps = 0;
  #running = false;
  #stopTimer: () => void = () => {};

  /** `startPrice` in ticks. `speed` is market time over real time. */
  constructor(input: {
    readonly market: Market;
    readonly startPrice: number;
    readonly seed: number;
    readonly speed: number;
    readonly clock: Clock;
    readonly hub: MarketEventHub;
    readonly onOwnMatch: (match: OwnMatch) => void;
  }) {
    this.#market = input.market;
    this.#clock = input.clock;
    this.#hub = input.hub;
    this.#onOwnMatch = input.onOwnMatch;
    this.#speed = input.speed;
    this.#engine = new MatchingEngine((match) => this.#matched(match));
    this.#path = new PricePath(input.startPrice, makeSeededRng(input.seed, `${input.market.symbol} path`));
    const rng = makeSeededRng(input.seed, `${input.market.symbol} flow`);
    this.#flow = new OrderFlow({ market: input.market, engine: this.#engine, path: this.#path, rng });
    this.#flow.requote();
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#startedMs = this.#clock.now().monotonicMs;
    this.#steps = 0;
    this.#schedule();
  }

  stop(): void {
    this.#running = false;
    this.#stopTimer();
  }

  place(order: EnteringOrder): EntryResult {
    return this.#engine.place({ ...order, owner: OURS });
  }

  restore(order: EnteringOrder & { readonly price: NonNullable<EnteringOrder["price"]> }): void {
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

  /** The hidden price moves by so many percent; the traders find out as they do of every move. */
  jump(percent: number): void {
    this.#path.jump(percent);
  }

  pauseTraders(on: boolean): void {
    this.#flow.paused = on;
  }

  /** The competing maker takes its quotes from a side, or from both, until it is told `undefined`. */
  emptySide(side: Side | "both" | undefined): void {
    this.#flow.absent = side;
    this.#flow.requote();
  }

  #schedule(): void {
    const wakeMs = Math.max(WAKE_MS_MIN, STEP_MS / this.#speed);
    const elapsedMs = this.#clock.now().monotonicMs - this.#startedMs;
    const nextMs = (Math.floor(elapsedMs / wakeMs) + 1) * wakeMs;
    this.#stopTimer = this.#clock.after(nextMs - elapsedMs, () => this.#wake());
  }

  #wake(): void {
    const elapsedMs = this.#clock.now().monotonicMs - this.#startedMs;
    const due = Math.floor((elapsedMs * this.#speed) / STEP_MS + 1e-6);
    const steps = Math.min(due - this.#steps, STEPS_PER_WAKE_MAX);
    this.#steps = due;
    for (let i = 0; i < steps; i += 1) this.#step();
    if (this.#running) this.#schedule();
  }

  #step(): void {
    this.#path.advance(STEP_MS);
    if (this.#status === "open") this.#flow.step(STEP_MS);
    this.#sincePublishedMs += STEP_MS;
    const changed = this.#engine.revision !== this.#publishedRevision;
    if (!changed && this.#sincePublishedMs < HEARTBEAT_MS) return;
    this.#publishedRevision = this.#engine.revision;
    this.#sincePublishedMs = 0;
    this.#hub.publish(toBookEvent(this.#market, this.book(), this.#clock.now().epochMs));
  }

  #matched(match: Match): void {
    this.#trades += 1;
    const { price, size, aggressor } = match;
    const epochMs = this.#clock.now().epochMs;
    this.#hub.publish(toTradeEvent(this.#market, { tradeId: `T-${this.#trades}`, price, size, aggressor, epochMs }));
    if (match.makerOwner === OURS) this.#onOwnMatch({ orderId: match.makerOrderId, price, size, liquidity: "maker" });
    if (match.takerOwner === OURS) this.#onOwnMatch({ orderId: match.takerOrderId, price, size, liquidity: "taker" });
  }
}
