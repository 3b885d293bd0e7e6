/**
 * The dex contract of the simulated chain: its pairs, the numbers of its orders, and what it does at a block's end: its hook refuses
 * orders that are not covered, matches are settled in the bank's coins, and each side of a match is told as a `wasm` event.
 * Owns orders and settlements; which transactions bring orders is `deliver.ts`'s.
 *
 * The module executes at exact prices, between two ticks where that is the midpoint. What a price of more than 18 decimals leaves over
 * is the contract's: a buyer pays rounded up, a seller gets rounded down.
 */
import { divideHalfEven, formatScaled, MONEY_DECIMALS } from "../../core/decimal.ts";
import { formatPrice, formatSize, type Market, priceToMoney, sizeToMoney } from "../../core/market.ts";
import { type Lots, type Side, type Ticks, toLots, toTicks } from "../../core/units.ts";
import { reserveOf } from "../exchange/account-money.ts";
import { feeOn } from "../exchange/fees.ts";
import { type AbciEvent, makeEvent } from "./abci-event.ts";
import type { PairTicks } from "./ante.ts";
import { type Bank, toDenom } from "./bank.ts";
import { type BatchMatch, type ExactPrice, type MarketOrder, type Party, runBatch } from "./batch-auction.ts";
import { BatchBook, type BookOrder, ORDERS_PER_LEVEL_MAX } from "./batch-book.ts";

/** An order that waits for the block's end. A price of `undefined` belongs to a market order without a worst price. */
export type NewOrder = {
  readonly id: number;
  readonly owner: string;
  readonly market: Market;
  readonly kind: "limit" | "market";
  readonly side: Side;
  readonly price: Ticks | undefined;
  readonly size: Lots;
  readonly data: string;
  /** A fault: the contract's hook refuses it. */
  readonly isRefused: boolean;
};

/** One side of a match, as the contract booked it; `limit` is the order's own price. */
export type Settlement = {
  readonly id: number;
  readonly orderId: number;
  readonly account: string;
  readonly market: Market;
  readonly side: Side;
  readonly kind: "limit" | "market";
  readonly size: Lots;
  /** What a whole unit of the base was paid with, in units of 10^-18 of the quote. */
  readonly unitPrice: bigint;
  readonly limit: Ticks | undefined;
  readonly liquidity: "maker" | "taker";
  /** In units of 10^-18 of the quote. */
  readonly fee: bigint;
};

export type PairEnd = {
  readonly market: Market;
  readonly accepted: readonly NewOrder[];
  readonly failed: readonly { readonly order: NewOrder; readonly reason: string }[];
  readonly cancelled: readonly BookOrder[];
  /** Market orders that did not get all they asked for: what was left is cancelled. */
  readonly unfilled: readonly { readonly orderId: number; readonly owner: string }[];
  readonly settlements: readonly Settlement[];
  readonly matches: readonly BatchMatch[];
  readonly events: readonly AbciEvent[];
};

export type Pair = {
  readonly market: Market;
  readonly ticks: PairTicks;
  readonly book: BatchBook;
  isOpen: boolean;
};

type Waiting = { readonly cancels: Map<number, BookOrder>; readonly orders: NewOrder[] };

export class DexContract {
  readonly address: string;
  readonly #bank: Bank;
  /** Addresses whose money is nobody's business: the simulated traders. They pay no fee and may owe. */
  readonly #isOutside: (owner: string) => boolean;
  readonly #pairs = new Map<string, Pair>();
  readonly #waiting = new Map<string, Waiting>();
  #nextOrderId = 0;
  #nextSettlementId = 0;

  constructor(input: {
    readonly address: string;
    readonly markets: readonly Market[];
    readonly bank: Bank;
    readonly isOutside: (owner: string) => boolean;
  }) {
    this.address = input.address;
    this.#bank = input.bank;
    this.#isOutside = input.isOutside;
    for (const market of input.markets) {
      const ticks = { price: priceToMoney(market, toTicks(1)), quantity: sizeToMoney(market, toLots(1)) };
      this.#pairs.set(market.symbol, { market, ticks, book: new BatchBook(), isOpen: true });
      this.#waiting.set(market.symbol, { cancels: new Map(), orders: [] });
    }
  }

