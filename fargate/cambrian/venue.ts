/**
 * Cambrian behind the venue port: turns the engine's commands into calls, and outcomes into facts. Owns what an outcome
 * means for an order; a lost answer is never a refusal, and only the venue's word ends an order.
 */
import { assertNever } from "../../core/assert.ts";
import type { CancelOrder, Command, PlaceOrder, QueryOrder } from "../../core/commands.ts";
import { InputError } from "../../core/errors.ts";
import type { VenueOrder } from "../../core/events.ts";
import type { Market } from "../../core/market.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { type Answered, type RestingOrder, type Venue, VenueError, type VenueParts } from "../venue.ts";
import { type MarketsById, type Placed, readFilled } from "./answers.ts";
import {
  cancelling,
  findingOrder,
  listingOpenOrders,
  placing,
  querying,
  readingAccount,
  readingFills,
} from "./calls.ts";
import { type Call, CambrianClient, type ClientOptions } from "./client.ts";
import type { Outcome } from "./outcome.ts";
import { CambrianStream } from "./stream.ts";

export type CambrianVenueOptions = ClientOptions & VenueParts;

export function makeCambrianVenue(options: CambrianVenueOptions): Venue {
  return new CambrianVenue(options);
}

class CambrianVenue implements Venue {
  readonly #options: CambrianVenueOptions;
  readonly #markets: MarketsById;
  readonly #client: CambrianClient;
  readonly #stream: CambrianStream;
  /** Commands without an outcome yet: at most as many as the request budget has slots, plus those that look an order up. */
  readonly #running = new Set<Promise<void>>();
  #rehearsals = 0;

