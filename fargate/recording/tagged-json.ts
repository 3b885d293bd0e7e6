/**
 * JSON that keeps what JSON alone would lose: bigints, maps and numbers without a digit. What is written is read back equal.
 * Owns the tags; it knows nothing of what is written.
 */
import { InputError } from "../../core/errors.ts";

/** Written in place of a bigint, a map, an infinite number. No recorded object has such a key of its own. */
const BIGINT = "$bigint";
const MAP = "$map";
const NUMBER = "$number";

/** What is recorded is a handful deep. */
const DEPTH_MAX = 64;

const INTEGER = /^-?\d+$/;

export function toTaggedJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === "bigint") return { [BIGINT]: String(each) };
    if (each instanceof Map) return { [MAP]: [...each] };
    if (typeof each === "number" && !Number.isFinite(each)) return { [NUMBER]: String(each) };
    return each;
  });
}

/** Turns the tags of parsed JSON back. Throws `InputError` on a tag of another form. */
export function fromTagged(value: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX) throw new InputError({ what: "JSON", expected: `at most ${DEPTH_MAX} deep`, was: "deeper" });
  const inside = (each: unknown) => fromTagged(each, depth + 1);
  if (Array.isArray(value)) return value.map(inside);
  if (typeof value !== "object" || value === null) return value;
  if (BIGINT in value) return toBigint(value[BIGINT]);
  if (MAP in value) return toMap(value[MAP], inside);
  if (NUMBER in value) return toNumber(value[NUMBER]);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inside(each)]));
}

function toBigint(text: unknown): bigint {
  if (typeof text === "string" && INTEGER.test(text)) return BigInt(text);
  throw new InputError({ what: BIGINT, expected: "an integer as text", was: text });
}

function toNumber(text: unknown): number {
  if (text === "Infinity" || text === "-Infinity" || text === "NaN") return Number(text);
  throw new InputError({ what: NUMBER, expected: "Infinity, -Infinity or NaN", was: text });
}

function toMap(entries: unknown, inside: (each: unknown) => unknown): ReadonlyMap<unknown, unknown> {
  if (!Array.isArray(entries)) throw new InputError({ what: MAP, expected: "a list of pairs", was: entries });
  return new Map(
    entries.map((entry: unknown) => {
      if (Array.isArray(entry) && entry.length === 2) return [inside(entry[0]), inside(entry[1])];
      throw new InputError({ what: MAP, expected: "a list of pairs", was: entry });
    }),
  );
}
