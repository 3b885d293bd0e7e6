/**
 * What the engine decides: requests to the venue, best first. Each is paid for out of the request budget before it is
 * issued; whoever carries it out settles `requestId` there when the answer, or the time-out, has come.
 */
import type { Lots, Side, Ticks } from "./units.ts";

export type PlaceOrder = {
  readonly type: "place-order";
  readonly requestId: number;
  readonly market: string;
  readonly clientOrderId: string;
  readonly side: Side;
  readonly price: Ticks;
  readonly size: Lots;
};

/** Ends one order. An order whose id is not known yet is queried, never cancelled blindly. */
export type CancelOrder = {
  readonly type: "cancel-order";
  readonly requestId: number;
  readonly market: string;
  readonly clientOrderId: string;
  readonly orderId: string;
};

/** Asks the venue for one order whose state is not proven. */
export type QueryOrder = {
  readonly type: "query-order";
  readonly requestId: number;
  readonly market: string;
  readonly clientOrderId: string;
};

export type Command = PlaceOrder | CancelOrder | QueryOrder;
