/**
 * Our orders on chain by both their names. The chain has no client order id: it numbers orders by contract, and lists them without a
 * trace of ours. Owns the link between the two, and a stand-in name for those of the account that this process did not send.
 */
import type { CancelOrder, PlaceOrder } from "../../core/commands.ts";
import type { Fill, VenueOrder } from "../../core/events.ts";
import { OWN_PREFIX } from "../../core/order.ts";
import type { Lots, Side, Ticks } from "../../core/units.ts";
import { toLots } from "../../core/units.ts";

export type KnownOrder = {
  readonly clientOrderId: string;
  readonly market: string;
  readonly side: Side;
  readonly price: Ticks;
  readonly size: Lots;
  /** As the chain numbers it; undefined until a block has it. */
  readonly orderId: string | undefined;
  /** The block that took it, and the monotonic moment we learnt of it. */
  readonly taken: { readonly height: number; readonly ms: number } | undefined;
  readonly isEnded: boolean;
};

/** An order as the chain lists it. */
export type ListedOrder = {
  readonly orderId: string;
  readonly side: Side;
  readonly price: Ticks;
  readonly remaining: Lots;
};

/**
 * Past this number the oldest that has ended is forgotten: fills that still come are named from the chain's own history. One that may
 * rest is never forgotten, whose cancel needs its price and side; the engine bounds how many those are.
 */
const KNOWN_MAX = 5_000;

/** An order of the account that this process did not send: of an earlier start (epoch 0), so that whoever sees it ends it. */
const STRANGER_PREFIX = `${OWN_PREFIX}0-chain-`;

export class KnownOrders {
  readonly #byClientId = new Map<string, KnownOrder>();
  readonly #clientIdOf = new Map<string, string>();
  /** Of those that have not ended: what each fill took, by the fill's id, since a block may be told twice. */
  readonly #fills = new Map<string, Map<string, number>>();

  placed({ clientOrderId, market, side, price, size }: PlaceOrder): void {
    this.#forget();
    const order = { clientOrderId, market, side, price, size, orderId: undefined, taken: undefined, isEnded: false };
    this.#byClientId.set(clientOrderId, order);
  }

  /** A block has it, under this number. */
  taken(clientOrderId: string, orderId: string, taken: NonNullable<KnownOrder["taken"]>): KnownOrder | undefined {
    const order = this.#byClientId.get(clientOrderId);
    if (order === undefined) return undefined;
    this.#clientIdOf.set(keyOf(order.market, orderId), clientOrderId);
    return this.#set({ ...order, orderId, taken });
  }

  /** A fill of the chain's: one that has filled whole has ended. */
  filled({ clientOrderId, fillId, size }: Fill): void {
    const order = this.#byClientId.get(clientOrderId);
    if (order === undefined || order.isEnded) return;
    const fills = this.#fills.get(clientOrderId) ?? new Map<string, number>();
    this.#fills.set(clientOrderId, fills.set(fillId, size));
    const filled = [...fills.values()].reduce((sum, each) => sum + each, 0);
    if (filled >= order.size) this.ended(clientOrderId);
  }

  ended(clientOrderId: string): void {
    this.#fills.delete(clientOrderId);
    const order = this.#byClientId.get(clientOrderId);
    if (order !== undefined) this.#set({ ...order, isEnded: true });
  }

  find(clientOrderId: string): KnownOrder | undefined {
    return this.#byClientId.get(clientOrderId);
  }

  /** Named by its own client id: never by a stand-in. */
  clientIdOf(market: string, orderId: string): string | undefined {
    const id = this.#clientIdOf.get(keyOf(market, orderId));
    return id?.startsWith(STRANGER_PREFIX) ? undefined : id;
  }

  /** The order of a cancel: one we know, listed before or sent by this process. */
  ofCancel({ market, clientOrderId, orderId }: CancelOrder): KnownOrder | undefined {
    return this.#byClientId.get(this.#clientIdOf.get(keyOf(market, orderId)) ?? clientOrderId);
  }

  /**
   * An order as the venue port shows it. One that fits a placing of ours whose number is not known yet is left out: it is that one, or
   * will be told apart once it is known. `at` is where the chain stands now.
   */
  seen(market: string, listed: ListedOrder, at: NonNullable<KnownOrder["taken"]>): VenueOrder | undefined {
    const clientOrderId = this.#clientIdOf.get(keyOf(market, listed.orderId));
    const known = clientOrderId === undefined ? undefined : this.#byClientId.get(clientOrderId);
    if (known !== undefined) return toVenueOrder(known, listed);
    if (this.unnumbered(market, listed) !== undefined) return undefined;
    const stranger: KnownOrder = {
      ...{ market, orderId: listed.orderId, side: listed.side, price: listed.price, size: listed.remaining },
      clientOrderId: `${STRANGER_PREFIX}${listed.orderId}`,
      taken: at,
      isEnded: false,
    };
    this.#forget();
    this.#clientIdOf.set(keyOf(market, listed.orderId), stranger.clientOrderId);
    return toVenueOrder(this.#set(stranger), listed);
  }

  /** A placing of ours without a number that a listed order may be. */
  unnumbered(market: string, { side, price, remaining }: ListedOrder): KnownOrder | undefined {
    for (const order of this.#byClientId.values()) {
      const fits = order.market === market && order.side === side && order.price === price && order.size >= remaining;
      if (fits && order.orderId === undefined && !order.isEnded) return order;
    }
    return undefined;
  }

  isNumbered(market: string, orderId: string): boolean {
    return this.#clientIdOf.has(keyOf(market, orderId));
  }

  #set(order: KnownOrder): KnownOrder {
    this.#byClientId.set(order.clientOrderId, order);
    return order;
  }

  #forget(): void {
    if (this.#byClientId.size < KNOWN_MAX) return;
    const oldest = oldestEnded(this.#byClientId.values());
    if (oldest === undefined) return;
    this.#byClientId.delete(oldest.clientOrderId);
    if (oldest.orderId !== undefined) this.#clientIdOf.delete(keyOf(oldest.market, oldest.orderId));
  }
}

function oldestEnded(orders: Iterable<KnownOrder>): KnownOrder | undefined {
  for (const order of orders) if (order.isEnded) return order;
  return undefined;
}

function toVenueOrder(order: KnownOrder, { orderId, remaining }: ListedOrder): VenueOrder {
  const { clientOrderId, market, side, price, size } = order;
  const filled = toLots(Math.max(0, size - remaining));
  const status = filled > 0 ? "partially_filled" : "open";
  return { orderId, clientOrderId, market, side, price, size, filled, status };
}

function keyOf(market: string, orderId: string): string {
  return `${market}#${orderId}`;
}
