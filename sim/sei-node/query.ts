/**
 * The query language of a node's subscriptions (Tendermint's internal/pubsub/query/syntax): `tag op value {AND …}`.
 * Owns grammar, error texts and matching; a bare tag means an attribute of the event, as the interface of the feed has it.
 */
import type { WireEvent } from "../../core/sei/wire-event.ts";
import type { EventMap } from "./chain-event.ts";

export type Query = {
  /** As the client wrote it; echoed with each event. */
  readonly text: string;
  /** The same for queries that mean the same: one connection may subscribe to each but once. */
  readonly normalized: string;
  readonly conditions: readonly Condition[];
};

type Relation = "=" | "<" | "<=" | ">" | ">=";

type Condition =
  | { readonly tag: string; readonly operator: "EXISTS" }
  | { readonly tag: string; readonly operator: "CONTAINS" | "="; readonly text: string }
  | { readonly tag: string; readonly operator: Relation; readonly value: number };

export type ParsedQuery =
  | { readonly ok: true; readonly query: Query }
  | { readonly ok: false; readonly reason: string };

/** rpc/core/events.go: a longer query is refused before it is read. */
const QUERY_CHARACTERS_MAX = 512;

/** Parses a query. A refused one carries the node's own words, as they stand in `error.data`. */
export function parseQuery(text: string): ParsedQuery {
  if (text.length > QUERY_CHARACTERS_MAX) return { ok: false, reason: "maximum query length exceeded" };
  const tokens = scan(text);
  const conditions: Condition[] = [];
  let next = 0;
  for (;;) {
    const parsed = parseCondition(tokens, next);
    if (!parsed.ok) return { ok: false, reason: `failed to parse query: ${parsed.reason}` };
    conditions.push(parsed.condition);
    next = parsed.next;
    const joiner = tokenAt(tokens, next);
    if (joiner.kind === "end") break;
    if (joiner.kind !== "AND operator") {
      const reason = `failed to parse query: offset ${joiner.offset}: got ${joiner.kind}, want AND operator`;
      return { ok: false, reason };
    }
    next += 1;
  }
  return { ok: true, query: { text, normalized: normalize(conditions), conditions } };
}

/** Whether the event is one the query asks for. */
export function matches(query: Query, event: WireEvent): boolean {
  return query.conditions.every((condition) => meets(condition, attributeOf(condition.tag, event)));
}

/** Whether an event of the chain, or a stored result, is one the query asks for: of a tag's values one must fit. */
export function matchesTags(query: Query, tags: EventMap): boolean {
  return query.conditions.every((condition) => (tags[condition.tag] ?? []).some((value) => meets(condition, value)));
}

function attributeOf(tag: string, event: WireEvent): string | undefined {
  if (tag === "tm.event") return event.type;
  const prefix = `${event.type}.`;
  return event.attributes[tag.startsWith(prefix) ? tag.slice(prefix.length) : tag];
}

function meets(condition: Condition, found: string | undefined): boolean {
  if (found === undefined) return false;
  if (condition.operator === "EXISTS") return true;
  if ("text" in condition) {
    return condition.operator === "=" ? found === condition.text : found.includes(condition.text);
  }
  const number = /^\d+(\.\d*)?$/.test(found) ? Number(found) : Date.parse(found);
  if (Number.isNaN(number)) return false;
  return compare(condition.operator, number, condition.value);
}

