/**
 * What Cambrian answers, read strictly: JSON text to orders, fills and balances in ticks, lots and integers.
 * Owns the shapes of CONTRACTS 3; what an answer means for an order is decided in `venue.ts`. Everything here throws
 * `InputError`, or zod's error, on a value that does not fit: an answer that cannot be read proves nothing.
 */
import * as z from "zod";
import { MONEY_DECIMALS, parseDecimal, parseScaled } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";
import type { Fill, VenueOrder } from "../../core/events.ts";
import { type Market, parsePrice, parseSize } from "../../core/market.ts";
import { makeFillMessage, parseFillMessage } from "../../core/messages.ts";
import { OWN_PREFIX } from "../../core/order.ts";
import { type Lots, toLots } from "../../core/units.ts";
import type { Balance } from "../venue.ts";

export type MarketsById = ReadonlyMap<string, Market>;

/** Any engine's name would do where a fill is only held to the ledger's grammar. */
const LEDGER_READER = "reader";

/**
 * Far above what is asked for, 500 fills a page, or what an account has open in a market: each one that cannot be read takes some
 * twenty microseconds, and the loop that quotes waits for them.
 */
const FILLS_MAX = 1_000;
const ORDERS_MAX = 2_000;

const id = text(1, 128);
const amount = text(0, 64);
const side = z.enum(["buy", "sell"]);
const status = z.enum(["open", "partially_filled", "filled", "cancelled", "rejected"]);

const orderSchema = z.object({
  order_id: id,
  client_order_id: text(0, 128).nullish(),
  market_id: id,
  side,
  price: amount,
  quantity: amount,
  filled_quantity: amount,
  status,
});

const fillSchema = z.object({
  fill_id: id,
  order_id: id,
  client_order_id: text(0, 128).nullish(),
  market_id: id,
  side,
  price: amount,
  quantity: amount,
  fee: amount,
  fee_asset: id,
  liquidity: z.enum(["maker", "taker"]),
  timestamp: z.iso.datetime({ precision: 3 }),
});

const placedSchema = z.object({ order_id: id, client_order_id: id, status, filled_quantity: amount });

const endedSchema = z.object({ order_id: id, status });
const openOrdersSchema = z.object({
  orders: listOf(z.looseObject({ client_order_id: z.string().nullish() }), ORDERS_MAX),
});
const ordersSchema = z.object({ orders: listOf(z.unknown(), ORDERS_MAX) });
const fillsSchema = z.object({ fills: listOf(z.unknown(), FILLS_MAX), next_cursor: text(0, 512).nullish() });
const accountSchema = z.object({
  account_id: z.string(),
  balances: z.array(z.object({ asset: id, total: amount, available: amount })),
});
const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export type Placed = z.infer<typeof placedSchema>;
export type Ended = z.infer<typeof endedSchema>;
export type Refusal = { readonly code: string; readonly message: string };

export function readPlaced(json: unknown): Placed {
  return placedSchema.parse(json);
}

export function readEnded(json: unknown): Ended {
  return endedSchema.parse(json);
}

/** The body of a refusal. */
export function readRefusal(json: unknown): Refusal {
  return errorSchema.parse(json).error;
}

/** All orders of a list; one that cannot be read makes the whole list unreadable, since it may be one of ours. */
export function readOrders(markets: MarketsById, json: unknown): readonly VenueOrder[] {
  return ordersSchema.parse(json).orders.map((order) => readOrder(markets, order));
}

/**
 * Open orders, of which only ours must be readable: a stranger's on the same account may be of any kind, and must not hide ours.
 * Throws on one of ours that is not.
 */
export function readOpenOrders(markets: MarketsById, json: unknown): readonly VenueOrder[] {
  return openOrdersSchema.parse(json).orders.flatMap((order) => {
    const isOurs = order.client_order_id?.startsWith(OWN_PREFIX) ?? false;
    try {
      return [readOrder(markets, order)];
    } catch (error) {
      if (isOurs) throw error;
      return [];
    }
  });
}

