/**
 * Orders that the venue shows otherwise than they are: forgotten for a while, or cancelled by its word alone. Owns which these
 * are; the orders themselves stand in the exchange all the same, and fill.
 */
import type { ExchangeOrder } from "../exchange/account-records.ts";
import type { Exchange } from "../exchange/exchange.ts";

/** Far above what a run makes go wrong. */
const VIEWS_MAX = 10_000;

export class OrderViews {
  /** By the venue's order id or the client's. */
  readonly #views = new Map<string, "hidden" | "cancelled">();

  /** Lookups and lists leave the order out from now on, by its id or its client id; it stays live, and can be cancelled. */
  hide(id: string): void {
    this.#set(id, "hidden");
  }

  /** The order is shown as cancelled, and in no list, until it is filled. */
  showCancelled(id: string): void {
    this.#set(id, "cancelled");
  }

  /** Shows the order as it is again. */
  show(id: string): void {
    this.#views.delete(id);
  }

  /** Whether lists and lookups show every order as it is. */
  get areAllShown(): boolean {
    return this.#views.size === 0;
  }

  /** Whether lists and lookups show the order as it is. */
  isShown(order: Pick<ExchangeOrder, "orderId" | "clientOrderId">): boolean {
    return this.#viewOf(order) === undefined;
  }

  clear(): void {
    this.#views.clear();
  }

  /** The exchange as it is shown. */
  over(exchange: Exchange): Exchange {
    if (this.#views.size === 0) return exchange;
    const shown = (order: ExchangeOrder | undefined) => (order === undefined ? undefined : this.#shown(order));
    return {
      ...exchange,
      order: (orderId) => shown(exchange.order(orderId)),
      orderByClientId: (clientOrderId) => shown(exchange.orderByClientId(clientOrderId)),
      openOrders: (market) => exchange.openOrders(market).filter((order) => this.isShown(order)),
    };
  }

  #shown(order: ExchangeOrder): ExchangeOrder | undefined {
    const view = this.#viewOf(order);
    if (view === "hidden") return undefined;
    return view === "cancelled" && order.status !== "filled" ? { ...order, status: "cancelled" } : order;
  }

  #viewOf(order: Pick<ExchangeOrder, "orderId" | "clientOrderId">): "hidden" | "cancelled" | undefined {
    if (this.#views.size === 0) return undefined;
    return this.#views.get(order.orderId) ?? this.#views.get(order.clientOrderId);
  }

  #set(id: string, view: "hidden" | "cancelled"): void {
    if (this.#views.size >= VIEWS_MAX)
      throw new RangeError(`more than ${VIEWS_MAX} orders are shown otherwise than they are`);
    this.#views.set(id, view);
  }
}
