/**
 * The ledger's items (CONTRACTS 5) as DynamoDB stores them: keys, attributes, and the strict way back.
 * Owns the stored form; what is read and written when is `ledger-table.ts`'s and the functions'.
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { HourFigures, LedgerState } from "../core/accounting/hourly.ts";
import type { Books, VenueKey } from "../core/accounting/pnl.ts";
import { divideHalfEven, formatScaled, MONEY_DECIMALS } from "../core/decimal.ts";
import { InputError } from "../core/errors.ts";
import { type LedgerFill, parseFillMessage } from "../core/messages.ts";

export type Item = Readonly<Record<string, AttributeValue>>;

/** The key of an item. */
export type ItemKey = { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } };

export const FILL_PREFIX = "FILL#";
export const HOUR_PREFIX = "HOUR#";

/** DynamoDB writes numbers plainly, but accepts and may give back an exponent. */
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Length of `2026-01-02T03:04:05.678Z`, which every venue time has. */
const VENUE_TIME_LENGTH = 24;

export function toMarketKey(market: string, sortKey: string): ItemKey {
  return { pk: { S: `MARKET#${market}` }, sk: { S: sortKey } };
}

export function toClaimKey(fillId: string): ItemKey {
  return { pk: { S: `FILLID#${fillId}` }, sk: { S: "CLAIM" } };
}

/** `<venueTime>#<fillId>`: sorts by bytes in venue order. */
export function toFillText(key: VenueKey): string {
  return `${key.venueTime}#${key.fillId}`;
}

export function fromFillText(text: string): VenueKey {
  return { venueTime: text.slice(0, VENUE_TIME_LENGTH), fillId: text.slice(VENUE_TIME_LENGTH + 1) };
}

/** The message of CONTRACTS 4, amounts as numbers. */
export function encodeFill(fill: LedgerFill): Item {
  return {
    version: { N: "1" },
    engineId: { S: fill.engineId },
    market: { S: fill.market },
    fillId: { S: fill.fillId },
    orderId: { S: fill.orderId },
    clientOrderId: { S: fill.clientOrderId },
    side: { S: fill.side },
    price: encodeAmount(fill.price),
    size: encodeAmount(fill.size),
    fee: encodeAmount(fill.fee),
    feeAsset: { S: fill.feeAsset },
    liquidity: { S: fill.liquidity },
    venueTime: { S: fill.venueTime },
    ...(fill.midAtFill === undefined ? {} : { midAtFill: encodeAmount(fill.midAtFill) }),
  };
}

/** Throws `InputError` when the item is not a fill as `encodeFill` wrote it. */
export function decodeFill(item: Item): LedgerFill {
  const toText = (name: string) => formatScaled(readAmount(item, name), MONEY_DECIMALS);
  return parseFillMessage({
    version: readCount(item, "version"),
    engineId: item["engineId"]?.S,
    market: item["market"]?.S,
    fillId: item["fillId"]?.S,
    orderId: item["orderId"]?.S,
    clientOrderId: item["clientOrderId"]?.S,
    side: item["side"]?.S,
    price: toText("price"),
    size: toText("size"),
    fee: toText("fee"),
    feeAsset: item["feeAsset"]?.S,
    liquidity: item["liquidity"]?.S,
    venueTime: item["venueTime"]?.S,
    midAtFill: item["midAtFill"] === undefined ? undefined : toText("midAtFill"),
  });
}

function encodeBooks(books: Books): Item {
  const fees = Object.entries(books.feesByAsset).map(([asset, fee]) => [asset, encodeAmount(fee)]);
  return {
    position: encodeAmount(books.position),
    averageCost: encodeAmount(books.averageCost),
    realizedPnl: encodeAmount(books.realizedPnl),
    fees: encodeAmount(books.fees),
    feesByAsset: { M: Object.fromEntries(fees) },
    volume: encodeAmount(books.volume),
    buyVolume: encodeAmount(books.buyVolume),
    sellVolume: encodeAmount(books.sellVolume),
    fillCount: { N: `${books.fillCount}` },
    ...(books.lastFill === undefined
      ? {}
      : { lastFillTime: { S: books.lastFill.venueTime }, lastFillId: { S: books.lastFill.fillId } }),
  };
}