function compare(operator: Relation, left: number, right: number): boolean {
  switch (operator) {
    case "=":
      return left === right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
}

type Word = "AND operator" | "CONTAINS operator" | "EXISTS operator";
type Comparison = "= operator" | "< operator" | "<= operator" | "> operator" | ">= operator";
type Value = "string" | "number" | "timestamp" | "datestamp";
type Kind = "invalid token" | "tag" | Value | Word | Comparison;
type Token = { readonly kind: Kind | "end"; readonly text: string; readonly offset: number };

type ParsedCondition =
  | { readonly ok: true; readonly condition: Condition; readonly next: number }
  | { readonly ok: false; readonly reason: string };

const OPERATORS = [
  "< operator",
  "<= operator",
  "> operator",
  ">= operator",
  "= operator",
  "CONTAINS operator",
  "EXISTS operator",
] as const;
const ORDERED = ["number", "timestamp", "datestamp"] as const;

function parseCondition(tokens: readonly Token[], start: number): ParsedCondition {
  const tag = tokenAt(tokens, start);
  if (tag.kind !== "tag") return unwanted(tag, ["tag"]);
  const next = start + 2;
  const operator = tokenAt(tokens, start + 1);
  const value = tokenAt(tokens, next);
  switch (operator.kind) {
    case "EXISTS operator":
      return { ok: true, condition: { tag: tag.text, operator: "EXISTS" }, next };
    case "CONTAINS operator":
      if (value.kind !== "string") return unwanted(value, ["string"]);
      return { ok: true, condition: { tag: tag.text, operator: "CONTAINS", text: value.text }, next: next + 1 };
    case "= operator":
      if (value.kind === "string") {
        return { ok: true, condition: { tag: tag.text, operator: "=", text: value.text }, next: next + 1 };
      }
      return parseComparison(tag.text, "=", value, next);
    case "< operator":
      return parseComparison(tag.text, "<", value, next);
    case "<= operator":
      return parseComparison(tag.text, "<=", value, next);
    case "> operator":
      return parseComparison(tag.text, ">", value, next);
    case ">= operator":
      return parseComparison(tag.text, ">=", value, next);
    default:
      return unwanted(operator, OPERATORS);
  }
}

function parseComparison(tag: string, operator: Relation, token: Token, next: number): ParsedCondition {
  const value = token.kind === "number" ? Number(token.text) : Date.parse(token.text);
  if (!ORDERED.some((kind) => kind === token.kind) || Number.isNaN(value)) {
    return unwanted(token, operator === "=" ? [...ORDERED, "string"] : ORDERED);
  }
  return { ok: true, condition: { tag, operator, value }, next: next + 1 };
}

function unwanted(token: Token, wanted: readonly Kind[]): ParsedCondition {
  const last = wanted.at(-1) ?? "";
  const label = wanted.length < 2 ? last : `${wanted.slice(0, -1).join(", ")} or ${last}`;
  // The real scanner holds an invalid token at the end of the input.
  const got = token.kind === "end" ? "invalid token" : token.kind;
  return { ok: false, reason: `offset ${token.offset}: got ${got}, wanted ${label}` };
}

const TOKEN =
  /\s*(?:'([^']*)'|(TIME [-T:+Z\d]+)|(DATE [-\d]+)|(\d+(?:\.\d*)?)|([\p{L}_.][\p{L}\p{Nd}_.]*)|(<=|>=|<|>|=)|(\S))/uy;

/** Splits the query; after something that is no token nothing follows, as nothing after it is read. */
function scan(text: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const token = toToken(match);
    tokens.push(token);
    end = TOKEN.lastIndex;
    if (token.kind === "invalid token") break;
  }
  tokens.push({ kind: "end", text: "", offset: end });
  return tokens;
}

function toToken(match: RegExpExecArray): Token {
  const [whole, string, time, date, number, word, comparison] = match;
  const offset = match.index + whole.length - whole.trimStart().length;
  if (string !== undefined) return { kind: "string", text: string, offset };
  if (time !== undefined) return { kind: "timestamp", text: time.slice("TIME ".length), offset };
  if (date !== undefined) return { kind: "datestamp", text: date.slice("DATE ".length), offset };
  if (number !== undefined) return { kind: "number", text: number, offset };
  if (word !== undefined) return { kind: toWord(word), text: word, offset };
  if (comparison !== undefined) return { kind: toComparison(comparison), text: comparison, offset };
  return { kind: "invalid token", text: whole, offset };
}

function toWord(text: string): Kind {
  if (text === "AND") return "AND operator";
  if (text === "EXISTS") return "EXISTS operator";
  return text === "CONTAINS" ? "CONTAINS operator" : "tag";
}

function toComparison(text: string): Kind {
  if (text === "=") return "= operator";
  if (text === "<") return "< operator";
  if (text === "<=") return "<= operator";
  return text === ">" ? "> operator" : ">= operator";
}

function tokenAt(tokens: readonly Token[], index: number): Token {
  return tokens[Math.min(index, tokens.length - 1)] ?? { kind: "end", text: "", offset: 0 };
}

function normalize(conditions: readonly Condition[]): string {
  return conditions
    .map((condition) => {
      if ("text" in condition) return `${condition.tag} ${condition.operator} '${condition.text}'`;
      return "value" in condition
        ? `${condition.tag} ${condition.operator} ${condition.value}`
        : `${condition.tag} EXISTS`;
    })
    .join(" AND ");
}
