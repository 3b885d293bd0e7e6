/**
 * A DynamoDB table in memory, behind the wire protocol (JSON 1.0): puts, gets, updates, deletes, queries and scans as this code
 * base sends them. Strict: a parameter or an expression that is not known is refused, nothing is passed over. Owns the operations;
 * held to dynalite and to DynamoDB Local by tests. It has no indexes, no streams, no time to live, and every read is consistent.
 */
import { type Row, readRow } from "./attribute-values.ts";
import {
  applyUpdate,
  type Bindings,
  type Condition,
  meets,
  nameOf,
  type Parsed,
  parseCondition,
  parseProjection,
  parseUpdate,
  type Update,
} from "./expressions.ts";
import { toKeyRange } from "./key-range.ts";
import { checkCondition, checkUpdate } from "./operand-checks.ts";
import { notKnown, RequestError } from "./request-error.ts";
import { type FoundRow, LAST, parseRow, type RowKey, Rows } from "./rows.ts";

/** Developer guide, "Query" and "Scan": bytes looked at for one page. */
const PAGE_BYTES_MAX = 1_024 * 1_024;
const PK_BYTES_MAX = 2_048;
const SK_BYTES_MAX = 1_024;

type Answer = { readonly statusCode: number; readonly body: string };

/** The last answer to a read of one partition, good until that partition changes: the same few are asked again and again. */
type Remembered = {
  readonly target: string | undefined;
  readonly pk: string;
  readonly version: number;
  readonly answer: Answer;
};
const REMEMBERED_MAX = 500;
const REMEMBERED_CHARACTERS_MAX = 20_000;

const WRITE = ["ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues", "ReturnValues"] as const;
const PAGE = [
  "ConsistentRead",
  "ExclusiveStartKey",
  "ExpressionAttributeNames",
  "ExpressionAttributeValues",
  "FilterExpression",
  "Limit",
  "ProjectionExpression",
  "Select",
] as const;

export class Table {
  readonly name: string;
  readonly #rows = new Rows();
  /** Of the expressions seen: this code base has some dozens, so they are never forgotten. */
  readonly #conditions = new Map<string, Parsed<Condition>>();
  readonly #updates = new Map<string, Parsed<Update>>();
  readonly #projections = new Map<string, Parsed<readonly string[]>>();
  /** By the request's body: putting its target before it would cost as much as the rest. */
  readonly #remembered = new Map<string, Remembered>();
  #readPk: string | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Answers one request: `target` is its `x-amz-target`. */
  handle(target: string | undefined, body: string): Answer {
    const remembered = this.#remembered.get(body);
    if (remembered !== undefined && remembered.target === target) {
      if (remembered.version === this.#rows.version(remembered.pk)) return remembered.answer;
    }
    this.#readPk = undefined;
    try {
      const answer = { statusCode: 200, body: this.#dispatch(target ?? "", new Input(JSON.parse(body))) };
      this.#remember(target, body, answer);
      return answer;
    } catch (error) {
      if (error instanceof RequestError) return { statusCode: 400, body: error.body };
      throw error;
    }
  }

  #remember(target: string | undefined, body: string, answer: Answer): void {
    const pk = this.#readPk;
    if (pk === undefined || answer.body.length > REMEMBERED_CHARACTERS_MAX) return;
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(body, { target, pk, version: this.#rows.version(pk), answer });
  }

  #dispatch(target: string, input: Input): string {
    if (input.text("TableName") !== this.name) {
      throw new RequestError("ResourceNotFoundException", "Requested resource not found");
    }
    switch (target) {
      case "DynamoDB_20120810.PutItem":
        return this.#put(input.only("TableName", "Item", ...WRITE));
      case "DynamoDB_20120810.UpdateItem":
        return this.#update(input.only("TableName", "Key", "UpdateExpression", ...WRITE));
      case "DynamoDB_20120810.DeleteItem":
        return this.#delete(input.only("TableName", "Key", ...WRITE));
      case "DynamoDB_20120810.GetItem":
        return this.#get(
          input.only("TableName", "Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"),
        );
      case "DynamoDB_20120810.Query":
        return this.#query(input.only("TableName", "KeyConditionExpression", "ScanIndexForward", ...PAGE));
      case "DynamoDB_20120810.Scan":
        return this.#scan(input.only("TableName", ...PAGE));
      default:
        throw notKnown(target);
    }
  }

  #put(input: Input): string {
    const row = readRow(input.fields["Item"]);
    const key = toKey(row, false);
    const before = this.#rows.get(key);
    this.#check(input, before);
    this.#rows.put(key, row);
    return toReturned(input, before, row);
  }

