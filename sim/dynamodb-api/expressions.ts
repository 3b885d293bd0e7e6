/**
 * DynamoDB's expressions as far as this code base sends them: conditions, updates, key conditions, projections.
 * Owns their grammar and what they do to a row; one that is not known here is an error, never a guess. Reserved words are not
 * known to be reserved.
 */
import { addNumbers, areEqual, compareValues, type Row, typeOf, type Value } from "./attribute-values.ts";
import { Tokens } from "./expression-tokens.ts";
import { notKnown, RequestError } from "./request-error.ts";

/** What stands behind the placeholders of a request. */
export type Bindings = { readonly names: Readonly<Record<string, string>>; readonly values: Row };

export type Operand = { readonly type: "path" | "value" | "size"; readonly word: string };
type Comparator = (typeof COMPARATORS)[number];

export type Condition =
  | { readonly type: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly type: "not"; readonly part: Condition }
  | { readonly type: "compare"; readonly comparator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly type: "between"; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly type: "in"; readonly operand: Operand; readonly choices: readonly Operand[] }
  | { readonly type: "exists" | "not-exists"; readonly path: string }
  | { readonly type: "has-type" | "begins-with"; readonly path: string; readonly value: string };

type SetAction = {
  readonly path: string;
  readonly first: Operand;
  readonly plus?: { readonly sign: 1 | -1; readonly second: Operand };
};

export type Update = {
  readonly set: readonly SetAction[];
  readonly remove: readonly string[];
  readonly add: readonly { readonly path: string; readonly value: string }[];
  readonly delete: readonly { readonly path: string; readonly value: string }[];
};

/** An expression that was read, and the placeholders in it. */
export type Parsed<Meaning> = { readonly meaning: Meaning; readonly placeholders: ReadonlySet<string> };

const COMPARATORS = ["=", "<>", "<", "<=", ">", ">="] as const;

export function parseCondition(text: string): Parsed<Condition> {
  return parse(text, takeAlternatives);
}

export function parseProjection(text: string): Parsed<readonly string[]> {
  return parse(text, (tokens) => takeList(tokens, () => tokens.takePath()));
}

export function parseUpdate(text: string): Parsed<Update> {
  return parse(text, (tokens) => {
    const clauses = { set: [], remove: [], add: [], delete: [] } satisfies Record<keyof Update, never[]>;
    const update: { -readonly [Clause in keyof Update]: Update[Clause] } = clauses;
    const seen = new Set<keyof Update>();
    while (!tokens.done) {
      const clause = (["set", "remove", "add", "delete"] as const).find((each) => tokens.takes(each.toUpperCase()));
      if (clause === undefined || seen.has(clause)) {
        throw new RequestError("ValidationException", `Invalid UpdateExpression: "${text}"`);
      }
      seen.add(clause);
      const takePair = () => ({ path: tokens.takePath(), value: tokens.takeValue() });
      if (clause === "set") update.set = takeList(tokens, () => takeSet(tokens));
      else if (clause === "remove") update.remove = takeList(tokens, () => tokens.takePath());
      else update[clause] = takeList(tokens, takePair);
    }
    return update;
  });
}

/** Whether a row (undefined: there is none) meets a condition. */
export function meets(row: Row | undefined, condition: Condition, bindings: Bindings): boolean {
  const readOperand = (operand: Operand) => read(row, operand, bindings);
  switch (condition.type) {
    case "and":
      return condition.parts.every((part) => meets(row, part, bindings));
    case "or":
      return condition.parts.some((part) => meets(row, part, bindings));
    case "not":
      return !meets(row, condition.part, bindings);
    case "exists":
      return row?.[nameOf(condition.path, bindings)] !== undefined;
    case "not-exists":
      return row?.[nameOf(condition.path, bindings)] === undefined;
    case "has-type": {
      const value = row?.[nameOf(condition.path, bindings)];
      const wanted = bound(condition.value, bindings);
      return value !== undefined && "S" in wanted && typeOf(value) === wanted.S;
    }
    case "begins-with": {
      const value = row?.[nameOf(condition.path, bindings)];
      const prefix = bound(condition.value, bindings);
      return value !== undefined && "S" in value && "S" in prefix && value.S.startsWith(prefix.S);
    }
    case "between": {
      const value = readOperand(condition.operand);
      return compares(readOperand(condition.low), "<=", value) && compares(value, "<=", readOperand(condition.high));
    }
    case "in": {
      const value = readOperand(condition.operand);
      return condition.choices.some((choice) => value !== undefined && compares(value, "=", readOperand(choice)));
    }
    case "compare":
      return compares(readOperand(condition.left), condition.comparator, readOperand(condition.right));
  }
}

