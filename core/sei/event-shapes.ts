/**
 * The three shapes in which events come in a frame (CONTRACTS 1), turned into one: a type and named attributes.
 * Owns the shapes, not what an attribute means: values pass through as they came.
 */
import { InputError } from "../errors.ts";

/** Only the names of `ATTRIBUTE_NAMES` are looked at. */
export type Attributes = Readonly<Record<string, unknown>>;

type RawEvent = { readonly type: string; readonly attributes: Attributes };

export type RawEvents = { readonly events: readonly RawEvent[]; readonly faults: readonly InputError[] };

/** With more faults than this a frame is none: each takes some microseconds, and a frame has room for a hundred thousand. */
export const FAULTS_MAX = 100;

/** Events of one type in a map: a frame has room for some thousand whole ones, and for half a million values that are none. */
const ROWS_MAX = 10_000;

const EVENT_TYPES: readonly string[] = ["OrderBookUpdate", "Trade", "MarketStatus"];

/** What each of our events may carry; anything else in it is none of our business. */
const ATTRIBUTE_NAMES: readonly string[] = [
  "market_id",
  "timestamp",
  "sequence",
  "bids",
  "asks",
  "trade_id",
  "price",
  "quantity",
  "side",
  "status",
];

/** Sei of the mainnet era and CometBFT 0.34 send keys and values in base64. No name is the base64 of another. */
const NAME_OF_BASE64: ReadonlyMap<string, string> = new Map(ATTRIBUTE_NAMES.map((name) => [btoa(name), name]));

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The events of a frame's `result`: of `result.events`, or of `result.data.value` when none of ours stand there (a node
 * may send both, with the same contents). Events of other types are left out; ones that cannot be read are faults.
 */
export function toRawEvents(result: Attributes): RawEvents {
  const listed = readEvents(result["events"], "result.events");
  if (listed.events.length > 0 || listed.faults.length > 0) return listed;
  const value = memberOf(result["data"], "value");
  for (const [candidate, what] of [
    [memberOf(value, "events"), "result.data.value.events"],
    [memberOf(memberOf(memberOf(value, "TxResult"), "result"), "events"), "result.data.value.TxResult.result.events"],
    [value, "result.data.value"],
  ] as const) {
    const found = readEvents(candidate, what);
    if (found.events.length > 0 || found.faults.length > 0) return found;
  }
  return listed;
}

/** A record as JSON makes it: not null, not a list. */
export function isRecord(value: unknown): value is Attributes {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as a fault may show it: never a whole structure, which may be deep or large. */
export function toShown(value: unknown): unknown {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : value;
}

function readEvents(value: unknown, what: string): RawEvents {
  if (Array.isArray(value)) return readList(value, what);
  if (isRecord(value)) return readMap(value, what);
  if (value === undefined || value === null) return { events: [], faults: [] };
  return {
    events: [],
    faults: [new InputError({ what, expected: "a list or a map of events", was: toShown(value) })],
  };
}

function readList(list: readonly unknown[], what: string): RawEvents {
  const events: RawEvent[] = [];
  const faults: InputError[] = [];
  for (const [index, item] of list.entries()) {
    if (faults.length > FAULTS_MAX) break;
    const type = memberOf(item, "type");
    if (typeof type !== "string") {
      faults.push(new InputError({ what: `${what}[${index}].type`, expected: "an event type", was: toShown(type) }));
      continue;
    }
    if (!EVENT_TYPES.includes(type)) continue;
    const attributes = memberOf(item, "attributes");
    const named = Array.isArray(attributes) ? readPairs(attributes, `${what}[${index}].attributes`) : attributes;
    if (named instanceof InputError) faults.push(named);
    else if (isRecord(named)) events.push({ type, attributes: named });
    else {
      faults.push(
        new InputError({
          what: `${what}[${index}].attributes`,
          expected: "an object or a list of {key, value}",
          was: toShown(attributes),
        }),
      );
    }
  }
  return { events, faults };
}

/** `[{"key","value"}]`, plain or base64. Keys that are not ours are skipped. */
function readPairs(pairs: readonly unknown[], what: string): Attributes | InputError {
  const attributes: Record<string, unknown> = {};
  for (const pair of pairs) {
    const key = memberOf(pair, "key");
    if (typeof key !== "string") {
      return new InputError({ what, expected: "a list of {key, value}", was: toShown(pair) });
    }
    const decodedName = NAME_OF_BASE64.get(key);
    const name = decodedName ?? key;
    if (!ATTRIBUTE_NAMES.includes(name)) continue;
    if (Object.hasOwn(attributes, name)) {
      return new InputError({ what: `${what} ${name}`, expected: "there once", was: "twice" });
    }
    const value = memberOf(pair, "value");
    attributes[name] = decodedName === undefined ? value : fromBase64(value);
  }
  return attributes;
}

/** Text that is no base64 is left as it came; the attribute's own grammar then refuses it by name. */
function fromBase64(value: unknown): unknown {
  if (typeof value !== "string" || !BASE64.test(value)) return value;
  try {
    return UTF8.decode(Uint8Array.from(atob(value), (character) => character.charCodeAt(0)));
  } catch {
    return value;
  }
}

/**
 * `{"Type.key": [v0, v1, …]}`: the i-th value belongs to the i-th event of that type. Lists of unequal length cannot be
 * matched up, so that type is a fault as a whole; the other types still count.
 */
function readMap(map: Attributes, what: string): RawEvents {
  const rowsByType = new Map<string, Record<string, unknown>[]>();
  const faults = new Map<string, InputError>();
  for (const [path, values] of Object.entries(map)) {
    const dot = path.indexOf(".");
    const type = path.slice(0, Math.max(dot, 0));
    const name = path.slice(dot + 1);
    if (!EVENT_TYPES.includes(type) || !ATTRIBUTE_NAMES.includes(name)) continue;
    const rows = rowsByType.get(type);
    if (Array.isArray(values) && values.length > ROWS_MAX) {
      faults.set(
        type,
        new InputError({ what: `${what} ${path}`, expected: `at most ${ROWS_MAX} values`, was: toShown(values) }),
      );
    } else if (!Array.isArray(values) || (rows !== undefined && rows.length !== values.length)) {
      const expected = `a list of ${rows?.length ?? "its"} values, one an event`;
      faults.set(type, new InputError({ what: `${what} ${path}`, expected, was: toShown(values) }));
    } else if (rows === undefined) {
      rowsByType.set(
        type,
        values.map((value: unknown) => ({ [name]: value })),
      );
    } else {
      for (const [index, value] of values.entries()) {
        const row = rows[index];
        if (row !== undefined) row[name] = value;
      }
    }
  }
  const events: RawEvent[] = [];
  for (const [type, rows] of rowsByType) {
    if (!faults.has(type)) events.push(...rows.map((attributes) => ({ type, attributes })));
  }
  return { events, faults: [...faults.values()] };
}

function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
