/** What the exchange tells of its one account: orders, fills, balances, standing. Decimal strings and ISO times, as on the wire. */
import type { Side } from "../../core/units.ts";
import type { TimeInForce } from "./market-place.ts";

export type OrderType = "limit" | "market";
export type OrderStatus = "open" | "partially_filled" | "filled" | "cancelled" | "rejected";

export type ExchangeOrder = {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly market: string;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  /** `null` for a market order. */
  readonly price: string | null;
  readonly quantity: string;
  readonly filledQuantity: string;
  readonly status: OrderStatus;
  readonly createdAt: string;
};

export type ExchangeFill = {
  readonly fillId: string;
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly market: string;
  readonly side: Side;
  readonly price: string;
  readonly quantity: string;
  readonly fee: string;
  readonly feeAsset: string;
  readonly liquidity: "maker" | "taker";
  readonly timestamp: string;
};

export type Balance = { readonly asset: string; readonly total: string; readonly available: string };

/** What was traded in one market since the account began, exactly: profit at a mark is `cash + position × mark − fees`. */
export type MarketStanding = {
  /** Bought less sold, in base currency. */
  readonly position: string;
  /** Received for sales less paid for purchases, in quote currency, before fees. */
  readonly cash: string;
  /** Paid, in quote currency. */
  readonly fees: string;
  /** Σ price × size, in quote currency. */
  readonly volume: string;
  readonly fillCount: number;
};

export type AccountEvent =
  | { readonly type: "fill"; readonly fill: ExchangeFill }
  | { readonly type: "order"; readonly order: ExchangeOrder };