/** The row after an update; every right-hand side is of the row before it. Throws `RequestError` where DynamoDB would. */
export function applyUpdate(row: Row, update: Update, bindings: Bindings): Row {
  const next: Record<string, Value> = { ...row };
  for (const { path, first, plus } of update.set) {
    const value = present(read(row, first, bindings));
    next[nameOf(path, bindings)] =
      plus === undefined ? value : added(value, present(read(row, plus.second, bindings)), plus.sign);
  }
  for (const path of update.remove) delete next[nameOf(path, bindings)];
  for (const { path, value } of update.add) {
    const name = nameOf(path, bindings);
    next[name] = joined(row[name], bound(value, bindings));
  }
  for (const { path, value } of update.delete) {
    const name = nameOf(path, bindings);
    const rest = without(row[name], bound(value, bindings));
    if (rest === undefined) delete next[name];
    else next[name] = rest;
  }
  return next;
}

export function nameOf(path: string, { names }: Bindings): string {
  if (!path.startsWith("#")) return path;
  const name = names[path];
  if (name === undefined) throw new RequestError("ValidationException", `${path} is not in ExpressionAttributeNames`);
  return name;
}

export function bound(word: string, { values }: Bindings): Value {
  const value = values[word];
  if (value === undefined) throw new RequestError("ValidationException", `${word} is not in ExpressionAttributeValues`);
  return value;
}

function parse<Meaning>(text: string, take: (tokens: Tokens) => Meaning): Parsed<Meaning> {
  const tokens = new Tokens(text);
  const meaning = take(tokens);
  tokens.end();
  return { meaning, placeholders: tokens.placeholders };
}

function takeList<Entry>(tokens: Tokens, takeOne: () => Entry): Entry[] {
  const entries = [takeOne()];
  while (tokens.takes(",")) entries.push(takeOne());
  return entries;
}

function takeAlternatives(tokens: Tokens): Condition {
  const parts = [takeAll(tokens)];
  while (tokens.takes("OR")) parts.push(takeAll(tokens));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: "or", parts };
}

function takeAll(tokens: Tokens): Condition {
  const parts = [takeOne(tokens)];
  while (tokens.takes("AND")) parts.push(takeOne(tokens));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: "and", parts };
}

function takeOne(tokens: Tokens): Condition {
  if (tokens.takes("NOT")) return { type: "not", part: takeOne(tokens) };
  if (tokens.takes("(")) {
    const inner = takeAlternatives(tokens);
    tokens.expect(")");
    return inner;
  }
  for (const [name, type] of [
    ["attribute_exists", "exists"],
    ["attribute_not_exists", "not-exists"],
  ] as const) {
    if (tokens.takesCall(name)) return { type, path: lastOf(tokens, tokens.takePath()) };
  }
  for (const [name, type] of [
    ["attribute_type", "has-type"],
    ["begins_with", "begins-with"],
  ] as const) {
    if (!tokens.takesCall(name)) continue;
    const path = tokens.takePath();
    tokens.expect(",");
    return { type, path, value: lastOf(tokens, tokens.takeValue()) };
  }
  return takeComparison(tokens);
}

function takeComparison(tokens: Tokens): Condition {
  const left = takeOperand(tokens);
  if (tokens.takes("BETWEEN")) {
    const low = takeOperand(tokens);
    tokens.expect("AND");
    return { type: "between", operand: left, low, high: takeOperand(tokens) };
  }
  if (tokens.takes("IN")) {
    tokens.expect("(");
    const choices = takeList(tokens, () => takeOperand(tokens));
    tokens.expect(")");
    return { type: "in", operand: left, choices };
  }
  const comparator = tokens.takeOneOf(COMPARATORS);
  if (comparator === undefined) throw notKnown("a condition that neither compares nor calls a function");
  return { type: "compare", comparator, left, right: takeOperand(tokens) };
}

