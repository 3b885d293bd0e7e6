/** The order API's JSON, out and in: orders, fills and answers of CONTRACTS 3, and the strict shapes of requests. Owns no state. */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import type { ExchangeFill, ExchangeOrder } from "../exchange/account-records.ts";

export type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

const placement = z.strictObject({
  market_id: z.string().min(1),
  side: z.enum(["buy", "sell"]),
  order_type: z.enum(["limit", "market"]),
  price: z.string().nullish(),
  quantity: z.string(),
  time_in_force: z.enum(["gtc", "ioc", "fok", "post_only"]),
  client_order_id: z.string().regex(/^[\x21-\x7e]{1,36}$/, "must be 1 to 36 printable characters"),
});

/** Reads the body of a placement. Throws `InputError` naming the field. */
export function parsePlacement(body: string): z.infer<typeof placement> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new InputError({ what: "body", expected: "JSON", was: body, cause });
  }
  const parsed = placement.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const what = issue === undefined || issue.path.length === 0 ? "body" : issue.path.join(".");
  throw new InputError({ what, expected: `as agreed (${issue?.message})`, was: fieldOf(value, issue?.path[0]) });
}

/**
 * Reads a query: `required` parameters once each, `optional` ones at most once, no others. Throws `InputError` naming
 * the parameter.
 */
export function parseQuery(
  query: URLSearchParams,
  allowed: { readonly required: readonly string[]; readonly optional: readonly string[] },
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const names = [...allowed.required, ...allowed.optional];
  for (const [name, value] of query) {
    if (!names.includes(name)) throw new InputError({ what: `parameter ${name}`, expected: "absent", was: value });
    if (values.has(name)) throw new InputError({ what: `parameter ${name}`, expected: "given once", was: value });
    if (value === "") throw new InputError({ what: `parameter ${name}`, expected: "given a value", was: value });
    values.set(name, value);
  }
  const missing = allowed.required.find((name) => !values.has(name));
  if (missing !== undefined) throw new InputError({ what: `parameter ${missing}`, expected: "given", was: undefined });
  return values;
}

export function toOrderJson(order: ExchangeOrder): Readonly<Record<string, string | null>> {
  return {
    order_id: order.orderId,
    client_order_id: order.clientOrderId,
    market_id: order.market,
    side: order.side,
    order_type: order.orderType,
    price: order.price,
    quantity: order.quantity,
    filled_quantity: order.filledQuantity,
    status: order.status,
    created_at: order.createdAt,
  };
}

/**
 * The answer to a new placement. It knows no `cancelled`: an order that ended at once is `partially_filled` where it
 * met something and `rejected` where it met nothing. Asked for later it says `cancelled`.
 */
export function toPlacedJson(order: ExchangeOrder): Readonly<Record<string, string>> {
  const ended = order.filledQuantity === "0" ? "rejected" : "partially_filled";
  return {
    order_id: order.orderId,
    client_order_id: order.clientOrderId,
    status: order.status === "cancelled" ? ended : order.status,
    filled_quantity: order.filledQuantity,
  };
}

export function toFillJson(fill: ExchangeFill): Readonly<Record<string, string>> {
  return {
    fill_id: fill.fillId,
    order_id: fill.orderId,
    client_order_id: fill.clientOrderId,
    market_id: fill.market,
    side: fill.side,
    price: fill.price,
    quantity: fill.quantity,
    fee: fill.fee,
    fee_asset: fill.feeAsset,
    liquidity: fill.liquidity,
    timestamp: fill.timestamp,
  };
}

export function toError(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}

function fieldOf(value: unknown, key: PropertyKey | undefined): unknown {
  if (typeof value !== "object" || value === null || key === undefined) return value;
  return Object.entries(value).find(([name]) => name === key)?.[1];
}
