/**
 * The order client of a peer: its orders as it believes them to be, and a queue of requests that are sent one after the other as the
 * venue's limits allow. It stands in for the connector and the throttler of a real program, which every strategy of that program
 * shares. Owns orders, position and queue; decides nothing.
 */
import { assertNever } from "../../../core/assert.ts";
import type { Fill } from "../../../core/events.ts";
import { RequestBudget } from "../../../core/execution/request-budget.ts";
import type { OwnSize } from "../../../core/market-data/book.ts";
import { type Instant, type Lots, type Side, signOf, toLots } from "../../../core/units.ts";
import type { Answer, OrderPort, OrderRequest, Terms } from "../competitor.ts";

export type ClientOrder = OrderRequest & {
  filled: number;
  /** Queued or sent and not answered, resting, or with a cancel on its way. */
  state: "placing" | "open" | "cancelling";
  /** Monotonic milliseconds at which it was decided. */
  readonly createdMs: number;
};

type Request = { readonly kind: "place" | "cancel"; readonly order: ClientOrder };

export class OrderClient {
  readonly #port: OrderPort;
  readonly #positionMax: Lots;
  readonly #budget: RequestBudget;
  readonly #orders = new Map<string, ClientOrder>();
  #queue: Request[] = [];
  /** Request ids of the budget, by kind and order. */
  readonly #sent = new Map<string, number>();
  #position = 0;
  #count = 0;

  constructor({ port, positionMax, requests }: Terms) {
    this.#port = port;
    this.#positionMax = positionMax;
    this.#budget = new RequestBudget({
      requestsPerSecond: requests.perSecond,
      placementsInFlight: requests.placementsInFlight,
      // A peer keeps nothing back for cancels, and asks for nothing.
      reservedForCancels: 0,
      reservedForLookups: 0,
    });
  }

  /** In lots, signed, as far as fills have come. */
  get position(): number {
    return this.#position;
  }

  /** Orders that are not known to have ended, the ones being cancelled left out: what a strategy calls its active orders. */
  active(): readonly ClientOrder[] {
    return [...this.#orders.values()].filter(({ state }) => state !== "cancelling");
  }

  /** Cancels that are not answered yet. */
  get cancelsInFlight(): number {
    let count = 0;
    for (const { state } of this.#orders.values()) if (state === "cancelling") count += 1;
    return count;
  }

  /** Requests that wait for the limits. */
  get queued(): number {
    return this.#queue.length;
  }

  /** What may still be bought or sold before the position limit, open orders of that side left out of it. */
  room(side: Side): number {
    return Math.max(0, this.#positionMax - signOf(side) * this.#position);
  }

  /** The same with every order of that side that may still fill. */
  roomBesideOrders(side: Side): number {
    let room = this.room(side);
    for (const order of this.#orders.values()) if (order.side === side) room -= order.size - order.filled;
    return Math.max(0, room);
  }

  ownSizes(): readonly OwnSize[] {
    return [...this.#orders.values()].map(({ side, price, size, filled }) => ({
      side,
      price,
      size: toLots(size - filled),
    }));
  }

  place(order: Omit<OrderRequest, "clientOrderId">, now: Instant): void {
    this.#count += 1;
    const clientOrderId = `peer-${this.#count}`;
    const placed: ClientOrder = { ...order, clientOrderId, filled: 0, state: "placing", createdMs: now.monotonicMs };
    this.#orders.set(clientOrderId, placed);
    this.#queue.push({ kind: "place", order: placed });
  }

  /** Cancels an order that is not being cancelled; one whose placing has not been sent yet is simply taken back. */
  cancel(order: ClientOrder): void {
    const isQueued = this.#queue.some((request) => request.order === order && request.kind === "place");
    if (isQueued) {
      this.#queue = this.#queue.filter((request) => request.order !== order);
      this.#orders.delete(order.clientOrderId);
      return;
    }
    order.state = "cancelling";
    this.#queue.push({ kind: "cancel", order });
  }

  /** Sends what the limits allow, in the order it was asked for. */
  flush(now: Instant): void {
    for (;;) {
      const [next] = this.#queue;
      if (next === undefined) return;
      const { kind, order } = next;
      const requestId = this.#budget.take(kind, now);
      if (requestId === undefined) return;
      this.#queue.shift();
      this.#sent.set(`${kind} ${order.clientOrderId}`, requestId);
      const { clientOrderId, side, price, size } = order;
      if (kind === "place") this.#port.place({ clientOrderId, side, price, size });
      else this.#port.cancel(clientOrderId);
    }
  }

  fill(fill: Fill): { readonly order: ClientOrder | undefined; readonly isComplete: boolean } {
    this.#position += signOf(fill.side) * fill.size;
    const order = this.#orders.get(fill.clientOrderId);
    if (order === undefined) return { order, isComplete: false };
    order.filled += fill.size;
    const isComplete = order.filled >= order.size;
    if (isComplete) this.#forget(order.clientOrderId);
    return { order, isComplete };
  }

  answer(answer: Answer, now: Instant): void {
    switch (answer.type) {
      case "placed": {
        const { clientOrderId, status } = answer.order;
        this.#settle(`place ${clientOrderId}`, now);
        const order = this.#orders.get(clientOrderId);
        if (status === "rejected") this.#forget(clientOrderId);
        else if (order?.state === "placing") order.state = "open";
        break;
      }
      case "refused":
        // A refused cancel leaves the order where it is, to be cancelled anew.
        if (this.#settle(`place ${answer.clientOrderId}`, now)) this.#forget(answer.clientOrderId);
        else {
          this.#settle(`cancel ${answer.clientOrderId}`, now);
          const order = this.#orders.get(answer.clientOrderId);
          if (order !== undefined) order.state = "open";
        }
        break;
      case "cancelled":
      case "ended":
        this.#settle(`cancel ${answer.order.clientOrderId}`, now);
        this.#forget(answer.order.clientOrderId);
        break;
      case "found":
        this.#settle(`cancel ${answer.clientOrderId}`, now);
        if (answer.order === undefined) this.#forget(answer.clientOrderId);
        break;
      case "polled":
        break;
      default:
        assertNever(answer);
    }
  }

  #forget(clientOrderId: string): void {
    this.#orders.delete(clientOrderId);
    this.#queue = this.#queue.filter(({ order }) => order.clientOrderId !== clientOrderId);
  }

  #settle(request: string, now: Instant): boolean {
    const requestId = this.#sent.get(request);
    if (requestId === undefined) return false;
    this.#sent.delete(request);
    this.#budget.settle(requestId, now);
    return true;
  }
}
