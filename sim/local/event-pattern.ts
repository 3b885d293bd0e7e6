/**
 * Event patterns of EventBridge rules: which events a rule takes. Owns the operators our rules use (values, `prefix`,
 * `anything-but`, `exists`); any other is refused when the rule is read, never silently unmatched.
 */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import type { Json, JsonObject } from "./template-values.ts";

type Condition = (value: Json | undefined) => boolean;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const operator = z.union([
  z.strictObject({ prefix: z.string() }),
  z.strictObject({ exists: z.boolean() }),
  z.strictObject({ "anything-but": z.union([scalar, z.array(scalar)]) }),
]);

/** A pattern as a test of events. Throws `InputError` for an operator that is not known here. */
export function makeMatcher(pattern: JsonObject, where: string): (event: JsonObject) => boolean {
  const conditions = Object.entries(pattern).map(([key, expected]) => {
    const condition = makeCondition(expected, `${where}.${key}`);
    return (event: JsonObject) => condition(event[key]);
  });
  return (event) => conditions.every((condition) => condition(event));
}

function makeCondition(expected: Json, where: string): Condition {
  if (isList(expected)) {
    const alternatives = expected.map((alternative) => makeAlternative(alternative, where));
    return (value) => alternatives.some((alternative) => alternative(value));
  }
  if (!isObject(expected)) throw new InputError({ what: where, expected: "a list or an object", was: expected });
  const matches = makeMatcher(expected, where);
  return (value) => matches(isObject(value) ? value : {});
}

function makeAlternative(alternative: Json, where: string): Condition {
  const value = scalar.safeParse(alternative);
  if (value.success) return (actual) => holds(actual, (each) => each === value.data);
  const parsed = operator.safeParse(alternative);
  if (!parsed.success) {
    throw new InputError({ what: where, expected: "a value, prefix, exists or anything-but", was: alternative });
  }
  const test = parsed.data;
  if ("prefix" in test)
    return (actual) => holds(actual, (each) => typeof each === "string" && each.startsWith(test.prefix));
  if ("exists" in test) return (actual) => (actual !== undefined) === test.exists;
  const excluded: readonly Json[] = [test["anything-but"]].flat();
  return (actual) => actual !== undefined && holds(actual, (each) => !excluded.includes(each));
}

/** An array in an event matches when one of its elements does. */
function holds(actual: Json | undefined, test: (value: Json) => boolean): boolean {
  if (actual === undefined) return false;
  return isList(actual) ? actual.some(test) : test(actual);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !isList(value);
}
