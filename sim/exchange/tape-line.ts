/**
 * One line of a tape (CONTRACTS 10): its grammar, strictly checked. Owns no file and no order of lines; `tape.ts` does.
 * Market rules (tick, lot) are not known here: whoever plays the tape into a market checks them.
 */
import { type Decimal, parseDecimal } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";
import type { WireEvent } from "../../core/sei/wire-event.ts";

/** `atMs` is when the recorder had the events, epoch milliseconds; the events are in the order they came. */
export type TapeLine = { readonly atMs: number; readonly events: readonly WireEvent[] };

/** One `[price, size]` row of a recorded book. */
export type TapeLevel = { readonly price: Decimal; readonly size: Decimal };

/** Far above any recorded burst; a line past it is not a tape. */
const EVENTS_PER_LINE_MAX = 100_000;
const LEVELS_PER_SIDE_MAX = 5_000;

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;
const SEQUENCE = /^(0|[1-9]\d{0,15})$/;
const SYMBOL = /^[A-Z0-9]{1,12}\/[A-Z0-9]{1,12}$/;

/** Reads one line. `where` names file and line in the `InputError` that a fault throws. */
export function parseTapeLine(text: string, where: string): TapeLine {
  const line = asRecord(parseJson(text, where, 'one JSON object {"atMs","events"}'), where);
  const { atMs, events } = line;
  if (typeof atMs !== "number" || !Number.isSafeInteger(atMs) || atMs < 0) {
    throw new InputError({ what: `${where}: atMs`, expected: "epoch milliseconds, a whole number", was: atMs });
  }
  if (!Array.isArray(events) || events.length > EVENTS_PER_LINE_MAX) {
    throw new InputError({
      what: `${where}: events`,
      expected: `a list of at most ${EVENTS_PER_LINE_MAX} events`,
      was: Array.isArray(events) ? `${events.length} events` : events,
    });
  }
  return { atMs, events: events.map((event: unknown, index) => parseEvent(event, `${where}: events[${index}]`)) };
}

/**
 * Reads `bids` or `asks`: JSON text of `[price, size]` rows, positive decimal strings, best first. May be empty.
 * Throws `InputError` naming the row.
 */
export function parseTapeLevels(text: unknown, what: string, side: "bids" | "asks"): readonly TapeLevel[] {
  const expected = "JSON text of [price, size] rows";
  if (typeof text !== "string") throw new InputError({ what, expected, was: text });
  const rows = parseJson(text, what, expected);
  if (!Array.isArray(rows) || rows.length > LEVELS_PER_SIDE_MAX) {
    throw new InputError({ what, expected: `${expected}, at most ${LEVELS_PER_SIDE_MAX}`, was: text });
  }
  const levels = rows.map((row: unknown, index) => parseLevel(row, `${what}[${index}]`));
  for (let i = 1; i < levels.length; i += 1) {
    const [better, worse] = [levels[i - 1], levels[i]];
    if (better === undefined || worse === undefined) continue;
    const order = compare(better.price, worse.price);
    if (side === "bids" ? order <= 0 : order >= 0) {
      throw new InputError({ what: `${what}[${i}]`, expected: "a worse price than the row before", was: rows[i] });
    }
  }
  return levels;
}

function parseEvent(value: unknown, where: string): WireEvent {
  const { type, attributes: rawAttributes } = asRecord(value, where);
  const attributes = asStringRecord(rawAttributes, `${where}.attributes`);
  const at = `${where}.attributes`;
  requireMatch(attributes["market_id"], SYMBOL, `${at}.market_id`, "a symbol BASE/QUOTE");
  const timestamp = requireMatch(attributes["timestamp"], ISO_TIME, `${at}.timestamp`, "an ISO-8601 UTC time");
  if (Number.isNaN(Date.parse(timestamp))) {
    throw new InputError({ what: `${at}.timestamp`, expected: "an ISO-8601 UTC time", was: timestamp });
  }
  switch (type) {
    case "OrderBookUpdate":
      parseTapeLevels(attributes["bids"], `${at}.bids`, "bids");
      parseTapeLevels(attributes["asks"], `${at}.asks`, "asks");
      // A tape's own count is not played: a node gives each connection its own.
      if (attributes["sequence"] !== undefined) {
        requireMatch(attributes["sequence"], SEQUENCE, `${at}.sequence`, "a whole number");
      }
      return { type, attributes };
    case "Trade":
      requireMatch(attributes["trade_id"], /^.{1,128}$/, `${at}.trade_id`, "an id of 1 to 128 characters");
      requirePositive(attributes["price"], `${at}.price`);
      requirePositive(attributes["quantity"], `${at}.quantity`);
      requireMatch(attributes["side"], /^(buy|sell)$/, `${at}.side`, '"buy" or "sell"');
      return { type, attributes };
    case "MarketStatus":
      requireMatch(attributes["status"], /^(open|halted)$/, `${at}.status`, '"open" or "halted"');
      return { type, attributes };
    default:
      throw new InputError({
        what: `${where}.type`,
        expected: '"OrderBookUpdate", "Trade" or "MarketStatus"',
        was: type,
      });
  }
}

function parseLevel(row: unknown, what: string): TapeLevel {
  if (!Array.isArray(row) || row.length !== 2) {
    throw new InputError({ what, expected: "a [price, size] row", was: row });
  }
  const [price, size]: readonly unknown[] = row;
  return { price: requirePositive(price, `${what}.price`), size: requirePositive(size, `${what}.size`) };
}

function requirePositive(value: unknown, what: string): Decimal {
  const decimal = parseDecimal(value, what);
  if (decimal.units <= 0n) throw new InputError({ what, expected: "a positive decimal string", was: value });
  return decimal;
}

function requireMatch(value: string | undefined, grammar: RegExp, what: string, expected: string): string {
  if (value === undefined || !grammar.test(value)) throw new InputError({ what, expected, was: value });
  return value;
}

function compare(a: Decimal, b: Decimal): number {
  const left = a.units * 10n ** BigInt(b.decimals);
  const right = b.units * 10n ** BigInt(a.decimals);
  return left < right ? -1 : left > right ? 1 : 0;
}

function parseJson(text: string, what: string, expected: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError({ what, expected, was: text, cause });
  }
}

function asRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError({ what, expected: "a JSON object", was: value });
  }
  return Object.fromEntries(Object.entries(value));
}

function asStringRecord(value: unknown, what: string): Readonly<Record<string, string>> {
  const entries = Object.entries(asRecord(value, what)).map(([key, text]): [string, string] => {
    if (typeof text !== "string") throw new InputError({ what: `${what}.${key}`, expected: "a string", was: text });
    return [key, text];
  });
  return Object.fromEntries(entries);
}
