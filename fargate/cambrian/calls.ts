/** The paths and bodies of CONTRACTS 3, as calls. Owns what is asked; sending is the client's, meaning the venue's. */
import type { CancelOrder, PlaceOrder, QueryOrder } from "../../core/commands.ts";
import type { VenueOrder } from "../../core/events.ts";
import { formatPrice, formatSize, type Market } from "../../core/market.ts";
import type { Balance } from "../venue.ts";
import {
  type Ended,
  type MarketsById,
  type Placed,
  readBalances,
  readEnded,
  readFills,
  readOpenOrders,
  readOrders,
  readPlaced,
} from "./answers.ts";
import type { Call } from "./client.ts";

/** A lost answer to a cancel or a query is asked for once more at once; questions that can wait, twice. */
const COMMAND_ATTEMPTS = 2;
const LOOKUP_ATTEMPTS = 3;

const FILLS_PAGE_MAX = 500;

/** Never repeated: an unknown placing is looked up, not sent again. */
export function placing(market: Market, command: PlaceOrder): Call<Placed> {
  return {
    kind: "place",
    operation: "place",
    method: "POST",
    path: "/v1/orders",
    body: JSON.stringify({
      market_id: command.market,
      side: command.side,
      order_type: "limit",
      price: formatPrice(market, command.price),
      quantity: formatSize(market, command.size),
      time_in_force: "post_only",
      client_order_id: command.clientOrderId,
    }),
    attempts: 1,
    requestId: command.requestId,
    read: readPlaced,
  };
}

export function cancelling(command: CancelOrder): Call<Ended> {
  return {
    kind: "cancel",
    operation: "cancel",
    method: "DELETE",
    path: `/v1/orders/${encodeURIComponent(command.orderId)}`,
    attempts: COMMAND_ATTEMPTS,
    requestId: command.requestId,
    read: readEnded,
  };
}

export function querying(markets: MarketsById, command: QueryOrder): Call<readonly VenueOrder[]> {
  return { ...findingOrder(markets, command.clientOrderId), attempts: COMMAND_ATTEMPTS, requestId: command.requestId };
}

/** The same question without a slot paid for it. */
export function findingOrder(markets: MarketsById, clientOrderId: string): Call<readonly VenueOrder[]> {
  return {
    kind: "query",
    operation: "query",
    method: "GET",
    path: `/v1/orders?client_order_id=${encodeURIComponent(clientOrderId)}`,
    attempts: LOOKUP_ATTEMPTS,
    read: (json) => readOrders(markets, json),
  };
}

export function listingOpenOrders(markets: MarketsById, market: string): Call<readonly VenueOrder[]> {
  return {
    kind: "query",
    method: "GET",
    path: `/v1/orders?status=open&market_id=${encodeURIComponent(market)}`,
    attempts: LOOKUP_ATTEMPTS,
    read: (json) => readOpenOrders(markets, json),
  };
}

export function readingFills(
  markets: MarketsById,
  market: string,
  cursor: string | undefined,
): Call<ReturnType<typeof readFills>> {
  const after = cursor === undefined ? "" : `&after=${encodeURIComponent(cursor)}`;
  return {
    kind: "poll",
    method: "GET",
    path: `/v1/fills?market_id=${encodeURIComponent(market)}${after}&limit=${FILLS_PAGE_MAX}`,
    attempts: LOOKUP_ATTEMPTS,
    read: (json) => readFills(markets, json),
  };
}

export function readingAccount(): Call<readonly Balance[]> {
  return { kind: "poll", method: "GET", path: "/v1/account", attempts: LOOKUP_ATTEMPTS, read: readBalances };
}
