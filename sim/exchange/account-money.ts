/** The money of our one account, exactly: balances by asset and what was traded by market. Owns sums, not orders. */
import { assert } from "../../core/assert.ts";
import { formatScaled, MONEY_DECIMALS, parseScaled } from "../../core/decimal.ts";
import { type Market, sizeToMoney } from "../../core/market.ts";
import { type Lots, type Side, signOf, type Ticks } from "../../core/units.ts";
import type { Balance, MarketStanding } from "./account-records.ts";
import { feeOn, notionalOf } from "./fees.ts";

type Standing = { position: bigint; cash: bigint; fees: bigint; volume: bigint; fillCount: number };

/** What an open order keeps from being spent twice, in 10^-18 of an asset. */
export type Reserve = { readonly asset: string; readonly amount: bigint };

export class AccountMoney {
  readonly #totals = new Map<string, bigint>();
  readonly #standings = new Map<string, Standing>();

  constructor(markets: ReadonlyMap<string, Market>) {
    for (const market of markets.values()) {
      this.#standings.set(market.symbol, { position: 0n, cash: 0n, fees: 0n, volume: 0n, fillCount: 0 });
      this.#totals.set(market.base, 0n);
      this.#totals.set(market.quote, 0n);
    }
  }

  /** Sets totals by asset. Throws `InputError` on text that is no decimal. */
  setTotals(balances: Readonly<Record<string, string>>): void {
    for (const [asset, amount] of Object.entries(balances)) {
      this.#totals.set(asset, parseScaled(amount, MONEY_DECIMALS, `balance of ${asset}`));
    }
  }

  /** Books one fill; `fee` in 10^-18 quote currency. */
  book(fill: {
    readonly market: Market;
    readonly side: Side;
    readonly price: Ticks;
    readonly size: Lots;
    readonly fee: bigint;
  }): void {
    const standing = this.#standing(fill.market.symbol);
    const sign = BigInt(signOf(fill.side));
    const baseAmount = sign * sizeToMoney(fill.market, fill.size);
    const notional = notionalOf(fill.market, fill.price, fill.size);
    standing.position += baseAmount;
    standing.cash -= sign * notional;
    standing.fees += fill.fee;
    standing.volume += notional;
    standing.fillCount += 1;
    this.#add(fill.market.base, baseAmount);
    this.#add(fill.market.quote, -sign * notional - fill.fee);
  }

  balances(reserves: Iterable<Reserve>): readonly Balance[] {
    const reserved = new Map<string, bigint>();
    for (const { asset, amount } of reserves) reserved.set(asset, (reserved.get(asset) ?? 0n) + amount);
    return [...this.#totals].map(([asset, total]) => ({
      asset,
      total: formatScaled(total, MONEY_DECIMALS),
      available: formatScaled(total - (reserved.get(asset) ?? 0n), MONEY_DECIMALS),
    }));
  }

  /** What is free of an asset, in 10^-18. */
  available(asset: string, reserves: Iterable<Reserve>): bigint {
    let free = this.#totals.get(asset) ?? 0n;
    for (const reserve of reserves) if (reserve.asset === asset) free -= reserve.amount;
    return free;
  }

  standing(market: string): MarketStanding {
    const { position, cash, fees, volume, fillCount } = this.#standing(market);
    return {
      position: formatScaled(position, MONEY_DECIMALS),
      cash: formatScaled(cash, MONEY_DECIMALS),
      fees: formatScaled(fees, MONEY_DECIMALS),
      volume: formatScaled(volume, MONEY_DECIMALS),
      fillCount,
    };
  }

  #standing(market: string): Standing {
    const standing = this.#standings.get(market);
    assert(standing !== undefined, `market must be one of the account's, was ${market}`);
    return standing;
  }

  #add(asset: string, amount: bigint): void {
    this.#totals.set(asset, (this.#totals.get(asset) ?? 0n) + amount);
  }
}

/** The base a sale may take, or the quote a purchase may cost, its fee as a taker included. */
export function reserveOf(order: {
  readonly market: Market;
  readonly side: Side;
  readonly price: Ticks;
  readonly size: Lots;
}): Reserve {
  if (order.side === "sell") return { asset: order.market.base, amount: sizeToMoney(order.market, order.size) };
  const notional = notionalOf(order.market, order.price, order.size);
  return { asset: order.market.quote, amount: notional + feeOn(notional, "taker") };
}
