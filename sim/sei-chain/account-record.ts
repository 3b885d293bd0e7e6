/**
 * The books of one account of the chain, kept as every simulated exchange keeps them: orders, fills and money, from what each block did.
 * Owns how the chain's facts are written there; what counts is the chain's own state.
 */
import { MONEY_DECIMALS } from "../../core/decimal.ts";
import { priceToMoney, sizeToMoney } from "../../core/market.ts";
import { type Ticks, toTicks } from "../../core/units.ts";
import type { Account, AccountOrder } from "../exchange/account.ts";
import type { BlockOutcome } from "./chain.ts";
import type { NewOrder, PairEnd, Settlement } from "./contract.ts";

const CONTRACT_TAIL = 8;
const UNIT = 10n ** BigInt(MONEY_DECIMALS);

export class AccountRecord {
  readonly #account: Account;
  readonly #address: string;
  readonly #chainId: string;
  readonly #contract: string;

  constructor(input: {
    readonly account: Account;
    readonly address: string;
    readonly chainId: string;
    readonly contract: string;
  }) {
    this.#account = input.account;
    this.#address = input.address;
    this.#chainId = input.chainId;
    this.#contract = input.contract;
  }

  /** Writes down what a block did to the account, pair by pair, in the order it was done. */
  take({ block, pairs }: BlockOutcome): void {
    for (const pair of pairs) this.#takePair(pair, block.height);
  }

  #takePair(pair: PairEnd, height: number): void {
    for (const { id, owner } of pair.cancelled) if (owner === this.#address) this.#end(id, "cancelled");
    for (const order of pair.accepted) this.#admit(order);
    for (const { order } of pair.failed) {
      this.#admit(order);
      if (order.owner === this.#address) this.#end(order.id, "rejected");
    }
    for (const settlement of pair.settlements) {
      if (settlement.account === this.#address) this.#fill(settlement, height);
    }
    for (const { orderId, owner } of pair.unfilled) if (owner === this.#address) this.#end(orderId, "cancelled");
    for (const { id, owner } of pair.accepted) {
      const order = owner === this.#address ? this.#account.find(`${id}`) : undefined;
      if (order?.status === "open") this.#account.announce(order);
    }
  }

  #admit(order: NewOrder): void {
    if (order.owner !== this.#address) return;
    const { id, market, side, kind, price, size, data } = order;
    const given = clientOrderIdIn(data);
    const isFree = given !== undefined && this.#account.findByClientId(given) === undefined;
    this.#account.admit({
      orderId: `${id}`,
      clientOrderId: isFree ? given : `${id}`,
      market,
      side,
      orderType: kind,
      timeInForce: kind === "limit" ? "gtc" : "ioc",
      price,
      size,
    });
  }

  /**
   * The books know whole ticks, as the task's do: a price between two is the one that is worse for the account, and what it was better
   * by is taken off the fee, rounded against the account.
   */
  #fill(settlement: Settlement, height: number): void {
    const { id, orderId, market, side, size, unitPrice, liquidity, fee } = settlement;
    const price = tickAgainst(settlement);
    const gap = priceToMoney(market, price) - unitPrice;
    const gain = ((side === "buy" ? gap : -gap) * sizeToMoney(market, size)) / UNIT;
    this.#account.fill({
      fillId: `${this.#chainId}-${height}-${this.#contract.slice(-CONTRACT_TAIL)}-${id}-${orderId}`,
      orderId: `${orderId}`,
      price,
      size,
      liquidity,
      fee: fee - gain,
    });
  }

  #end(id: number, status: "cancelled" | "rejected"): void {
    const order: AccountOrder | undefined = this.#account.find(`${id}`);
    if (order?.status === "open" || order?.status === "partially_filled") this.#account.end(order, status);
  }
}

function tickAgainst({ market, side, unitPrice }: Settlement): Ticks {
  const tick = priceToMoney(market, toTicks(1));
  const down = unitPrice / tick;
  return toTicks(Number(side === "buy" && unitPrice % tick !== 0n ? down + 1n : down));
}

/** The name that the account's own program gave an order, where it gave one. */
function clientOrderIdIn(data: string): string | undefined {
  return /"client_order_id":\s*"(fm-[A-Za-z0-9-]{1,33})"/.exec(data)?.[1];
}
