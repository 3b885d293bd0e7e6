/**
 * The two dex messages as they stand in a transaction (proto/dex/{tx,order}.proto of sei-chain v3.9.0), read field by field, and
 * the answer to a placing. Owns the wire form; it is written apart from the task's codec, so that the two cannot share a mistake.
 */
import { BinaryReader, BinaryWriter } from "cosmjs-types/binary";
import { Coin } from "cosmjs-types/cosmos/base/v1beta1/coin";
import { TxError } from "./tx-error.ts";

export const PLACE_ORDERS_URL = "/seiprotocol.seichain.dex.MsgPlaceOrders";
export const CANCEL_ORDERS_URL = "/seiprotocol.seichain.dex.MsgCancelOrders";

/** PositionDirection and OrderType as far as orders may have them; every other type is refused. */
export const LONG = 0;
export const SHORT = 1;
export const LIMIT = 0;
export const MARKET = 1;

/** An order as sent; `null` where the amount is absent, which is not the same as zero. Amounts in units of 10^-18. */
export type SentOrder = {
  readonly price: bigint | null;
  readonly quantity: bigint | null;
  readonly priceDenom: string;
  readonly assetDenom: string;
  readonly orderType: number;
  readonly positionDirection: number;
  readonly data: string;
};

export type PlaceOrders = {
  readonly type: "place-orders";
  readonly creator: string;
  readonly contract: string;
  readonly orders: readonly SentOrder[];
  readonly funds: readonly Coin[];
};

type SentCancellation = {
  readonly id: bigint;
  readonly priceDenom: string;
  readonly assetDenom: string;
  readonly positionDirection: number;
  readonly price: bigint | null;
};

export type CancelOrders = {
  readonly type: "cancel-orders";
  readonly creator: string;
  readonly contract: string;
  readonly cancellations: readonly SentCancellation[];
};

/** Fields by number: what is left out stays at its default, what is unknown is passed by. */
type Fields = { readonly [number: number]: (reader: BinaryReader) => void };

export function decodePlaceOrders(bytes: Uint8Array): PlaceOrders {
  const message = { creator: "", contract: "", orders: [] as SentOrder[], funds: [] as Coin[] };
  readFields(bytes, {
    1: (reader) => (message.creator = reader.string()),
    2: (reader) => message.orders.push(decodeOrder(reader.bytes())),
    3: (reader) => (message.contract = reader.string()),
    4: (reader) => message.funds.push(Coin.decode(reader.bytes())),
  });
  return { type: "place-orders", ...message };
}

export function decodeCancelOrders(bytes: Uint8Array): CancelOrders {
  const message = { creator: "", contract: "", cancellations: [] as SentCancellation[] };
  readFields(bytes, {
    1: (reader) => (message.creator = reader.string()),
    2: (reader) => message.cancellations.push(decodeCancellation(reader.bytes())),
    3: (reader) => (message.contract = reader.string()),
  });
  return { type: "cancel-orders", ...message };
}

/** `MsgPlaceOrdersResponse`: ids packed into field 1, and nothing at all for none. */
export function encodePlaceOrdersResponse(orderIds: readonly number[]): Uint8Array {
  const writer = BinaryWriter.create();
  if (orderIds.length === 0) return writer.finish();
  writer.uint32(0x0a).fork();
  for (const id of orderIds) writer.uint64(BigInt(id));
  return writer.ldelim().finish();
}

function decodeOrder(bytes: Uint8Array): SentOrder {
  const order = {
    price: null as bigint | null,
    quantity: null as bigint | null,
    priceDenom: "",
    assetDenom: "",
    orderType: 0,
    positionDirection: 0,
    data: "",
  };
  // The id, the account and the contract that a client may put in are the chain's to set, and passed by.
  readFields(bytes, {
    5: (reader) => (order.price = readDec(reader)),
    6: (reader) => (order.quantity = readDec(reader)),
    7: (reader) => (order.priceDenom = reader.string()),
    8: (reader) => (order.assetDenom = reader.string()),
    9: (reader) => (order.orderType = reader.int32()),
    10: (reader) => (order.positionDirection = reader.int32()),
    11: (reader) => (order.data = reader.string()),
  });
  return order;
}

function decodeCancellation(bytes: Uint8Array): SentCancellation {
  const cancellation = {
    id: 0n,
    priceDenom: "",
    assetDenom: "",
    positionDirection: 0,
    price: null as bigint | null,
  };
  readFields(bytes, {
    1: (reader) => (cancellation.id = reader.uint64()),
    5: (reader) => (cancellation.priceDenom = reader.string()),
    6: (reader) => (cancellation.assetDenom = reader.string()),
    7: (reader) => (cancellation.positionDirection = reader.int32()),
    8: (reader) => (cancellation.price = readDec(reader)),
  });
  return cancellation;
}

/** cosmos-sdk's `Dec`: the integer of 10^-18 in ASCII. */
function readDec(reader: BinaryReader): bigint {
  const text = reader.string();
  if (/^-?\d{1,90}$/.test(text)) return BigInt(text);
  throw TxError.sdk("tx parse error", `failed to set decimal string: ${JSON.stringify(text)}`);
}

function readFields(bytes: Uint8Array, fields: Fields): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const read = fields[tag >>> 3];
    if (read === undefined) reader.skipType(tag & 7);
    else read(reader);
  }
}
