/** What a match is worth and costs, in integers of 10^-18 quote currency. Owns the fee rule of the simulated exchange. */

import { MONEY_DECIMALS } from "../../core/decimal.ts";
import { type Market, priceToMoney } from "../../core/market.ts";
import type { Lots, Ticks } from "../../core/units.ts";

const FEE_BPS = { maker: 1n, taker: 5n } as const;

/** Fees are charged in whole millionths of the quote currency. */
const FEE_STEP = 10n ** BigInt(MONEY_DECIMALS - 6);

/** Price × size, exactly. */
export function notionalOf(market: Market, price: Ticks, size: Lots): bigint {
  return (priceToMoney(market, price) * BigInt(size) * BigInt(market.lot.step)) / 10n ** BigInt(market.lot.decimals);
}

/** The fee on a notional: 1 bps for the maker, 5 bps for the taker, rounded up (against the trader) to six decimals. */
export function feeOn(notional: bigint, liquidity: "maker" | "taker"): bigint {
  const divisor = 10_000n * FEE_STEP;
  return ((notional * FEE_BPS[liquidity] + divisor - 1n) / divisor) * FEE_STEP;
}