export function readOrder(markets: MarketsById, json: unknown): VenueOrder {
  const order = orderSchema.parse(json);
  const market = marketOf(markets, order.market_id);
  const size = parseSize(market, order.quantity, "order.quantity");
  return {
    orderId: order.order_id,
    clientOrderId: order.client_order_id ?? "",
    market: market.symbol,
    side: order.side,
    price: parsePrice(market, order.price, "order.price"),
    size,
    filled: readFilled({ market, size, text: order.filled_quantity }),
    status: order.status,
  };
}

/** A filled quantity: a multiple of the lot from zero to the order's size. */
export function readFilled(input: { readonly market: Market; readonly size: Lots; readonly text: string }): Lots {
  const { market, size, text } = input;
  const filled =
    parseDecimal(text, "filled_quantity").units === 0n ? toLots(0) : parseSize(market, text, "filled_quantity");
  if (filled > size)
    throw new InputError({ what: "filled_quantity", expected: "at most the order's quantity", was: text });
  return filled;
}

/** The fills of a page that can be read, and what was wrong with each of the others. */
export function readFills(
  markets: MarketsById,
  json: unknown,
): {
  readonly fills: readonly Fill[];
  readonly unreadable: readonly { readonly fillId: string; readonly error: unknown }[];
  readonly nextCursor: string | undefined;
  readonly count: number;
} {
  const page = fillsSchema.parse(json);
  const fills: Fill[] = [];
  const unreadable: { fillId: string; error: unknown }[] = [];
  for (const each of page.fills) {
    try {
      fills.push(readFill(markets, each));
    } catch (error) {
      unreadable.push({ fillId: shownIdOf(each), error });
    }
  }
  return { fills, unreadable, nextCursor: page.next_cursor ?? undefined, count: page.fills.length };
}

/** The id by which a fill that cannot be read may be found at the venue. */
function shownIdOf(json: unknown): string {
  const id = typeof json === "object" && json !== null && "fill_id" in json ? json.fill_id : undefined;
  return typeof id === "string" ? id.slice(0, 128) : "absent";
}

/** One fill that the ledger will take too: otherwise the engine would hold a position that no books show. */
export function readFill(markets: MarketsById, json: unknown): Fill {
  const read = fillSchema.parse(json);
  const market = marketOf(markets, read.market_id);
  const fill: Fill = {
    fillId: read.fill_id,
    orderId: read.order_id,
    clientOrderId: read.client_order_id ?? "",
    market: market.symbol,
    side: read.side,
    price: parsePrice(market, read.price, "fill.price"),
    size: parseSize(market, read.quantity, "fill.quantity"),
    fee: parseScaled(read.fee, MONEY_DECIMALS, "fill.fee"),
    feeAsset: read.fee_asset,
    liquidity: read.liquidity,
    venueTime: read.timestamp,
  };
  parseFillMessage(makeFillMessage({ fill, market, engineId: LEDGER_READER, midAtFill: undefined }));
  return fill;
}

export function readBalances(json: unknown): readonly Balance[] {
  return accountSchema.parse(json).balances.map(({ asset, total, available }) => ({
    asset,
    total: parseScaled(total, MONEY_DECIMALS, `balances.${asset}.total`),
    available: parseScaled(available, MONEY_DECIMALS, `balances.${asset}.available`),
  }));
}

/**
 * Text of so many characters. Neither here nor for lists by zod's own bounds: those (4.6) also look at what is none, and throw no error
 * of zod's on an object whose `length` is no number.
 */
function text(least: number, most: number) {
  const must = `must be text of ${least} to ${most} characters`;
  // A lone surrogate fits into no address: an order that could not be asked for must not be believed in.
  return z
    .string()
    .regex(new RegExp(`^.{${least},${most}}$`, "s"), must)
    .refine((value) => value.isWellFormed(), must);
}

function listOf<Item extends z.ZodType>(item: Item, most: number) {
  return z.array(item).refine((items) => items.length <= most, `must be at most ${most}`);
}

function marketOf(markets: MarketsById, id: string): Market {
  const market = markets.get(id);
  if (market === undefined) {
    throw new InputError({ what: "market_id", expected: `one of ${[...markets.keys()].join(", ")}`, was: id });
  }
  return market;
}
