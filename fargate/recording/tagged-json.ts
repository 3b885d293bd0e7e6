/**
 * JSON that keeps what JSON alone would lose: bigints, maps and numbers without a digit. What is written is read back equal.
 * Owns the tags; it knows nothing of what is written.
 */
import { InputError } from "../../core/errors.ts";

/** Written in place of a bigint, a map, an infinite number. No recorded object has such a key of its own. */
const BIGINT = "$bigint";
const MAP = "$map";
const NUMBER = "$number";

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
export function fromTagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromTagged);
  if (typeof value !== "object" || value === null) return value;
  if (BIGINT in value) return toBigint(value[BIGINT]);
  if (MAP in value) return toMap(value[MAP]);
  if (NUMBER in value) return Number(value[NUMBER]);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fromTagged(each)]));
}

function toBigint(text: unknown): bigint {
  if (typeof text === "string" && INTEGER.test(text)) return BigInt(text);
  throw new InputError({ what: BIGINT, expected: "an integer as text", was: text });
}

function toMap(entries: unknown): ReadonlyMap<unknown, unknown> {
  if (!Array.isArray(entries)) throw new InputError({ what: MAP, expected: "a list of pairs", was: entries });
  return new Map(
    entries.map((entry: unknown) => {
      if (Array.isArray(entry) && entry.length === 2) return [fromTagged(entry[0]), fromTagged(entry[1])];
      throw new InputError({ what: MAP, expected: "a list of pairs", was: entry });
    }),
  );
}
