/**
 * The dex messages as bytes: `MsgPlaceOrders`, `MsgCancelOrders` and the answer to the first (proto package `seiprotocol.seichain.dex`,
 * Sei v3.0.9 to v5.5.5). Owns the wire form alone: prices and sizes are integers of 10^-18, as the chain's `Dec` counts them. Fields that
 * a client never sets are passed over when they are read.
 */
import { BinaryReader, BinaryWriter, WireType } from "cosmjs-types/binary";
import { InputError } from "../../core/errors.ts";

export const PLACE_ORDERS_URL = "/seiprotocol.seichain.dex.MsgPlaceOrders";
export const CANCEL_ORDERS_URL = "/seiprotocol.seichain.dex.MsgCancelOrders";

/** `PositionDirection` of the chain: a buy is long, a sell is short. */
export const LONG = 0;
export const SHORT = 1;

/** `OrderType` of the chain; the others are switched off there. */
export const LIMIT = 0;

/** One order; `id`, `account` and `contractAddr` are the chain's to set. Dec fields are integers of 10^-18. */
export type DexOrder = {
  readonly price: bigint;
  readonly quantity: bigint;
  readonly priceDenom: string;
  readonly assetDenom: string;
  readonly orderType: number;
  readonly positionDirection: number;
  /** Opaque to the chain, which gives it back nowhere but in the transaction. */
  readonly data: string;
};

/** An order is found by its id together with everything else in here. */
export type DexCancellation = {
  readonly id: bigint;
  readonly contractAddr: string;
  readonly priceDenom: string;
  readonly assetDenom: string;
  readonly positionDirection: number;
  readonly price: bigint;
};

type Coin = { readonly denom: string; readonly amount: string };

export type PlaceOrders = {
  readonly creator: string;
  readonly orders: readonly DexOrder[];
  readonly contractAddr: string;
  readonly funds: readonly Coin[];
};

export type CancelOrders = {
  readonly creator: string;
  readonly cancellations: readonly DexCancellation[];
  readonly contractAddr: string;
};

export type PlaceOrdersAnswer = { readonly orderIds: readonly bigint[] };

/** What cosmjs's registry asks of a type. */
export type MessageCodec<Message> = {
  encode(message: Message, writer?: BinaryWriter): BinaryWriter;
  /** Throws `InputError` on bytes that are no such message. */
  decode(bytes: Uint8Array): Message;
  fromPartial(partial: Partial<Message>): Message;
};

export const placeOrdersCodec: MessageCodec<PlaceOrders> = {
  encode: (message, writer = BinaryWriter.create()) => {
    writeText(writer, 1, message.creator);
    for (const order of message.orders) writeNested(writer, 2, (nested) => writeOrder(nested, order));
    writeText(writer, 3, message.contractAddr);
    for (const coin of message.funds) writeNested(writer, 4, (nested) => writeCoin(nested, coin));
    return writer;
  },
  decode: (bytes) => {
    const fields = readFields(bytes, "MsgPlaceOrders");
    return {
      creator: textOf(fields, 1),
      orders: nestedOf(fields, 2).map(readOrder),
      contractAddr: textOf(fields, 3),
      funds: nestedOf(fields, 4).map(readCoin),
    };
  },
  fromPartial: ({ creator = "", orders = [], contractAddr = "", funds = [] }) => {
    return { creator, orders, contractAddr, funds };
  },
};

export const cancelOrdersCodec: MessageCodec<CancelOrders> = {
  encode: (message, writer = BinaryWriter.create()) => {
    writeText(writer, 1, message.creator);
    for (const each of message.cancellations) writeNested(writer, 2, (nested) => writeCancellation(nested, each));
    writeText(writer, 3, message.contractAddr);
    return writer;
  },
  decode: (bytes) => {
    const fields = readFields(bytes, "MsgCancelOrders");
    return {
      creator: textOf(fields, 1),
      cancellations: nestedOf(fields, 2).map(readCancellation),
      contractAddr: textOf(fields, 3),
    };
  },
  fromPartial: ({ creator = "", cancellations = [], contractAddr = "" }) => ({ creator, cancellations, contractAddr }),
};

export const placeOrdersAnswerCodec: MessageCodec<PlaceOrdersAnswer> = {
  encode: ({ orderIds }, writer = BinaryWriter.create()) => {
    if (orderIds.length === 0) return writer;
    writeNested(writer, 1, (packed) => {
      for (const id of orderIds) packed.uint64(id);
    });
    return writer;
  },
  decode: (bytes) => ({ orderIds: readIds(readFields(bytes, "MsgPlaceOrdersResponse")) }),
  fromPartial: ({ orderIds = [] }) => ({ orderIds }),
};

function writeOrder(writer: BinaryWriter, order: DexOrder): void {
  writeText(writer, 5, order.price.toString());
  writeText(writer, 6, order.quantity.toString());
  writeText(writer, 7, order.priceDenom);
  writeText(writer, 8, order.assetDenom);
  writeNumber(writer, 9, order.orderType);
  writeNumber(writer, 10, order.positionDirection);
  writeText(writer, 11, order.data);
}

