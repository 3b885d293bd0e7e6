/**
 * Our one account at the exchange: its orders and fills, each change journaled before it is told.
 * Owns the account's history; its sums are `account-money.ts`'s, where an order is matched is a `MarketPlace`'s.
 */
import { assert, assertNever } from "../../core/assert.ts";
import { formatScaled, MONEY_DECIMALS, parseScaled } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";
import { formatPrice, formatSize, type Market, parsePrice, parseSize } from "../../core/market.ts";
import { type Lots, type Side, type Ticks, toLots } from "../../core/units.ts";
import type { Clock } from "../../fargate/seams.ts";
import { AccountMoney, type Reserve, reserveOf } from "./account-money.ts";
import type {
  AccountEvent,
  Balance,
  ExchangeFill,
  ExchangeOrder,
  MarketStanding,
  OrderStatus,
  OrderType,
} from "./account-records.ts";
import { feeOn, notionalOf } from "./fees.ts";
import type { Journal, JournalRecord } from "./journal.ts";
import type { OwnMatch, TimeInForce } from "./market-place.ts";

/** Ended orders that can still be asked for; the oldest are forgotten first. */
const ENDED_ORDERS_MAX = 100_000;
/** A history of fills is never forgotten, so a run ends loudly where it no longer fits. */
const FILLS_MAX = 1_000_000;
const LISTENERS_MAX = 1_000;
const ID_DIGITS = 12;

export type AccountOrder = {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly market: Market;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly price: Ticks | undefined;
  readonly size: Lots;
  readonly createdAt: string;
  filled: Lots;
  status: OrderStatus;
};

type NumberedFill = { readonly number: number; readonly fill: ExchangeFill };

export class Account {
  readonly accountId: string;
  readonly #markets: ReadonlyMap<string, Market>;
  readonly #clock: Clock;
  readonly #journal: Journal | undefined;
  readonly #orders = new Map<string, AccountOrder>();
  readonly #byClientId = new Map<string, AccountOrder>();
  readonly #open = new Map<string, AccountOrder>();
  readonly #ended: AccountOrder[] = [];
  #endedForgotten = 0;
  readonly #fills = new Map<string, NumberedFill[]>();
  readonly #money: AccountMoney;
  readonly #listeners = new Set<(event: AccountEvent) => void>();
  #ordersCount = 0;
  #fillsCount = 0;
  #lastTimeMs = 0;

  /** `balances` are what the account begins with, by asset; a journal's own opening balances win over them. */
  constructor(input: {
    readonly accountId: string;
    readonly markets: ReadonlyMap<string, Market>;
    readonly balances: Readonly<Record<string, string>>;
    readonly clock: Clock;
    readonly journal: Journal | undefined;
    readonly records: readonly { readonly line: number; readonly record: JournalRecord }[];
  }) {
    this.accountId = input.accountId;
    this.#markets = input.markets;
    this.#clock = input.clock;
    for (const symbol of input.markets.keys()) this.#fills.set(symbol, []);
    this.#money = new AccountMoney(input.markets);
    this.#money.setTotals(input.balances);
    for (const { line, record } of input.records) this.#restore(record, line);
    this.#journal = input.journal;
    if (input.records.length === 0) {
      const { accountId, balances } = input;
      this.#journal?.append({ type: "account", version: 1, accountId, balances: { ...balances } });
    }
  }