  constructor(options: CambrianVenueOptions) {
    this.#options = options;
    this.#markets = new Map(options.markets.map((market) => [market.symbol, market]));
    this.#client = new CambrianClient(options);
    this.#stream = new CambrianStream({
      ...options,
      markets: this.#markets,
      auth: () => this.#client.streamAuth(),
      onConnected: (connected) => options.onStream?.(connected),
    });
  }

  start(): void {
    this.#stream.start();
  }

  async stop(): Promise<void> {
    this.#client.stop();
    this.#stream.stop();
    await Promise.all(this.#running);
  }

  execute(command: Command): void {
    const running = this.#carryOut(command).catch((error: unknown) => this.#giveUp(command, error));
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  rehearse(resting?: RestingOrder): void {
    const { markets } = this.#options;
    this.#rehearsals += 1;
    const market = markets[this.#rehearsals % markets.length];
    if (market === undefined) return;
    const { symbol } = market;
    const clientOrderId = `fm-0-${symbol.replace("/", "")}-b0-${this.#rehearsals}`;
    const order = { market: symbol, clientOrderId, side: "buy", price: toTicks(1), size: toLots(1) } as const;
    this.#client.rehearse(placing(market, { type: "place-order", requestId: 0, ...order }));
    const cancelled = resting ?? { market: symbol, clientOrderId, orderId: clientOrderId };
    this.#client.rehearse(cancelling({ type: "cancel-order", requestId: 0, ...cancelled }));
  }

  openOrders(market: string): ReturnType<Venue["openOrders"]> {
    return this.#ask("openOrders", listingOpenOrders(this.#markets, market));
  }

  async fillsAfter(market: string, cursor: string | undefined): ReturnType<Venue["fillsAfter"]> {
    const { value: page, askedMs } = await this.#ask("fillsAfter", readingFills(this.#markets, market, cursor));
    for (const { fillId, error } of page.unreadable) {
      this.#options.metrics.increment("flashmm_fill_processing_errors_total", { kind: "unreadable" });
      this.#options.log.error("A fill of the venue's history cannot be read", { market, cursor, fillId, error });
    }
    if (page.unreadable.length > 0) {
      const reason = `${page.unreadable.length} of ${page.count} fills of ${market} cannot be read`;
      throw new VenueError({ operation: "fillsAfter", code: "unreadable-fill", reason });
    }
    // The contract does not promise that pages are full: only an empty one is the end.
    return { value: { fills: page.fills, nextCursor: page.nextCursor ?? cursor, more: page.count > 0 }, askedMs };
  }

  balances(): ReturnType<Venue["balances"]> {
    return this.#ask("balances", readingAccount());
  }

  state(): ReturnType<Venue["state"]> {
    const { budget, clock } = this.#options;
    return {
      streamConnected: this.#stream.connected,
      circuit: this.#client.circuit,
      requestsLastSecond: budget.requestsInWindow(clock.now()),
      placementsInFlight: budget.placementsInFlight,
      unauthorized: this.#client.unauthorized,
    };
  }

  async #ask<T>(operation: string, call: Call<T>): Promise<Answered<T>> {
    const outcome = await this.#client.call(call);
    if (outcome.type === "proven") return { value: outcome.value, askedMs: outcome.sentMs };
    throw new VenueError({ operation, code: outcome.kind, reason: outcome.reason });
  }

  #carryOut(command: Command): Promise<void> {
    switch (command.type) {
      case "place-order":
        return this.#place(command);
      case "cancel-order":
        return this.#cancel(command);
      case "query-order":
        return this.#query(command);
      default:
        return assertNever(command);
    }
  }

  async #place(command: PlaceOrder): Promise<void> {
    const market = this.#marketOf(command.market);
    const call = placing(market, command);
    const read = (json: unknown) => placedOrder(market, command, call.read(json));
    const { market: symbol, clientOrderId } = command;
    const fence = () => this.#options.fence(symbol);
    const onWritten = () => {
      this.#options.onEvent({ type: "order-sent", market: symbol, clientOrderId, at: this.#options.clock.now() });
    };
    const outcome = await this.#client.call({ ...call, read, fence, onWritten });
    switch (outcome.type) {
      case "proven":
        if (outcome.value.status !== "rejected") return this.#seen(outcome.value);
        return this.#rejected(command, "the venue rejected it, as it does a post-only order that would cross");
      case "unsent": {
        const { reason } = outcome;
        this.#options.metrics.increment("flashmm_order_placement_errors_total", { market: symbol });
        const at = this.#options.clock.now();
        return this.#options.onEvent({ type: "order-unsent", market: symbol, clientOrderId, reason, at });
      }
      case "refused":
        this.#options.metrics.increment("flashmm_order_placement_errors_total", { market: command.market });
        return this.#rejected(command, outcome.reason);
      case "unknown":
        this.#options.metrics.increment("flashmm_order_placement_errors_total", { market: command.market });
        this.#options.log.warn("The outcome of a placing is unknown", { ...idsOf(command), reason: outcome.reason });
        return this.#unknown("place-unknown", command, outcome.reason);
      default:
        return assertNever(outcome);
    }
  }

  async #cancel(command: CancelOrder): Promise<void> {
    const outcome = await this.#client.call(cancelling(command));
    if (
      outcome.type === "proven" &&
      outcome.value.order_id === command.orderId &&
      outcome.value.status === "cancelled"
    ) {
      const { market, clientOrderId } = command;
      this.#options.onEvent({ type: "order-cancelled", market, clientOrderId, at: this.#options.clock.now() });
      return;
    }
    const isEnded = outcome.type === "proven";
    const isNotFound = outcome.type === "refused" && outcome.status === 404;
    if (!isEnded)
      this.#options.metrics.increment("flashmm_order_cancellation_errors_total", { market: command.market });
    // It ended otherwise, or the venue does not know the id: the whole order says which, and how much of it was filled.
    if (isEnded || isNotFound) return this.#lookUpAfterCancel(command);
    this.#options.log.warn("The outcome of a cancel is unknown", { ...idsOf(command), reason: reasonOf(outcome) });
    this.#unknown("cancel-unknown", command, reasonOf(outcome));
  }

  async #lookUpAfterCancel(command: CancelOrder): Promise<void> {
    const outcome = await this.#client.call(findingOrder(this.#markets, command.clientOrderId));
    const order = outcome.type === "proven" ? matching(outcome.value, command) : undefined;
    if (order !== undefined) this.#seen(order);
    if (order !== undefined && order.status !== "open" && order.status !== "partially_filled") return;
    const reason = order === undefined ? reasonOf(outcome) : "the venue could not cancel it, and shows it open";
    this.#unknown("cancel-unknown", command, reason);
  }

  async #query(command: QueryOrder): Promise<void> {
    const outcome = await this.#client.call(querying(this.#markets, command));
    if (outcome.type !== "proven") return;
    const order = matching(outcome.value, command);
    if (order !== undefined) return this.#seen(order);
    const { market, clientOrderId } = command;
    // A list of other orders is not an answer to this question.
    if (outcome.value.length > 0) return;
    this.#options.onEvent({ type: "order-absent", market, clientOrderId, at: this.#options.clock.now() });
  }

  #seen(order: VenueOrder): void {
    this.#options.onEvent({ type: "order-seen", order, at: this.#options.clock.now() });
  }

  #rejected({ market, clientOrderId }: Command, reason: string): void {
    this.#options.onEvent({ type: "order-rejected", market, clientOrderId, reason, at: this.#options.clock.now() });
  }

  #unknown(type: "place-unknown" | "cancel-unknown", { market, clientOrderId }: Command, reason: string): void {
    this.#options.onEvent({ type, market, clientOrderId, reason, at: this.#options.clock.now() });
  }

  /** A fault of our own on the way: nothing is proven, so the order stays exposure. */
  #giveUp(command: Command, error: unknown): void {
    this.#options.budget.settle(command.requestId, this.#options.clock.now());
    this.#options.log.error("A command failed in a way nobody foresaw", { ...idsOf(command), error });
    if (command.type === "query-order") return;
    this.#unknown(command.type === "place-order" ? "place-unknown" : "cancel-unknown", command, "a fault of the task");
  }

  #marketOf(symbol: string): Market {
    const market = this.#markets.get(symbol);
    if (market === undefined) throw new InputError({ what: "market", expected: "a configured market", was: symbol });
    return market;
  }
}

/** The order a placing's answer shows. Throws when it speaks of another order. */
function placedOrder(market: Market, command: PlaceOrder, placed: Placed): VenueOrder {
  if (placed.client_order_id !== command.clientOrderId) {
    throw new InputError({ what: "client_order_id", expected: command.clientOrderId, was: placed.client_order_id });
  }
  return {
    orderId: placed.order_id,
    clientOrderId: command.clientOrderId,
    market: market.symbol,
    side: command.side,
    price: command.price,
    size: command.size,
    filled: readFilled({ market, size: command.size, text: placed.filled_quantity }),
    status: placed.status,
  };
}

function matching(orders: readonly VenueOrder[], command: Command): VenueOrder | undefined {
  return orders.find((order) => order.clientOrderId === command.clientOrderId && order.market === command.market);
}

function reasonOf(outcome: Outcome<unknown>): string {
  return outcome.type === "proven" ? "the venue knows no such order" : outcome.reason;
}

function idsOf(command: Command): {
  readonly market: string;
  readonly clientOrderId: string;
  readonly requestId: number;
} {
  return { market: command.market, clientOrderId: command.clientOrderId, requestId: command.requestId };
}