  #update(input: Input): string {
    const key = toKey(readRow(input.fields["Key"]), true);
    const update = parsed(this.#updates, parseUpdate, input.text("UpdateExpression"));
    const before = this.#rows.get(key);
    const bindings = this.#check(input, before, update);
    const after = applyUpdate(before ?? { pk: { S: key.pk }, sk: { S: key.sk } }, update.meaning, bindings);
    this.#rows.put(key, after);
    return toReturned(input, before, after);
  }

  #delete(input: Input): string {
    const key = toKey(readRow(input.fields["Key"]), true);
    const before = this.#rows.get(key);
    this.#check(input, before);
    this.#rows.delete(key);
    return toReturned(input, before, undefined);
  }

  #get(input: Input): string {
    const key = toKey(readRow(input.fields["Key"]), true);
    const projection = this.#projection(input);
    const bindings = input.bindings(projection);
    this.#readPk = key.pk;
    const row = this.#rows.get(key);
    return row === undefined ? "{}" : JSON.stringify({ Item: projected(row, projection?.meaning, bindings) });
  }

  #query(input: Input): string {
    const condition = parsed(this.#conditions, parseCondition, input.text("KeyConditionExpression"));
    const isForward = input.fields["ScanIndexForward"] !== false;
    const start = input.startKey();
    const page = this.#page(input, condition, (bindings) => {
      const range = toKeyRange(condition.meaning, bindings);
      if (start !== undefined && start.pk !== range.pk) {
        throw new RequestError("ValidationException", "The provided starting key is outside query boundaries");
      }
      this.#readPk = range.pk;
      const [from, to] = isForward ? [start?.sk ?? range.from, range.to] : [range.from, start?.sk ?? range.to];
      const rows = this.#rows.walk(range.pk, { from, to, isForward });
      return { rows, after: start?.sk };
    });
    return page;
  }

  #scan(input: Input): string {
    return this.#page(input, undefined, () => ({
      rows: this.#rows.walkAll(input.startKey()),
      after: undefined,
    }));
  }

  /** One page of rows: at most `Limit`, at most a mebibyte, before the filter. */
  #page(
    input: Input,
    keyCondition: Parsed<Condition> | undefined,
    find: (bindings: Bindings) => {
      readonly rows: Iterable<FoundRow>;
      readonly after: string | undefined;
    },
  ): string {
    const filterText = input.optionalText("FilterExpression");
    const filter = filterText === undefined ? undefined : parsed(this.#conditions, parseCondition, filterText);
    const projection = this.#projection(input);
    const bindings = input.bindings(keyCondition, filter, projection);
    for (const each of [keyCondition, filter]) if (each !== undefined) checkCondition(each.meaning, bindings);
    const limit = input.limit();
    const { rows, after } = find(bindings);
    const found: string[] = [];
    let looked = 0;
    let bytes = 0;
    let last: RowKey | undefined;
    for (const { pk, stored } of rows) {
      if (stored.sk === after) continue;
      looked += 1;
      bytes += stored.bytes;
      if (filter === undefined && projection === undefined) found.push(stored.json);
      else {
        const row = parseRow(stored);
        if (filter === undefined || meets(row, filter.meaning, bindings)) {
          found.push(JSON.stringify(projected(row, projection?.meaning, bindings)));
        }
      }
      if (looked === limit || bytes >= PAGE_BYTES_MAX) {
        last = { pk, sk: stored.sk };
        break;
      }
    }
    const next =
      last === undefined ? "" : `,"LastEvaluatedKey":${JSON.stringify({ pk: { S: last.pk }, sk: { S: last.sk } })}`;
    const items = input.optionalText("Select") === "COUNT" ? "" : `,"Items":[${found.join(",")}]`;
    return `{"Count":${found.length},"ScannedCount":${looked}${items}${next}}`;
  }

  /** The bindings of a write whose condition holds; throws `ConditionalCheckFailedException` otherwise. */
  #check(input: Input, before: Row | undefined, update?: Parsed<Update>): Bindings {
    const text = input.optionalText("ConditionExpression");
    const condition = text === undefined ? undefined : parsed(this.#conditions, parseCondition, text);
    const bindings = input.bindings(condition, update);
    if (condition !== undefined) checkCondition(condition.meaning, bindings);
    if (update !== undefined) checkUpdate(update.meaning, bindings);
    if (condition !== undefined && !meets(before, condition.meaning, bindings)) {
      throw new RequestError("ConditionalCheckFailedException", "The conditional request failed");
    }
    return bindings;
  }

  #projection(input: Input): Parsed<readonly string[]> | undefined {
    const text = input.optionalText("ProjectionExpression");
    return text === undefined ? undefined : parsed(this.#projections, parseProjection, text);
  }
}

