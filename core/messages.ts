/**
 * The fill message of CONTRACTS 4, from the engine to the ledger: building it, and reading it strictly from unknown data.
 * Owns the wire form; what a fill does to the books is `accounting/pnl.ts`'s.
 */
import type { Assets, BookedFill } from "./accounting/pnl.ts";
import { formatScaled, MONEY_DECIMALS, parseScaled } from "./decimal.ts";
import { InputError } from "./errors.ts";
import type { Fill } from "./events.ts";
import { formatPrice, formatSize, type Market } from "./market.ts";

/** The message as it stands on the queue: amounts are decimal strings. `midAtFill` is left out where it is not known. */
export type FillMessage = {
  readonly version: 1;
  readonly engineId: string;
  readonly market: string;
  readonly fillId: string;
  readonly orderId: string;
  /** Empty for a fill of an order that is not ours by name. */
  readonly clientOrderId: string;
  readonly side: "buy" | "sell";
  readonly price: string;
  readonly size: string;
  readonly fee: string;
  readonly feeAsset: string;
  readonly liquidity: "maker" | "taker";
  /** ISO-8601 UTC with milliseconds. */
  readonly venueTime: string;
  readonly midAtFill?: string;
};

/** A fill message that was read: amounts are integers of 10^-18. */
export type LedgerFill = BookedFill & {
  readonly engineId: string;
  readonly market: string;
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly liquidity: "maker" | "taker";
  readonly midAtFill: bigint | undefined;
};

/** UTF-8 bytes of an id at most, so that every key of the ledger stays far below DynamoDB's 1,024. */
const ID_BYTES_MAX = 128;

/**
 * Amounts stay below 10^12 and a fill's value below 10^15 quote, so that a hundred thousand such fills still fit the 38
 * digits of a DynamoDB number at 18 decimals: an absurd amount stops here, where it blocks no other fill of its market.
 */
const AMOUNT_LIMIT = 10n ** BigInt(MONEY_DECIMALS + 12);
const VALUE_LIMIT = 10n ** BigInt(2 * MONEY_DECIMALS + 15);

const SYMBOL = /^([A-Z0-9]{1,12})\/([A-Z0-9]{1,12})$/;
const VENUE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{3}Z$/;
/** Symbols such as `USDC` and denominations such as `ibc/27394FB0…`: the grammar of Cosmos, one character allowed. */
const ASSET = /^[A-Za-z0-9][A-Za-z0-9/:._-]{0,127}$/;
/** Control characters and spaces, which no id has and no log shows. */
const UNFIT_FOR_ID = /[\p{Cc}\p{Z}]/u;

/** Builds the message of a fill. `midAtFill` is in 10^-18 quote. */
export function makeFillMessage(input: {
  readonly fill: Fill;
  readonly market: Market;
  readonly engineId: string;
  readonly midAtFill: bigint | undefined;
}): FillMessage {
  const { fill, market } = input;
  return {
    version: 1,
    engineId: input.engineId,
    market: fill.market,
    fillId: fill.fillId,
    orderId: fill.orderId,
    clientOrderId: fill.clientOrderId,
    side: fill.side,
    price: formatPrice(market, fill.price),
    size: formatSize(market, fill.size),
    fee: formatScaled(fill.fee, MONEY_DECIMALS),
    feeAsset: fill.feeAsset,
    liquidity: fill.liquidity,
    venueTime: fill.venueTime,
    ...(input.midAtFill === undefined ? {} : { midAtFill: formatScaled(input.midAtFill, MONEY_DECIMALS) }),
  };
}

/** The message of a fill as the ledger holds it: `parseFillMessage` reads the same fill from it again. */
export function toFillMessage(fill: LedgerFill): FillMessage {
  const toText = (amount: bigint) => formatScaled(amount, MONEY_DECIMALS);
  return {
    version: 1,
    engineId: fill.engineId,
    market: fill.market,
    fillId: fill.fillId,
    orderId: fill.orderId,
    clientOrderId: fill.clientOrderId,
    side: fill.side,
    price: toText(fill.price),
    size: toText(fill.size),
    fee: toText(fill.fee),
    feeAsset: fill.feeAsset,
    liquidity: fill.liquidity,
    venueTime: fill.venueTime,
    ...(fill.midAtFill === undefined ? {} : { midAtFill: toText(fill.midAtFill) }),
  };
}