  /** Takes a new order into the account, before it is matched. A venue that numbers its orders itself gives its own id. */
  admit(
    order: Pick<AccountOrder, "clientOrderId" | "market" | "side" | "orderType" | "timeInForce" | "price" | "size"> &
      Partial<Pick<AccountOrder, "orderId">>,
  ): AccountOrder {
    assert(!this.#byClientId.has(order.clientOrderId), `client order id must be new, was ${order.clientOrderId}`);
    const orderId = order.orderId ?? toId("O", this.#ordersCount + 1);
    const admitted: AccountOrder = { ...order, orderId, createdAt: this.#stamp(), filled: toLots(0), status: "open" };
    const { clientOrderId, side, orderType, timeInForce, createdAt } = admitted;
    this.#journal?.append({
      type: "order",
      orderId,
      clientOrderId,
      market: order.market.symbol,
      side,
      orderType,
      timeInForce,
      price: order.price === undefined ? null : formatPrice(order.market, order.price),
      quantity: formatSize(order.market, order.size),
      createdAt,
    });
    this.#add(admitted);
    return admitted;
  }

  /** Books one match of an order of ours and tells of it. A venue of its own ids and fees gives both. */
  fill(match: OwnMatch & { readonly fillId?: string; readonly fee?: bigint }): void {
    const order = this.#open.get(match.orderId);
    assert(order !== undefined, `a match must be of an open order, was ${match.orderId}`);
    const fee = match.fee ?? feeOn(notionalOf(order.market, match.price, match.size), match.liquidity);
    const fill: ExchangeFill = {
      fillId: match.fillId ?? toId("F", this.#fillsCount + 1),
      orderId: order.orderId,
      clientOrderId: order.clientOrderId,
      market: order.market.symbol,
      side: order.side,
      price: formatPrice(order.market, match.price),
      quantity: formatSize(order.market, match.size),
      fee: formatScaled(fee, MONEY_DECIMALS),
      feeAsset: order.market.quote,
      liquidity: match.liquidity,
      timestamp: this.#stamp(),
    };
    const { fillId, orderId, price, quantity, liquidity, timestamp } = fill;
    this.#journal?.append({ type: "fill", fillId, orderId, price, quantity, fee: fill.fee, liquidity, timestamp });
    this.#book(order, fill, { price: match.price, size: match.size, fee });
    this.#tell({ type: "fill", fill });
    this.#tell({ type: "order", order: toExchangeOrder(order) });
  }

  /** Ends an order that is not filled: what is left of it stands no more. */
  end(order: AccountOrder, status: "cancelled" | "rejected"): void {
    assert(this.#open.has(order.orderId), `an order must be open to end, was ${order.orderId} ${order.status}`);
    this.#journal?.append({ type: "end", orderId: order.orderId, status });
    this.#end(order, status);
    this.#tell({ type: "order", order: toExchangeOrder(order) });
  }

  /** Tells listeners of an order as it stands. */
  announce(order: AccountOrder): void {
    this.#tell({ type: "order", order: toExchangeOrder(order) });
  }

  find(orderId: string): AccountOrder | undefined {
    return this.#orders.get(orderId);
  }

  findByClientId(clientOrderId: string): AccountOrder | undefined {
    return this.#byClientId.get(clientOrderId);
  }

  /** Open orders, partly filled ones included, oldest first; of all markets when none is named. */
  openOrders(market?: string): readonly AccountOrder[] {
    return [...this.#open.values()].filter((order) => market === undefined || order.market.symbol === market);
  }

  /**
   * Fills of a market in venue order, after a cursor that an earlier call gave; from the first when it is absent.
   * Throws `InputError` on a cursor that this account never gave: an empty answer would hide fills.
   */
  fillsAfter(
    market: string,
    cursor: string | undefined,
    limit: number,
  ): { fills: readonly ExchangeFill[]; nextCursor: string } {
    const after = cursor === undefined ? 0 : Number(cursor);
    const canonical = cursor === undefined || String(after) === cursor;
    if (!canonical || !Number.isSafeInteger(after) || after < 0 || after > this.#fillsCount) {
      throw new InputError({ what: "after", expected: "a cursor that this account's history gave", was: cursor });
    }
    const all = this.#fills.get(market) ?? [];
    const start = firstAfter(all, after);
    const page = all.slice(start, start + limit);
    return { fills: page.map((entry) => entry.fill), nextCursor: String(page.at(-1)?.number ?? after) };
  }

  balances(): readonly Balance[] {
    return this.#money.balances(this.#reserves());
  }

  /** True when what is free of the asset covers a further reserve. */
  covers(reserve: Reserve): boolean {
    return this.#money.available(reserve.asset, this.#reserves()) >= reserve.amount;
  }

  standing(market: string): MarketStanding {
    return this.#money.standing(market);
  }

  onEvent(listener: (event: AccountEvent) => void): () => void {
    assert(this.#listeners.size < LISTENERS_MAX, `an account must have at most ${LISTENERS_MAX} listeners`);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#journal?.close();
  }

  /** The venue's time: the clock's, never a step back, a restart included. */
  #stamp(): string {
    this.#lastTimeMs = Math.max(this.#lastTimeMs, Math.floor(this.#clock.now().epochMs));
    return new Date(this.#lastTimeMs).toISOString();
  }

  #tell(event: AccountEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #add(order: AccountOrder): void {
    this.#ordersCount += 1;
    this.#orders.set(order.orderId, order);
    this.#byClientId.set(order.clientOrderId, order);
    this.#open.set(order.orderId, order);
  }

  #book(order: AccountOrder, fill: ExchangeFill, amounts: { price: Ticks; size: Lots; fee: bigint }): void {
    const fills = this.#fills.get(order.market.symbol);
    assert(fills !== undefined, `market must be one of the account's, was ${order.market.symbol}`);
    assert(this.#fillsCount < FILLS_MAX, `an account must have at most ${FILLS_MAX} fills`);
    assert(order.filled + amounts.size <= order.size, `order ${order.orderId} must not be filled beyond its size`);
    this.#fillsCount += 1;
    fills.push({ number: this.#fillsCount, fill });
    this.#money.book({ market: order.market, side: order.side, ...amounts });
    order.filled = toLots(order.filled + amounts.size);
    if (order.filled === order.size) this.#end(order, "filled");
    else order.status = "partially_filled";
  }

  #end(order: AccountOrder, status: "filled" | "cancelled" | "rejected"): void {
    order.status = status;
    this.#open.delete(order.orderId);
    this.#ended.push(order);
    if (this.#ended.length - this.#endedForgotten <= ENDED_ORDERS_MAX) return;
    const oldest = this.#ended[this.#endedForgotten];
    this.#endedForgotten += 1;
    if (oldest !== undefined) {
      this.#orders.delete(oldest.orderId);
      this.#byClientId.delete(oldest.clientOrderId);
    }
    if (this.#endedForgotten === ENDED_ORDERS_MAX)
      this.#endedForgotten -= this.#ended.splice(0, ENDED_ORDERS_MAX).length;
  }

  /** Reserves of open orders; a market order never rests, so it reserves nothing. */
  *#reserves(): Generator<Reserve> {
    for (const { market, side, price, size, filled } of this.#open.values()) {
      if (price !== undefined) yield reserveOf({ market, side, price, size: toLots(size - filled) });
    }
  }

  #restore(record: JournalRecord, line: number): void {
    if ((line === 1) !== (record.type === "account"))
      throw badRecord(line, "the account record, first and once", record);
    switch (record.type) {
      case "account":
        if (record.accountId !== this.accountId) throw badRecord(line, `of ${this.accountId}`, record.accountId);
        this.#money.setTotals(record.balances);
        return;
      case "order":
        this.#restoreOrder(record, line);
        return;
      case "end": {
        const order = this.#open.get(record.orderId);
        if (order === undefined) throw badRecord(line, "the end of an open order", record.orderId);
        this.#end(order, record.status);
        return;
      }
      case "fill":
        this.#restoreFill(record, line);
        return;
      default:
        assertNever(record);
    }
  }

  #restoreOrder(record: JournalRecord & { readonly type: "order" }, line: number): void {
    const { orderId, clientOrderId, side, orderType, timeInForce, createdAt } = record;
    const market = this.#markets.get(record.market);
    if (market === undefined) {
      throw badRecord(line, `of a market served now (${[...this.#markets.keys()].join(", ")})`, record.market);
    }
    const expected = toId("O", this.#ordersCount + 1);
    if (orderId !== expected) throw badRecord(line, `order ${expected}`, orderId);
    const price = record.price === null ? undefined : parsePrice(market, record.price, `price on line ${line}`);
    const size = parseSize(market, record.quantity, `quantity on line ${line}`);
    const state = { filled: toLots(0), status: "open" } as const;
    this.#add({ orderId, clientOrderId, market, side, orderType, timeInForce, price, size, createdAt, ...state });
    this.#lastTimeMs = Math.max(this.#lastTimeMs, Date.parse(createdAt));
  }

  #restoreFill(record: JournalRecord & { readonly type: "fill" }, line: number): void {
    const order = this.#open.get(record.orderId);
    if (order === undefined) throw badRecord(line, "a fill of an open order", record.orderId);
    const expected = toId("F", this.#fillsCount + 1);
    if (record.fillId !== expected) throw badRecord(line, `fill ${expected}`, record.fillId);
    const price = parsePrice(order.market, record.price, `price on line ${line}`);
    const size = parseSize(order.market, record.quantity, `quantity on line ${line}`);
    if (size > order.size - order.filled) throw badRecord(line, "a fill within the order's size", record.quantity);
    const fee = parseScaled(record.fee, MONEY_DECIMALS, `fee on line ${line}`);
    const { type: _, ...facts } = record;
    const { clientOrderId, side } = order;
    const { symbol, quote } = order.market;
    this.#book(order, { ...facts, clientOrderId, market: symbol, side, feeAsset: quote }, { price, size, fee });
    this.#lastTimeMs = Math.max(this.#lastTimeMs, Date.parse(record.timestamp));
  }
}

function badRecord(line: number, expected: string, was: unknown): InputError {
  return new InputError({ what: `line ${line} of the journal`, expected, was });
}

/** What was shown of an order last, good for as long as neither its state nor what is filled of it has changed. */
const SHOWN = new WeakMap<AccountOrder, { readonly filled: Lots; readonly order: ExchangeOrder }>();

export function toExchangeOrder(order: AccountOrder): ExchangeOrder {
  const shown = SHOWN.get(order);
  if (shown !== undefined && shown.filled === order.filled && shown.order.status === order.status) return shown.order;
  const made = makeExchangeOrder(order);
  SHOWN.set(order, { filled: order.filled, order: made });
  return made;
}

function makeExchangeOrder(order: AccountOrder): ExchangeOrder {
  return {
    orderId: order.orderId,
    clientOrderId: order.clientOrderId,
    market: order.market.symbol,
    side: order.side,
    orderType: order.orderType,
    timeInForce: order.timeInForce,
    price: order.price === undefined ? null : formatPrice(order.market, order.price),
    quantity: formatSize(order.market, order.size),
    filledQuantity: formatSize(order.market, order.filled),
    status: order.status,
    createdAt: order.createdAt,
  };
}

/** Ids of equal length, so that their order by bytes is the order they were given in. */
function toId(letter: "O" | "F", number: number): string {
  return `${letter}-${String(number).padStart(ID_DIGITS, "0")}`;
}

/** Index of the first fill numbered above `after`. */
function firstAfter(fills: readonly NumberedFill[], after: number): number {
  let low = 0;
  let high = fills.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((fills[middle]?.number ?? 0) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