  get pairs(): readonly Pair[] {
    return [...this.#pairs.values()];
  }

  pair(priceDenom: string, assetDenom: string): Pair | undefined {
    return this.#pairs.get(`${assetDenom}/${priceDenom}`);
  }

  /** The number the next order gets; the first is 0. */
  takeOrderId(): number {
    this.#nextOrderId += 1;
    return this.#nextOrderId - 1;
  }

  /** Takes an order in for the end of this block. */
  queueOrder(order: NewOrder): void {
    this.#waitingOf(order.market).orders.push(order);
  }

  /** Takes a cancel in for the end of this block; a second one of the same order changes nothing. */
  queueCancel(market: Market, order: BookOrder): void {
    this.#waitingOf(market).cancels.set(order.id, order);
  }

  /** How many orders will stand at a price: those of the book and those that wait. */
  countAt(pair: Pair, side: Side, price: Ticks): number {
    const waiting = this.#waitingOf(pair.market).orders.filter((order) => order.side === side && order.price === price);
    return pair.book.count(side, price) + waiting.length;
  }

  isLevelFull(pair: Pair, side: Side, price: Ticks): boolean {
    return this.countAt(pair, side, price) >= ORDERS_PER_LEVEL_MAX;
  }

  /** Ends the block: what waited for each pair is carried out. */
  endBlock(height: number): readonly PairEnd[] {
    return this.pairs.map((pair) => this.#endPair(pair, height));
  }

  #endPair(pair: Pair, height: number): PairEnd {
    const { market, book } = pair;
    const waiting = this.#waitingOf(market);
    const cancelled = [...waiting.cancels.values()];
    const freed = new Set(waiting.cancels.keys());
    const accepted: NewOrder[] = [];
    const failed: { readonly order: NewOrder; readonly reason: string }[] = [];
    for (const order of waiting.orders) {
      const reason = this.#refusalOf(order, pair, accepted, freed);
      if (reason === undefined) accepted.push(order);
      else failed.push({ order, reason });
    }
    this.#waiting.set(market.symbol, { cancels: new Map(), orders: [] });
    const limits = accepted.flatMap((order) => toBookOrder(order, height));
    const markets = accepted.flatMap(toMarketOrder);
    const { matches, unfilled } = runBatch(book, { cancels: cancelled, limits, markets });
    const isNew = new Set(accepted.map(({ id }) => id));
    const settlements = matches.flatMap((match) => this.#settle(market, match, isNew));
    this.#bank.commit();
    return {
      market,
      accepted,
      failed,
      cancelled,
      unfilled: unfilled.map(({ order: { id, owner } }) => ({ orderId: id, owner })),
      settlements,
      matches,
      events: settlements
        .filter(({ account }) => !this.#isOutside(account))
        .map((settlement) => toWasmEvent(this.address, settlement)),
    };
  }

  /** Why the contract's hook refuses an order; `undefined` when it does not. */
  #refusalOf(
    order: NewOrder,
    pair: Pair,
    accepted: readonly NewOrder[],
    freed: ReadonlySet<number>,
  ): string | undefined {
    if (this.#isOutside(order.owner)) return undefined;
    if (order.isRefused) return "the contract refuses the order";
    const { market, side, size } = order;
    const worst = order.price ?? worstOf(pair.book, side);
    if (worst === undefined) return undefined;
    const asked = reserveOf({ market, side, price: worst, size });
    let needed = asked.amount;
    for (const other of accepted) {
      if (other.owner === order.owner && other.price !== undefined) needed += reserveIn(asked.asset, other);
    }
    for (const { market: served, book } of this.#pairs.values()) {
      for (const resting of book.ordersOf(order.owner)) {
        if (freed.has(resting.id)) continue;
        needed += reserveIn(asked.asset, { market: served, ...resting, size: resting.remaining });
      }
    }
    const held = this.#bank.units(order.owner, toDenom(asked.asset));
    return needed <= held ? undefined : `insufficient ${asked.asset} to cover the order`;
  }

  #settle(market: Market, match: BatchMatch, isNew: ReadonlySet<number>): readonly Settlement[] {
    const { size, buy, sell } = match;
    const bought = this.#toSettlement(market, "buy", buy, size, isNew);
    const sold = this.#toSettlement(market, "sell", sell, size, isNew);
    const [base, quote] = [toDenom(market.base), toDenom(market.quote)];
    const amount = sizeToMoney(market, size);
    this.#bank.move(buy.owner, this.address, quote, ceilingOf(bought.unitPrice * amount) + bought.fee);
    this.#bank.move(this.address, sell.owner, quote, (sold.unitPrice * amount) / UNIT);
    this.#bank.move(sell.owner, this.address, quote, sold.fee);
    this.#bank.move(sell.owner, buy.owner, base, amount);
    return [bought, sold];
  }

  #toSettlement(market: Market, side: Side, party: Party, size: Lots, isNew: ReadonlySet<number>): Settlement {
    const unitPrice = toUnitPrice(market, party.price);
    const liquidity = isNew.has(party.id) ? "taker" : "maker";
    const notional = ceilingOf(unitPrice * sizeToMoney(market, size));
    const fee = this.#isOutside(party.owner) ? 0n : feeOn(notional, liquidity);
    this.#nextSettlementId += 1;
    return {
      id: this.#nextSettlementId - 1,
      orderId: party.id,
      account: party.owner,
      market,
      side,
      kind: party.isMarketOrder ? "market" : "limit",
      size,
      unitPrice,
      limit: party.limit,
      liquidity,
      fee,
    };
  }

  #waitingOf(market: Market): Waiting {
    const waiting = this.#waiting.get(market.symbol);
    if (waiting === undefined) throw new Error(`the contract has no pair ${market.symbol}`);
    return waiting;
  }
}