function takeOperand(tokens: Tokens): Operand {
  if (tokens.takesCall("size")) return { type: "size", word: lastOf(tokens, tokens.takePath()) };
  return takePlainOperand(tokens);
}

function takePlainOperand(tokens: Tokens): Operand {
  return tokens.isAtValue ? { type: "value", word: tokens.takeValue() } : { type: "path", word: tokens.takePath() };
}

function takeSet(tokens: Tokens): SetAction {
  const path = tokens.takePath();
  tokens.expect("=");
  const first = takePlainOperand(tokens);
  const sign = tokens.takeOneOf(["+", "-"] as const);
  return sign === undefined
    ? { path, first }
    : { path, first, plus: { sign: sign === "+" ? 1 : -1, second: takePlainOperand(tokens) } };
}

/** What was taken, when the call's closing bracket follows. */
function lastOf(tokens: Tokens, word: string): string {
  tokens.expect(")");
  return word;
}

function read(row: Row | undefined, operand: Operand, bindings: Bindings): Value | undefined {
  if (operand.type === "value") return bound(operand.word, bindings);
  const value = row?.[nameOf(operand.word, bindings)];
  if (operand.type === "path" || value === undefined) return value;
  const length = lengthOf(value);
  return length === undefined ? undefined : { N: `${length}` };
}

/** What `size` gives: characters, entries; other types have none. */
function lengthOf(value: Value): number | undefined {
  if ("S" in value) return value.S.length;
  if ("SS" in value) return value.SS.length;
  if ("NS" in value) return value.NS.length;
  if ("L" in value) return value.L.length;
  if ("M" in value) return Object.keys(value.M).length;
  return undefined;
}

function compares(left: Value | undefined, comparator: Comparator, right: Value | undefined): boolean {
  if (left === undefined || right === undefined) return comparator === "<>";
  const order = compareValues(left, right);
  switch (comparator) {
    case "=":
      return areEqual(left, right);
    case "<>":
      return !areEqual(left, right);
    case "<":
      return order !== undefined && order < 0;
    case "<=":
      return order !== undefined && order <= 0;
    case ">":
      return order !== undefined && order > 0;
    case ">=":
      return order !== undefined && order >= 0;
  }
}

function present(value: Value | undefined): Value {
  if (value !== undefined) return value;
  throw new RequestError(
    "ValidationException",
    "The provided expression refers to an attribute that does not exist in the item",
  );
}

function added(a: Value, b: Value, sign: 1 | -1): Value {
  if ("N" in a && "N" in b) return { N: addNumbers(a.N, b.N, sign) };
  throw wrongType();
}

/** `ADD`: a number to a number, a set to a set of its type. */
function joined(before: Value | undefined, value: Value): Value {
  if ("N" in value && (before === undefined || "N" in before)) return { N: addNumbers(before?.N ?? "0", value.N, 1) };
  if ("SS" in value && (before === undefined || "SS" in before)) {
    return { SS: [...new Set([...(before?.SS ?? []), ...value.SS])] };
  }
  if ("NS" in value && (before === undefined || "NS" in before)) {
    return { NS: [...new Set([...(before?.NS ?? []), ...value.NS])] };
  }
  throw wrongType();
}

/** `DELETE`: what is left of a set, undefined when nothing is. */
function without(before: Value | undefined, value: Value): Value | undefined {
  if (before === undefined && ("SS" in value || "NS" in value)) return undefined;
  if (before !== undefined && "SS" in before && "SS" in value) {
    const gone = new Set(value.SS);
    const rest = before.SS.filter((entry) => !gone.has(entry));
    return rest.length === 0 ? undefined : { SS: rest };
  }
  if (before !== undefined && "NS" in before && "NS" in value) {
    const gone = new Set(value.NS);
    const rest = before.NS.filter((entry) => !gone.has(entry));
    return rest.length === 0 ? undefined : { NS: rest };
  }
  throw wrongType();
}

function wrongType(): RequestError {
  return new RequestError("ValidationException", "An operand in the update expression has an incorrect data type");
}
