/** The calls of CONTRACTS 3 over an exchange: which call a request is, and what it answers. Owns no connection and no limit. */
import { assertNever } from "../../core/assert.ts";
import { InputError } from "../../core/errors.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { type Answer, parsePlacement, parseQuery, toError, toFillJson, toOrderJson, toPlacedJson } from "./wire.ts";

export type RouteName = "place" | "cancel" | "cancel-all" | "order" | "orders" | "fills" | "account" | "none";

export type Route = { readonly name: RouteName; readonly segment: string; readonly query: URLSearchParams };

const FILLS_LIMIT_MAX = 500;

/** Which call a request is. `path` is as sent, query included. */
export function toRoute(method: string, path: string): Route {
  const [pathname = "", ...rest] = path.split("?");
  const [, version, collection, segment, ...more] = pathname.split("/");
  const route = (name: RouteName): Route => ({
    name,
    segment: segment ?? "",
    // Read where it is asked for: a request's route is looked up more often than its query.
    get query() {
      return new URLSearchParams(rest.join("?"));
    },
  });
  if (version !== "v1" || more.length > 0 || segment === "") return route("none");
  const call = `${method} ${collection}${segment === undefined ? "" : "/:id"}`;
  switch (call) {
    case "POST orders":
      return route("place");
    case "DELETE orders/:id":
      return route("cancel");
    case "DELETE orders":
      return route("cancel-all");
    case "GET orders/:id":
      return route("order");
    case "GET orders":
      return route("orders");
    case "GET fills":
      return route("fills");
    case "GET account":
      return route("account");
    default:
      return route("none");
  }
}

/** Does what a request asks. Input that does not fit is answered 400 with the field's name. */
export function answerTo(exchange: Exchange, route: Route, body: string): Answer {
  try {
    return carryOut(exchange, route, body);
  } catch (error) {
    if (error instanceof InputError) return toError(400, "invalid_request", error.message);
    throw error;
  }
}

function carryOut(exchange: Exchange, route: Route, body: string): Answer {
  switch (route.name) {
    case "place":
      return place(exchange, body);
    case "cancel":
      return cancel(exchange, decoded(route.segment));
    case "cancel-all": {
      const query = parseQuery(route.query, { required: ["market_id"], optional: [] });
      return { status: 200, body: { cancelled: exchange.cancelAll(query.get("market_id") ?? "") } };
    }
    case "order": {
      const orderId = decoded(route.segment);
      const order = exchange.order(orderId);
      return order === undefined ? orderNotFound(orderId) : { status: 200, body: toOrderJson(order) };
    }
    case "orders":
      return { status: 200, body: { orders: findOrders(exchange, route.query).map(toOrderJson) } };
    case "fills":
      return fills(exchange, route.query);
    case "account":
      return { status: 200, body: { account_id: exchange.accountId, balances: exchange.balances() } };
    case "none":
      return toError(404, "not_found", "no such call");
    default:
      return assertNever(route.name);
  }
}

function place(exchange: Exchange, body: string): Answer {
  const request = parsePlacement(body);
  const outcome = exchange.place({
    market: request.market_id,
    side: request.side,
    orderType: request.order_type,
    price: request.price ?? undefined,
    quantity: request.quantity,
    timeInForce: request.time_in_force,
    clientOrderId: request.client_order_id,
  });
  switch (outcome.type) {
    case "placed":
      return { status: 201, body: toPlacedJson(outcome.order) };
    case "duplicate":
      return { status: 200, body: toOrderJson(outcome.order) };
    case "refused":
      return toError(422, outcome.reason.replaceAll("-", "_"), outcome.message);
    default:
      return assertNever(outcome);
  }
}

function cancel(exchange: Exchange, orderId: string): Answer {
  const outcome = exchange.cancel(orderId);
  if (outcome.type === "unknown") return orderNotFound(orderId);
  return { status: 200, body: { order_id: orderId, status: outcome.order.status } };
}

function findOrders(exchange: Exchange, query: URLSearchParams): ReturnType<Exchange["openOrders"]> {
  if (query.has("client_order_id")) {
    const asked = parseQuery(query, { required: ["client_order_id"], optional: [] });
    const order = exchange.orderByClientId(asked.get("client_order_id") ?? "");
    return order === undefined ? [] : [order];
  }
  const asked = parseQuery(query, { required: ["status", "market_id"], optional: [] });
  const status = asked.get("status");
  if (status !== "open") throw new InputError({ what: "parameter status", expected: '"open"', was: status });
  return exchange.openOrders(checkedMarket(exchange, asked.get("market_id")));
}

function fills(exchange: Exchange, query: URLSearchParams): Answer {
  const asked = parseQuery(query, { required: ["market_id"], optional: ["after", "limit"] });
  const limitText = asked.get("limit") ?? String(FILLS_LIMIT_MAX);
  const limit = /^[1-9]\d{0,2}$/.test(limitText) ? Number(limitText) : Number.NaN;
  if (!(limit <= FILLS_LIMIT_MAX)) {
    throw new InputError({ what: "parameter limit", expected: `1 to ${FILLS_LIMIT_MAX}`, was: limitText });
  }
  const market = checkedMarket(exchange, asked.get("market_id"));
  const page = exchange.fillsAfter({ market, cursor: asked.get("after"), limit });
  return { status: 200, body: { fills: page.fills.map(toFillJson), next_cursor: page.nextCursor } };
}

function checkedMarket(exchange: Exchange, market: string | undefined): string {
  if (market !== undefined && exchange.markets.includes(market)) return market;
  throw new InputError({ what: "market_id", expected: `one of ${exchange.markets.join(", ")}`, was: market });
}

function orderNotFound(orderId: string): Answer {
  return toError(404, "order_not_found", `no order ${JSON.stringify(orderId.slice(0, 64))}`);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new InputError({ what: "order_id", expected: "percent-encoded text", was: segment, cause });
  }
}