function decodeBooks(item: Item): Books {
  const fees = item["feesByAsset"]?.M ?? {};
  const venueTime = item["lastFillTime"]?.S;
  const fillId = item["lastFillId"]?.S;
  return {
    position: readAmount(item, "position"),
    averageCost: readAmount(item, "averageCost"),
    realizedPnl: readAmount(item, "realizedPnl"),
    fees: readAmount(item, "fees"),
    feesByAsset: Object.fromEntries(Object.keys(fees).map((asset) => [asset, readAmount(fees, asset)])),
    volume: readAmount(item, "volume"),
    buyVolume: readAmount(item, "buyVolume"),
    sellVolume: readAmount(item, "sellVolume"),
    fillCount: readCount(item, "fillCount"),
    lastFill: venueTime === undefined || fillId === undefined ? undefined : { venueTime, fillId },
  };
}

function encodeHour(hour: HourFigures): Item {
  return {
    hour: { S: hour.hour },
    volume: encodeAmount(hour.volume),
    buyVolume: encodeAmount(hour.buyVolume),
    sellVolume: encodeAmount(hour.sellVolume),
    fees: encodeAmount(hour.fees),
    realizedPnl: encodeAmount(hour.realizedPnl),
    fillCount: { N: `${hour.fillCount}` },
  };
}

export function decodeHour(item: Item): HourFigures {
  const hour = item["hour"]?.S;
  if (hour === undefined) throw new InputError({ what: "hour", expected: "text of the item", was: hour });
  return {
    hour,
    volume: readAmount(item, "volume"),
    buyVolume: readAmount(item, "buyVolume"),
    sellVolume: readAmount(item, "sellVolume"),
    fees: readAmount(item, "fees"),
    realizedPnl: readAmount(item, "realizedPnl"),
    fillCount: readCount(item, "fillCount"),
  };
}

/** A state of the fold as a map of its own: the books' attributes and, under `inHour`, the figures of their hour. */
export function encodeState(state: LedgerState): Item {
  return {
    ...encodeBooks(state.books),
    ...(state.hour === undefined ? {} : { inHour: { M: { ...encodeHour(state.hour) } } }),
  };
}

/** Attributes of a state that not every state has. */
export const STATE_OPTIONS = ["lastFillTime", "lastFillId", "inHour"];

/** What an hour's item states: its figures and, under `closing`, the state at its end. Nothing for a state without an hour. */
export function encodeClosedHour(state: LedgerState): Item {
  return state.hour === undefined ? {} : { ...encodeHour(state.hour), closing: { M: { ...encodeState(state) } } };
}

export function decodeState(item: Item): LedgerState {
  const hour = item["inHour"]?.M;
  return { books: decodeBooks(item), hour: hour === undefined ? undefined : decodeHour(hour) };
}

/** A whole number of the item; absent throws `InputError`. */
export function readCount(item: Item, name: string): number {
  const count = Number(item[name]?.N);
  if (!Number.isSafeInteger(count)) {
    throw new InputError({ what: name, expected: "a whole number of the item", was: item[name] });
  }
  return count;
}

function encodeAmount(amount: bigint): AttributeValue.NMember {
  return { N: formatScaled(amount, MONEY_DECIMALS) };
}

/** An amount of the item as an integer of 10^-18; absent, or of more decimals, throws `InputError`. */
export function readAmount(item: Item, name: string): bigint {
  const { units, divisor } = readNumber(item, name);
  if (units % divisor !== 0n) return refuseNumber(item, name);
  return units / divisor;
}

/**
 * A figure of the item that is told and never booked, as an integer of 10^-18: DynamoDB keeps 38 digits, and what is beyond 18 decimals
 * is rounded half to even. Absent throws `InputError`.
 */
export function readRoundedAmount(item: Item, name: string): bigint {
  const { units, divisor } = readNumber(item, name);
  return divideHalfEven(units, divisor);
}

/** A number of the item as `units / divisor`, in 10^-18. */
function readNumber(item: Item, name: string): { readonly units: bigint; readonly divisor: bigint } {
  const [, sign, whole = "", fraction = "", exponent = "0"] = NUMBER.exec(item[name]?.N ?? "") ?? [];
  if (sign === undefined) return refuseNumber(item, name);
  const shift = Number(exponent) - fraction.length + MONEY_DECIMALS;
  const digits = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  return shift < 0
    ? { units: digits, divisor: 10n ** BigInt(-shift) }
    : { units: digits * 10n ** BigInt(shift), divisor: 1n };
}

function refuseNumber(item: Item, name: string): never {
  throw new InputError({ what: name, expected: "a number of at most 18 decimals", was: item[name] });
}
