/**
 * FlashMM itself as a competitor: the real engine with its risk gate, request budget and settings, driven by facts as the task's
 * shell drives it. Owns what the shell owns: the start, the polls, and the way from an answer to a fact. Decides nothing.
 */
import { emptyBooks } from "../../core/accounting/pnl.ts";
import { assert, assertNever } from "../../core/assert.ts";
import type { Command } from "../../core/commands.ts";
import { Engine } from "../../core/engine.ts";
import type { BookUpdate, Fill, TradePrint, VenueOrder } from "../../core/events.ts";
import { RequestBudget } from "../../core/execution/request-budget.ts";
import type { MarketEngine, MarketSettings } from "../../core/market-engine.ts";
import type { ShardLimits } from "../../core/risk/limits.ts";
import type { Instant } from "../../core/units.ts";
import type { Answer, Competitor, MakeCompetitor, OrderPort, Terms } from "./competitor.ts";

/** As the task's loop and its lookups: decisions without news, fills and open orders, and after how many of them fills are unknown. */
const WAKE_MS = 50;
const POLL_MS = 5_000;
const FILLS_UNREAD_MS_MAX = 20_000;

const READINGS = ["fills", "open orders"] as const;
type Reading = (typeof READINGS)[number];

/** Shorter than this, the start for example, is not told. */
const NOTED_MS_MIN = 1_000;

/** Reasons of a halt that are told one by one; further ones are summed up. */
const NOTES_MAX = 4;

export type OursSettings = {
  readonly market: MarketSettings;
  readonly limits: ShardLimits;
  readonly requestsPerSecond: number;
  readonly placementsInFlight: number;
};

type Decide = (engine: Engine, now: Instant) => readonly Command[];

/** `decide` stands around each decision, for whoever looks at it. */
export function makeOurs(settings: OursSettings, decide: Decide = (engine, now) => engine.decide(now)): MakeCompetitor {
  return (terms) => new Ours(settings, terms, decide);
}

class Ours implements Competitor {
  readonly wakeMs = WAKE_MS;
  readonly #decide: Decide;
  readonly #port: OrderPort;
  readonly #symbol: string;
  readonly #engine: Engine;
  readonly #market: MarketEngine;
  readonly #budget: RequestBudget;
  /** The requests on their way, by what they are about, in the order they were sent. */
  readonly #sent = new Map<string, number[]>();
  readonly #polls: Reading[] = [];
  readonly #polledMs = new Map<Reading, number>();
  #isStarted = false;
  #lastMs = 0;
  readonly #haltedMs = new Map<string, number>();

