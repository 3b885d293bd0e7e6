/**
 * A table that answers what it is told: fuzzed JSON as DynamoDB's items. Owns the bounds that DynamoDB itself sets (each attribute is of
 * one type, numbers are numbers of 38 digits), since a parser is held to what can come.
 */
import { type AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Item } from "../../lambdas/ledger-items.ts";
import { parseJson } from "./target.ts";

const NUMBER = /^-?\d{1,38}(?:\.\d{1,37})?(?:[eE][+-]?\d{1,2})?$/;
const DEPTH_MAX = 32;
/** A sort key has at most 1,024 bytes. */
const KEY_CHARACTERS_MAX = 256;

/** A client whose every call is answered by `answer`, without a network. */
export function makeAnsweringClient(answer: (command: unknown) => unknown): DynamoDBClient {
  const client = new DynamoDBClient({
    region: "us-east-1",
    credentials: { accessKeyId: "fuzz", secretAccessKey: "fuzz" },
  });
  Reflect.set(client, "send", async (command: unknown) => answer(command));
  return client;
}

/** Undefined for what is no JSON object. */
export function toItem(input: Buffer): Item | undefined {
  const json = parseJson(input.toString("utf8"));
  return json === undefined || !isObject(json.value) ? undefined : toAttributes(json.value, 0);
}

/** An item as the text that is fuzzed. */
export function fromItem(item: Item): string {
  return JSON.stringify(item, (_, value: unknown) => (value instanceof Set ? [...value] : value));
}

function toAttributes(value: object, depth: number): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      const attribute = toAttribute(each, depth);
      const isLongKey = name === "sk" && (attribute.S?.length ?? 0) > KEY_CHARACTERS_MAX;
      return [name, isLongKey ? { S: attribute.S?.slice(0, KEY_CHARACTERS_MAX) ?? "" } : attribute];
    }),
  );
}

/** Zero has no sign there. */
function isNumber(text: string): boolean {
  return NUMBER.test(text) && !/^-[0.]*(?:[eE].*)?$/.test(text);
}

/** JSON that is an attribute already stays one; any other is the attribute that says the same. */
function toAttribute(value: unknown, depth: number): AttributeValue {
  if (typeof value === "string") return { S: value };
  if (typeof value === "boolean") return { BOOL: value };
  if (typeof value === "number") return isNumber(String(value)) ? { N: String(value) } : { S: String(value) };
  if (depth > DEPTH_MAX || value === null || typeof value !== "object") return { NULL: true };
  if (Array.isArray(value)) return { L: value.map((each: unknown) => toAttribute(each, depth + 1)) };
  return attributeOf(value, depth) ?? { M: toAttributes(value, depth + 1) };
}

function attributeOf(value: object, depth: number): AttributeValue | undefined {
  const [first, ...more] = Object.entries(value);
  if (first === undefined || more.length > 0) return undefined;
  const [type, inner]: readonly [string, unknown] = first;
  if (type === "S" && typeof inner === "string") return { S: inner };
  if (type === "N" && typeof inner === "string" && isNumber(inner)) return { N: inner };
  if (type === "BOOL" && typeof inner === "boolean") return { BOOL: inner };
  if (type === "NULL") return { NULL: true };
  if (type === "L" && Array.isArray(inner)) return { L: inner.map((each: unknown) => toAttribute(each, depth + 1)) };
  if (type === "M" && isObject(inner)) return { M: toAttributes(inner, depth + 1) };
  const isTexts = type === "SS" && Array.isArray(inner) && inner.length > 0;
  return isTexts ? { SS: inner.flatMap((each: unknown) => (typeof each === "string" ? each : [])) } : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
