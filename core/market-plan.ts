/** What one market would send now. Owns the shape; what goes into it is the order diff's, what of it is sent the engine's. */
import type { WeighedChange } from "./execution/change-worth.ts";
import type { Order } from "./order.ts";

/** An order whose id at the venue is known. */
export type CancellableOrder = {
  readonly market: string;
  readonly clientOrderId: string;
  readonly orderId: string;
};

/** Placings still have to pass `admit`. */
export type MarketPlan = {
  readonly removals: readonly { readonly order: CancellableOrder; readonly dangerBps: number }[];
  readonly queries: readonly Order[];
  readonly changes: readonly (WeighedChange & { readonly order: CancellableOrder | undefined })[];
};