function toBookOrder(order: NewOrder, height: number): readonly BookOrder[] {
  const { id, owner, side, price, size } = order;
  if (order.kind !== "limit" || price === undefined) return [];
  return [{ id, owner, side, price, size, placedAt: height, remaining: size }];
}

function toMarketOrder({ id, owner, side, price: worstPrice, size, kind }: NewOrder): readonly MarketOrder[] {
  return kind === "market" ? [{ id, owner, side, worstPrice, size }] : [];
}

/** The far end of the side that a market order without a worst price could reach. */
function worstOf(book: BatchBook, side: Side): Ticks | undefined {
  return book.side(side === "buy" ? "sell" : "buy").at(-1)?.price;
}

function reserveIn(
  asset: string,
  order: { readonly market: Market; readonly side: Side; readonly price: Ticks | undefined; readonly size: Lots },
): bigint {
  const { market, side, price, size } = order;
  if (price === undefined) return 0n;
  const reserve = reserveOf({ market, side, price, size });
  return reserve.asset === asset ? reserve.amount : 0n;
}

const UNIT = 10n ** BigInt(MONEY_DECIMALS);

/** Cosmos' `Dec` divides half to even at 18 decimals. */
function toUnitPrice(market: Market, { numerator, denominator }: ExactPrice): bigint {
  return divideHalfEven(BigInt(numerator) * priceToMoney(market, toTicks(1)), BigInt(denominator));
}

/** A product of two amounts of 10^-18, rounded up to one. */
function ceilingOf(product: bigint): bigint {
  return (product + UNIT - 1n) / UNIT;
}

/** The event that tells of one side of a match; every amount a plain decimal. */
function toWasmEvent(contract: string, settlement: Settlement): AbciEvent {
  const { market, side, kind, unitPrice, limit, size, fee } = settlement;
  return makeEvent("wasm", {
    _contract_address: contract,
    action: "settlement",
    account: settlement.account,
    price_denom: market.quote,
    asset_denom: market.base,
    position_direction: side === "buy" ? "Long" : "Short",
    order_type: kind === "limit" ? "Limit" : "Market",
    order_id: `${settlement.orderId}`,
    quantity: formatSize(market, size),
    execution_cost_or_proceed: formatScaled(unitPrice, MONEY_DECIMALS),
    expected_cost_or_proceed: limit === undefined ? "0" : formatPrice(market, limit),
    settlement_id: `${settlement.id}`,
    liquidity: settlement.liquidity,
    fee: formatScaled(fee, MONEY_DECIMALS),
    fee_denom: market.quote,
  });
}