/** SQS refuses U+FFFE and U+FFFF; JSON may write any character as an escape, so that no id of a venue can block its fill. */
export function toMessageBody(message: FillMessage): string {
  return JSON.stringify(message).replace(
    /[\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** Reads a message that has been through JSON. Unknown fields are passed over. Throws `InputError` naming the field. */
export function parseFillMessage(value: unknown): LedgerFill {
  const fields = toFields(value);
  if (fields["version"] !== 1) throw new InputError({ what: "version", expected: "1", was: fields["version"] });
  const market = parseText(fields["market"], "market");
  splitSymbol(market);
  const price = parseAmount(fields["price"], "price", "positive");
  const size = parseAmount(fields["size"], "size", "positive");
  if (price * size >= VALUE_LIMIT) {
    throw new InputError({ what: "price × size", expected: "below 10^15", was: formatScaled(price * size, 36) });
  }
  const fee = parseAmount(fields["fee"], "fee", "any");
  if (fee * price >= VALUE_LIMIT || fee * price <= -VALUE_LIMIT) {
    throw new InputError({ what: "fee × price", expected: "below 10^15", was: formatScaled(fee * price, 36) });
  }
  return {
    engineId: parseId(fields["engineId"], "engineId"),
    market,
    fillId: parseId(fields["fillId"], "fillId"),
    orderId: parseId(fields["orderId"], "orderId"),
    clientOrderId: fields["clientOrderId"] === "" ? "" : parseId(fields["clientOrderId"], "clientOrderId"),
    side: parseChoice(fields["side"], "side", ["buy", "sell"]),
    price,
    size,
    fee,
    feeAsset: parseAsset(fields["feeAsset"], "feeAsset"),
    liquidity: parseChoice(fields["liquidity"], "liquidity", ["maker", "taker"]),
    venueTime: parseVenueTime(fields["venueTime"], "venueTime"),
    midAtFill:
      fields["midAtFill"] === undefined ? undefined : parseAmount(fields["midAtFill"], "midAtFill", "positive"),
  };
}

/** The assets of `BASE/QUOTE`. Throws `InputError` on any other text. */
export function splitSymbol(symbol: string): Assets {
  const [, base, quote] = SYMBOL.exec(symbol) ?? [];
  if (base === undefined || quote === undefined) {
    throw new InputError({ what: "market", expected: "BASE/QUOTE in capitals and digits", was: symbol });
  }
  return { base, quote };
}

/** Reads an instant of the form `2026-01-02T03:04:05.678Z` that exists in the calendar (no leap second). Throws `InputError`. */
function parseVenueTime(value: unknown, what: string): string {
  const text = typeof value === "string" ? value : "";
  const [year, month, day, hour, minute, second] = (VENUE_TIME.exec(text) ?? []).slice(1).map(Number);
  const exists =
    year !== undefined &&
    isDay(year, month ?? 0, day ?? 0) &&
    (hour ?? 24) <= 23 &&
    (minute ?? 60) <= 59 &&
    (second ?? 60) <= 59;
  if (!exists) throw new InputError({ what, expected: 'a UTC time such as "2026-01-02T03:04:05.678Z"', was: value });
  return text;
}

/**
 * What the venue says of a fill. The engine's id and the mid are not among it, since a fill that is sent again from the venue's
 * history may carry others.
 */
const VENUE_FIELDS = [
  "fillId",
  "market",
  "orderId",
  "clientOrderId",
  "side",
  "price",
  "size",
  "fee",
  "feeAsset",
  "liquidity",
  "venueTime",
] as const satisfies readonly (keyof LedgerFill)[];

/** Whether two copies say the same of a fill: what the venue said is compared, amounts by value. */
export function isSameFill(a: LedgerFill, b: LedgerFill): boolean {
  return differingFields(a, b).length === 0;
}

/** What the venue said in which two copies differ. */
export function differingFields(a: LedgerFill, b: LedgerFill): readonly (typeof VENUE_FIELDS)[number][] {
  return VENUE_FIELDS.filter((field) => a[field] !== b[field]);
}

function toFields(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError({ what: "fill message", expected: "a JSON object", was: value });
  }
  return Object.fromEntries(Object.entries(value));
}

function parseText(value: unknown, what: string): string {
  if (typeof value !== "string") throw new InputError({ what, expected: "text", was: value });
  return value;
}

/** An id is kept as it came, whatever its script; only what could not be a key or be told apart is refused. */
function parseId(value: unknown, what: string): string {
  const text = parseText(value, what);
  // Length first: an absurd text is not worth the further looks.
  const fits =
    text.length > 0 &&
    text.length <= ID_BYTES_MAX &&
    text.isWellFormed() &&
    !UNFIT_FOR_ID.test(text) &&
    utf8Length(text) <= ID_BYTES_MAX;
  if (!fits) {
    throw new InputError({
      what,
      expected: `1 to ${ID_BYTES_MAX} bytes without spaces or control characters`,
      was: text,
    });
  }
  return text;
}

function parseAsset(value: unknown, what: string): string {
  const text = parseText(value, what);
  if (!ASSET.test(text)) throw new InputError({ what, expected: "an asset of letters, digits and /:._-", was: text });
  return text;
}

function parseAmount(value: unknown, what: string, sign: "positive" | "any"): bigint {
  const amount = parseScaled(value, MONEY_DECIMALS, what);
  if (sign === "positive" && amount <= 0n) throw new InputError({ what, expected: "above 0", was: value });
  if (amount >= AMOUNT_LIMIT || amount <= -AMOUNT_LIMIT) {
    throw new InputError({ what, expected: "below 10^12", was: value });
  }
  return amount;
}

function parseChoice<Choice extends string>(value: unknown, what: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new InputError({ what, expected: choices.join(" or "), was: value });
  return choice;
}

function isDay(year: number, month: number, day: number): boolean {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