/** The parameters of a request, still unread. */
class Input {
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(body: unknown) {
    if (typeof body !== "object" || body === null) throw new RequestError("SerializationException", "not an object");
    this.fields = { ...body };
  }

  /** Itself, when it has no parameter beside these. */
  only(...names: readonly string[]): this {
    const unknown = Object.keys(this.fields).find((name) => !names.includes(name));
    if (unknown !== undefined) throw notKnown(`the parameter ${unknown}`);
    return this;
  }

  text(name: string): string {
    const value = this.fields[name];
    if (typeof value !== "string") throw new RequestError("ValidationException", `${name} must be text`);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.fields[name] === undefined ? undefined : this.text(name);
  }

  limit(): number | undefined {
    const limit = this.fields["Limit"];
    if (limit === undefined || (typeof limit === "number" && Number.isSafeInteger(limit) && limit > 0)) return limit;
    throw new RequestError("ValidationException", "Limit must be a whole number of at least 1");
  }

  startKey(): RowKey | undefined {
    const key = this.fields["ExclusiveStartKey"];
    return key === undefined ? undefined : toKey(readRow(key), true);
  }

  /** What the placeholders of these expressions stand for; one too many or too few is an error, as it is on AWS. */
  bindings(...expressions: readonly (Parsed<unknown> | undefined)[]): Bindings {
    const names: Record<string, string> = {};
    for (const [word, name] of Object.entries(this.fields["ExpressionAttributeNames"] ?? {})) {
      if (typeof name !== "string") throw new RequestError("SerializationException", "a name must be text");
      names[word] = name;
    }
    const values = readRow(this.fields["ExpressionAttributeValues"] ?? {});
    const isUsed = (word: string): boolean =>
      expressions.some((expression) => expression?.placeholders.has(word) === true);
    for (const provided of [names, values]) {
      for (const word of Object.keys(provided)) {
        if (!isUsed(word)) throw new RequestError("ValidationException", `${word} is provided and not used`);
      }
    }
    for (const expression of expressions) {
      for (const word of expression?.placeholders ?? []) {
        if (word in names || word in values) continue;
        throw new RequestError("ValidationException", `${word} is used and not provided`);
      }
    }
    return { names, values };
  }
}

function parsed<Meaning>(
  seen: Map<string, Parsed<Meaning>>,
  parse: (text: string) => Parsed<Meaning>,
  text: string,
): Parsed<Meaning> {
  let expression = seen.get(text);
  if (expression === undefined) {
    expression = parse(text);
    seen.set(text, expression);
  }
  return expression;
}

function toKey(row: Row, isAlone: boolean): RowKey {
  const { pk, sk } = row;
  const fits = pk !== undefined && sk !== undefined && "S" in pk && "S" in sk;
  if (!fits || (isAlone && Object.keys(row).length !== 2)) {
    throw new RequestError("ValidationException", "The provided key element does not match the schema");
  }
  const isEmpty = pk.S === "" || sk.S === "";
  if (isEmpty || Buffer.byteLength(pk.S) > PK_BYTES_MAX || Buffer.byteLength(sk.S) > SK_BYTES_MAX || sk.S > LAST) {
    throw new RequestError("ValidationException", "One or more parameter values were invalid: the size of a key");
  }
  return { pk: pk.S, sk: sk.S };
}

function projected(row: Row, paths: readonly string[] | undefined, bindings: Bindings): Row {
  if (paths === undefined) return row;
  const names = paths.map((path) => nameOf(path, bindings));
  return Object.fromEntries(Object.entries(row).filter(([name]) => names.includes(name)));
}

function toReturned(input: Input, before: Row | undefined, after: Row | undefined): string {
  const wanted = input.optionalText("ReturnValues") ?? "NONE";
  if (wanted === "NONE") return "{}";
  if (wanted !== "ALL_OLD" && wanted !== "ALL_NEW") throw notKnown(`the return values ${wanted}`);
  const row = wanted === "ALL_OLD" ? before : after;
  return row === undefined ? "{}" : JSON.stringify({ Attributes: row });
}
