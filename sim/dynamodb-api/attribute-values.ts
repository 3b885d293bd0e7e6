/**
 * The values that DynamoDB's items are made of: read strictly from JSON, numbers brought to one form, compared, added, measured.
 * Owns what a value is; what is done with items is `table.ts`'s. Binary values are not known here.
 */
import { compareUtf8 } from "../../core/accounting/venue-order.ts";
import { RequestError } from "./request-error.ts";

/** A value in its wire form; numbers are plain decimal text without needless zeros. */
export type Value =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly L: readonly Value[] }
  | { readonly M: Row };

/** The attributes of an item, or of a map. */
export type Row = Readonly<Record<string, Value>>;

/** DynamoDB developer guide, "Constraints": significant digits and magnitude of a number, depth of a document. */
const DIGITS_MAX = 38;
const EXPONENT_MAX = 125;
const EXPONENT_MIN = -130;
const DEPTH_MAX = 32;

/** What most numbers look like already; checked first, since it spares taking them apart. */
const PLAIN = /^(?:0|-?[1-9]\d{0,18}|-?(?:0|[1-9]\d{0,18})\.\d{0,17}[1-9])$/;
const NUMBER = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?$/;

export function readRow(input: unknown, depth = 0): Row {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new RequestError("SerializationException", "a map of attributes was expected");
  }
  const row: Record<string, Value> = {};
  for (const [name, value] of Object.entries(input)) row[name] = readValue(value, depth);
  return row;
}

/** One value of exactly one type. Throws `RequestError`. */
function readValue(input: unknown, depth = 0): Value {
  if (depth > DEPTH_MAX) throw new RequestError("ValidationException", "Nesting Levels have exceeded supported limits");
  const entries = typeof input === "object" && input !== null ? Object.entries(input) : [];
  const [type, value] = entries[0] ?? [];
  if (entries.length !== 1) {
    throw new RequestError("ValidationException", "an AttributeValue must contain exactly one of the supported types");
  }
  switch (type) {
    case "S":
      return { S: readText(value) };
    case "N":
      return { N: readNumber(value) };
    case "BOOL":
      if (typeof value === "boolean") return { BOOL: value };
      break;
    case "NULL":
      if (value === true) return { NULL: true };
      break;
    case "SS":
      return { SS: readSet(value, readText) };
    case "NS":
      return { NS: readSet(value, readNumber) };
    case "L":
      if (Array.isArray(value)) return { L: value.map((entry) => readValue(entry, depth + 1)) };
      break;
    case "M":
      return { M: readRow(value, depth + 1) };
  }
  throw new RequestError("ValidationException", `${JSON.stringify(input)} is not a value known here`);
}

function readText(value: unknown): string {
  if (typeof value !== "string") throw new RequestError("SerializationException", "text was expected");
  return value;
}

function readSet(value: unknown, readOne: (entry: unknown) => string): readonly string[] {
  const entries = Array.isArray(value) ? value.map(readOne) : [];
  if (entries.length === 0) throw new RequestError("ValidationException", "a set may not be empty");
  if (new Set(entries).size !== entries.length) {
    throw new RequestError("ValidationException", "Input collection contains duplicates");
  }
  return entries;
}

/** A number in its one form. Throws `RequestError` when DynamoDB could not keep all of its digits. */
function readNumber(value: unknown): string {
  const text = readText(value);
  if (PLAIN.test(text)) return text;
  const [, sign, whole = "", fraction = "", exponent = "0"] = NUMBER.exec(text) ?? [];
  if (sign === undefined || whole + fraction === "") {
    throw new RequestError("ValidationException", `The parameter cannot be converted to a numeric value: ${text}`);
  }
  const units = BigInt(whole + fraction);
  return formatNumber({ units: sign === "-" ? -units : units, scale: fraction.length - Number(exponent) });
}

/** `units / 10^scale`. */
type Scaled = { readonly units: bigint; readonly scale: number };