function readOrder(bytes: Uint8Array): DexOrder {
  const fields = readFields(bytes, "Order");
  return {
    price: decOf(fields, 5),
    quantity: decOf(fields, 6),
    priceDenom: textOf(fields, 7),
    assetDenom: textOf(fields, 8),
    orderType: numberOf(fields, 9),
    positionDirection: numberOf(fields, 10),
    data: textOf(fields, 11),
  };
}

function writeCancellation(writer: BinaryWriter, each: DexCancellation): void {
  if (each.id !== 0n) writer.tag(1, WireType.Varint).uint64(each.id);
  writeText(writer, 4, each.contractAddr);
  writeText(writer, 5, each.priceDenom);
  writeText(writer, 6, each.assetDenom);
  writeNumber(writer, 7, each.positionDirection);
  writeText(writer, 8, each.price.toString());
}

function readCancellation(bytes: Uint8Array): DexCancellation {
  const fields = readFields(bytes, "Cancellation");
  const id = lastOf(fields, 1);
  return {
    id: typeof id === "bigint" ? id : 0n,
    contractAddr: textOf(fields, 4),
    priceDenom: textOf(fields, 5),
    assetDenom: textOf(fields, 6),
    positionDirection: numberOf(fields, 7),
    price: decOf(fields, 8),
  };
}

function writeCoin(writer: BinaryWriter, { denom, amount }: Coin): void {
  writeText(writer, 1, denom);
  writeText(writer, 2, amount);
}

function readCoin(bytes: Uint8Array): Coin {
  const fields = readFields(bytes, "Coin");
  return { denom: textOf(fields, 1), amount: textOf(fields, 2) };
}

/** Ids come packed, as this protocol writes them, or one by one, which every reader must take as well. */
function readIds(fields: Fields): readonly bigint[] {
  return (fields.values.get(1) ?? []).flatMap((value) => {
    if (typeof value === "bigint") return [value];
    const reader = new BinaryReader(value);
    const ids: bigint[] = [];
    while (reader.pos < reader.len) ids.push(reading(fields.what, () => reader.uint64()));
    return ids;
  });
}

/** A proto3 writer leaves out what is empty. */
function writeText(writer: BinaryWriter, field: number, text: string): void {
  if (text !== "") writer.tag(field, WireType.Bytes).string(text);
}

function writeNumber(writer: BinaryWriter, field: number, value: number): void {
  if (value !== 0) writer.tag(field, WireType.Varint).int32(value);
}

function writeNested(writer: BinaryWriter, field: number, write: (nested: BinaryWriter) => void): void {
  const nested = writer.tag(field, WireType.Bytes).fork();
  write(nested);
  nested.ldelim();
}

/** A message's fields by number, in the order they came: numbers, and runs of bytes. Other kinds are passed over. */
type Fields = { readonly what: string; readonly values: ReadonlyMap<number, readonly (bigint | Uint8Array)[]> };

/** Reads a message without knowing its fields. Throws `InputError` when it is cut short or no message at all. */
export function readFields(bytes: Uint8Array, what: string): Fields {
  const values = new Map<number, (bigint | Uint8Array)[]>();
  const reader = new BinaryReader(bytes);
  reading(what, () => {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (type !== WireType.Varint && type !== WireType.Bytes) {
        reader.skipType(type);
        reader.assertBounds();
        continue;
      }
      const value = type === WireType.Varint ? reader.uint64() : reader.bytes();
      values.set(field, [...(values.get(field) ?? []), value]);
    }
  });
  return { what, values };
}

function reading<Result>(what: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new InputError({ what, expected: "the bytes of a whole message", was: "other bytes", cause });
  }
}

/** Of a field that may come once, the last one counts (proto3). */
function lastOf({ values }: Fields, field: number): bigint | Uint8Array | undefined {
  return values.get(field)?.at(-1);
}

export function nestedOf({ values }: Fields, field: number): readonly Uint8Array[] {
  return (values.get(field) ?? []).filter((value) => typeof value !== "bigint");
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

export function textOf(fields: Fields, field: number): string {
  const value = lastOf(fields, field);
  if (value === undefined || typeof value === "bigint") return "";
  return reading(`${fields.what} field ${field}`, () => UTF8.decode(value));
}

function numberOf(fields: Fields, field: number): number {
  const value = lastOf(fields, field);
  return typeof value === "bigint" ? Number(BigInt.asIntN(32, value)) : 0;
}

/** An integer of 10^-18 as decimal text; the chain refuses an order that lacks it. */
function decOf(fields: Fields, field: number): bigint {
  const text = textOf(fields, field);
  if (!/^-?\d{1,78}$/.test(text)) {
    throw new InputError({ what: `${fields.what} field ${field}`, expected: "an integer of 10^-18", was: text });
  }
  return BigInt(text);
}
