/** Fills, and a market for them, as the tests of the task's fills need them. */
import type { BookedFill } from "../../core/accounting/pnl.ts";
import type { Fill } from "../../core/events.ts";
import { makeMarket, priceToMoney, sizeToMoney } from "../../core/market.ts";
import { type Side, toLots, toTicks } from "../../core/units.ts";
import type { FillOverlap } from "../../fargate/state-table.ts";

export const MARKET = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });

/** Of a checkpoint behind which nothing is read again. */
export const NO_OVERLAP: FillOverlap = { cursor: undefined, after: undefined, fills: [] };

const ORIGIN_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A fill `atMs` after the origin; price and size follow from its time and id, so that no two contribute alike. */
export function fillOf(fillId: string, atMs: number, side: Side = "buy"): Fill {
  const weight = [...fillId].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return {
    fillId,
    orderId: `O-${fillId}`,
    clientOrderId: `fm-1-SEIUSDC-b0-${fillId}`.slice(0, 36),
    market: MARKET.symbol,
    side,
    price: toTicks(4_200 + (weight % 17)),
    size: toLots(1 + (weight % 400)),
    fee: BigInt(weight) * 10n ** 12n,
    feeAsset: "USDC",
    liquidity: "maker",
    venueTime: new Date(ORIGIN_MS + atMs).toISOString(),
  };
}

export function bookedOf(fill: Fill): BookedFill {
  const { fillId, venueTime, side, fee, feeAsset } = fill;
  return {
    fillId,
    venueTime,
    side,
    fee,
    feeAsset,
    price: priceToMoney(MARKET, fill.price),
    size: sizeToMoney(MARKET, fill.size),
  };
}