function formatNumber({ units, scale }: Scaled): string {
  const magnitude = (units < 0n ? -units : units).toString();
  const digits = magnitude.replace(/0+$/, "");
  if (digits === "") return "0";
  const places = scale - (magnitude.length - digits.length);
  const exponent = digits.length - 1 - places;
  if (digits.length > DIGITS_MAX) {
    throw new RequestError("ValidationException", "Attempting to store more than 38 significant digits in a Number");
  }
  if (exponent > EXPONENT_MAX || exponent < EXPONENT_MIN) {
    throw new RequestError("ValidationException", "a number's magnitude is outside of the supported range");
  }
  const sign = units < 0n ? "-" : "";
  if (places <= 0) return sign + digits + "0".repeat(-places);
  const padded = digits.padStart(places + 1, "0");
  return `${sign}${padded.slice(0, -places)}.${padded.slice(-places)}`;
}

function toScaled(text: string): Scaled {
  const point = text.indexOf(".");
  return point < 0
    ? { units: BigInt(text), scale: 0 }
    : { units: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 };
}

function align(a: string, b: string): readonly [bigint, bigint, number] {
  const left = toScaled(a);
  const right = toScaled(b);
  const scale = Math.max(left.scale, right.scale);
  return [left.units * 10n ** BigInt(scale - left.scale), right.units * 10n ** BigInt(scale - right.scale), scale];
}

/** `a + b`, or `a - b` with the sign -1. */
export function addNumbers(a: string, b: string, sign: 1 | -1): string {
  const [left, right, scale] = align(a, b);
  return formatNumber({ units: sign === 1 ? left + right : left - right, scale });
}

/** Below 0 when `a` is less; undefined for values that have no order: of two types, or of a type without one. */
export function compareValues(a: Value, b: Value): number | undefined {
  if ("S" in a && "S" in b) return compareUtf8(a.S, b.S);
  if (!("N" in a && "N" in b)) return undefined;
  const [left, right] = align(a.N, b.N);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function areEqual(a: Value, b: Value): boolean {
  if (("SS" in a && "SS" in b) || ("NS" in a && "NS" in b)) {
    const left = new Set("SS" in a ? a.SS : a.NS);
    const right = "SS" in b ? b.SS : b.NS;
    return left.size === right.length && right.every((entry) => left.has(entry));
  }
  if ("L" in a && "L" in b) {
    return a.L.length === b.L.length && a.L.every((value, index) => areEqual(value, b.L[index] ?? { NULL: true }));
  }
  if ("M" in a && "M" in b) {
    const names = Object.keys(a.M);
    return (
      names.length === Object.keys(b.M).length &&
      names.every((name) => {
        const [left, right] = [a.M[name], b.M[name]];
        return left !== undefined && right !== undefined && areEqual(left, right);
      })
    );
  }
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The name of a value's type, as `attribute_type` asks for it. */
export function typeOf(value: Value): string {
  return Object.keys(value)[0] ?? "";
}

/** Bytes of a row, names included (developer guide, "Item sizes and formats"). */
export function sizeOfRow(row: Row): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(row)) bytes += Buffer.byteLength(name) + sizeOfValue(value);
  return bytes;
}

function sizeOfValue(value: Value): number {
  if ("S" in value) return Buffer.byteLength(value.S);
  if ("N" in value) return sizeOfNumber(value.N);
  if ("SS" in value) return value.SS.reduce((sum, entry) => sum + Buffer.byteLength(entry), 0);
  if ("NS" in value) return value.NS.reduce((sum, entry) => sum + sizeOfNumber(entry), 0);
  if ("L" in value) return value.L.reduce((sum, entry) => sum + 1 + sizeOfValue(entry), 3);
  if ("M" in value) return 3 + Object.keys(value.M).length + sizeOfRow(value.M);
  return 1;
}

/** One byte for two significant digits, and one more; below zero yet another. */
function sizeOfNumber(text: string): number {
  const digits = text.replace(/[-.]/g, "").replace(/^0+|0+$/g, "").length;
  return Math.ceil(digits / 2) + (text.startsWith("-") ? 2 : 1);
}