  constructor(settings: OursSettings, { port }: Terms, decide: Decide) {
    this.#decide = decide;
    const { requestsPerSecond, placementsInFlight } = settings;
    this.#port = port;
    this.#symbol = settings.market.market.symbol;
    this.#budget = new RequestBudget({ requestsPerSecond, placementsInFlight });
    this.#engine = new Engine({
      markets: [settings.market],
      limits: settings.limits,
      inFlightMax: placementsInFlight,
      epoch: 1,
      budget: this.#budget,
      books: new Map([[this.#symbol, emptyBooks()]]),
      loss: undefined,
      baselines: new Map(),
      fillsUnreadMsMax: FILLS_UNREAD_MS_MAX,
    });
    const market = this.#engine.market(this.#symbol);
    assert(market !== undefined, "the engine must have its market");
    this.#market = market;
  }

  book(book: BookUpdate): void {
    this.#engine.apply(book);
  }

  trade(trade: TradePrint): void {
    this.#engine.apply(trade);
  }

  fill(fill: Fill, at: Instant): void {
    this.#engine.apply({ type: "fill", fill, at });
  }

  orderSeen(order: VenueOrder, at: Instant): void {
    this.#engine.apply({ type: "order-seen", order, at });
  }

  answer(answer: Answer, at: Instant): void {
    switch (answer.type) {
      case "placed":
        this.#placed(answer.order, at);
        break;
      case "refused":
        this.#refused(answer, at);
        break;
      case "cancelled": {
        const { clientOrderId, market } = answer.order;
        this.#settle(`cancel ${clientOrderId}`, at);
        this.#engine.apply({ type: "order-cancelled", market, clientOrderId, at });
        break;
      }
      case "ended":
        this.#settle(`cancel ${answer.order.clientOrderId}`, at);
        this.orderSeen(answer.order, at);
        break;
      case "found":
        this.#found(answer, at);
        break;
      case "polled":
        this.#polled(answer, at);
        break;
      default:
        assertNever(answer);
    }
  }

  turn(now: Instant): void {
    if (!this.#isStarted) this.#start(now);
    this.#noteHalt(now);
    this.#poll(now);
    for (const command of this.#decide(this.#engine, now)) this.#send(command, now);
  }

  notes(): readonly string[] {
    const all = [...this.#haltedMs].filter(([, ms]) => ms >= NOTED_MS_MIN).sort(([, a], [, b]) => b - a);
    const told = all.slice(0, NOTES_MAX).map(([reason, ms]) => `${(ms / 1_000).toFixed(0)} s not quoted: ${reason}`);
    return all.length > NOTES_MAX ? [...told, `${all.length - NOTES_MAX} further reasons`] : told;
  }

  /** The facts that a start comes to: the data is there, the fills are known, and it may quote. */
  #start(at: Instant): void {
    const market = this.#symbol;
    this.#isStarted = true;
    this.#engine.apply({ type: "feed-connected", endpoint: "virtual", at });
    this.#engine.apply({ type: "fills-read", market, askedMs: at.monotonicMs, at });
    this.#engine.apply({ type: "quoting-allowed", market, by: "start-up", at });
  }

  /** Fills and open orders cost a request each, and wait for one when there is none; the venue's answer to one stands for both. */
  #poll(now: Instant): void {
    for (const reading of READINGS) {
      if (now.monotonicMs - (this.#polledMs.get(reading) ?? 0) < POLL_MS) continue;
      const requestId = this.#budget.take("poll", now);
      if (requestId === undefined) return;
      this.#polledMs.set(reading, now.monotonicMs);
      this.#note(reading, requestId);
      this.#polls.push(reading);
      this.#port.poll();
    }
  }

  #placed(order: VenueOrder, at: Instant): void {
    const { clientOrderId, market, status } = order;
    this.#settle(`place ${clientOrderId}`, at);
    if (status !== "rejected") this.orderSeen(order, at);
    else this.#engine.apply({ type: "order-rejected", market, clientOrderId, reason: "it would have crossed", at });
  }

  /** Never the case while the budget holds. A cancel that was refused is of unproven fate. */
  #refused({ clientOrderId, reason }: Extract<Answer, { type: "refused" }>, at: Instant): void {
    const isPlacing = this.#settle(`place ${clientOrderId}`, at);
    if (!isPlacing) this.#settle(`cancel ${clientOrderId}`, at);
    const type = isPlacing ? "order-rejected" : "cancel-unknown";
    this.#engine.apply({ type, market: this.#symbol, clientOrderId, reason, at });
  }

  #polled({ orders, askedMs }: Extract<Answer, { type: "polled" }>, at: Instant): void {
    const market = this.#symbol;
    // Answers come in the order the questions were asked.
    const reading = this.#polls.shift();
    assert(reading !== undefined, "a poll's answer must have been asked for");
    this.#settle(reading, at);
    if (reading === "fills") this.#engine.apply({ type: "fills-read", market, askedMs, at });
    else this.#engine.apply({ type: "open-orders-read", market, orders, askedMs, at });
  }

  #found({ clientOrderId, order }: Extract<Answer, { type: "found" }>, at: Instant): void {
    if (!this.#settle(`query ${clientOrderId}`, at)) this.#settle(`cancel ${clientOrderId}`, at);
    if (order !== undefined) this.#engine.apply({ type: "order-seen", order, at });
    else this.#engine.apply({ type: "order-absent", market: this.#symbol, clientOrderId, at });
  }

  #send(command: Command, at: Instant): void {
    const { clientOrderId, requestId, market } = command;
    switch (command.type) {
      case "place-order": {
        const { side, price, size } = command;
        this.#note(`place ${clientOrderId}`, requestId);
        this.#engine.apply({ type: "order-sent", market, clientOrderId, at });
        this.#port.place({ clientOrderId, side, price, size });
        break;
      }
      case "cancel-order":
        this.#note(`cancel ${clientOrderId}`, requestId);
        this.#port.cancel(clientOrderId);
        break;
      case "query-order":
        this.#note(`query ${clientOrderId}`, requestId);
        this.#port.query(clientOrderId);
        break;
      default:
        assertNever(command);
    }
  }

  #note(what: string, requestId: number): void {
    const waiting = this.#sent.get(what);
    if (waiting === undefined) this.#sent.set(what, [requestId]);
    else waiting.push(requestId);
  }

  /** The answer to the oldest request of this kind has come; false when there was none. */
  #settle(what: string, at: Instant): boolean {
    const waiting = this.#sent.get(what);
    const requestId = waiting?.shift();
    if (waiting?.length === 0) this.#sent.delete(what);
    if (requestId === undefined) return false;
    this.#budget.settle(requestId, at);
    return true;
  }

  /** Time since the last turn went by under the blockers of the last decision. */
  #noteHalt({ monotonicMs }: Instant): void {
    const elapsedMs = monotonicMs - this.#lastMs;
    this.#lastMs = monotonicMs;
    const [reason] = this.#market.blockers;
    const { latch, state } = this.#engine.loss;
    const why = reason ?? (state === "reducing" ? "reducing only: the drawdown" : undefined);
    if (why === undefined) return;
    const told = latch === undefined ? why : `latched: ${latch.reason}`;
    this.#haltedMs.set(told, (this.#haltedMs.get(told) ?? 0) + elapsedMs);
  }
}
