/** Any calls to a table, made on the in-memory one and on another: every answer must be the same. */
import fc from "fast-check";
import { expect } from "vitest";
import { Table } from "../../../sim/dynamodb-api/table.ts";
import type { TableHost } from "../../../sim/world/table-host.ts";

type Json = Readonly<Record<string, unknown>>;
type Call = { readonly operation: string; readonly input: Json };
type Ask = (call: Call) => Promise<{ readonly statusCode: number; readonly body: unknown }>;

const askHost =
  (host: TableHost): Ask =>
  async ({ operation, input }) => {
    const answer = await host.backend({
      method: "POST",
      path: "/",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${operation}` },
      body: JSON.stringify({ TableName: "ledger", ...input }),
    });
    return { statusCode: answer.statusCode, body: JSON.parse(answer.body) };
  };

function makeMemory(): Ask {
  const table = new Table("ledger");
  return ({ operation, input }) => {
    const body = JSON.stringify({ TableName: "ledger", ...input });
    const answer = table.handle(`DynamoDB_20120810.${operation}`, body);
    return Promise.resolve({ statusCode: answer.statusCode, body: JSON.parse(answer.body) });
  };
}

/** What must be the same: results whole, sets in any order; refusals by their code, as their words differ even between AWS's own. */
function essence({ statusCode, body }: Awaited<ReturnType<Ask>>): unknown {
  const { ConsumedCapacity: _consumed, __type: type, ...rest } = Object(body);
  return statusCode === 200 ? sortSets(rest) : String(type).split("#").at(-1);
}

function sortSets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortSets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      (name === "SS" || name === "NS") && Array.isArray(inner) ? inner.toSorted() : sortSets(inner),
    ]),
  );
}

/** In the one form that AWS gives back, or none at all: DynamoDB Local keeps the zeros and exponents of others, unlike AWS. */
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 12 }).map(String) },
  fc.constantFrom(
    "-0.000000000000000001",
    "12345678901234567890.123456789012345678",
    "99999999999999999999999999999999999999",
    "123456789012345678901234567890123456789",
    "0x1",
    "",
    "NaN",
  ),
);
const text = fc.constantFrom("a", "b", "ab", "é", "\u{1f600}", "\uffee", "Z#1", "");
const leaf: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: number.map((N) => ({ N })) },
  { weight: 3, arbitrary: text.map((S) => ({ S })) },
  fc.boolean().map((BOOL) => ({ BOOL })),
  fc.constant({ NULL: true }),
  fc.uniqueArray(text, { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
  fc.uniqueArray(fc.integer({ min: -2, max: 3 }).map(String), { minLength: 1, maxLength: 3 }).map((NS) => ({ NS })),
);
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: leaf },
  fc.array(leaf, { maxLength: 2 }).map((L) => ({ L })),
  fc.dictionary(fc.constantFrom("x", "y"), leaf).map((M) => ({ M })),
);

/**
 * `@` stands for the case, since all cases share dynalite's one table. Beyond U+FFFF dynalite sorts keys by their bytes, as AWS
 * does, but compares by UTF-16 units, so no comparison has such a text.
 */
const sortKeys = ["A", "B#1", "B#2", "C#é", "C#\uffee", "C#\u{1f600}"];
const key = fc
  .record({ pk: fc.constantFrom("@p", "@q"), sk: fc.constantFrom(...sortKeys) })
  .map(({ pk, sk }) => ({ pk: { S: pk }, sk: { S: sk } }));
const attributes = ["n", "s", "set", "m"];
const row = fc.dictionary(fc.constantFrom(...attributes), value);

const condition = fc.constantFrom(
  "attribute_not_exists(#a)",
  "attribute_exists(#a)",
  "attribute_not_exists(#a) OR #b < :v",
  "attribute_not_exists(#a) OR #a < :v OR (#a = :v AND #b <= :w)",
  "attribute_not_exists(#a) OR size(#a) < :v",
  "attribute_not_exists(#a) OR NOT attribute_type(#a, :t) OR #a <= :v",
  "#a = :v",
  "#a <> :v",
  "NOT (#a >= :v) AND #b > :w",
  "#a BETWEEN :v AND :w",
  "begins_with(#a, :v)",
  "#a IN (:v, :w)",
  "#a =",
  "#a = :absent",
);
const update = fc.constantFrom(
  "SET #a = :v",
  "SET #a = :v, #b = :w REMOVE #c",
  "REMOVE #a SET #b = #b + :v",
  "SET #a = #b - :v",
  "SET #a = #b, #b = #a",
  "ADD #a :v",
  "DELETE #a :v",
  "SET #b = :w DELETE #a :v",
  "ADD #a :v SET #a = :w",
  "SET #a = :v SET #b = :w",
  "SET #a = :v, #a = :w",
);

/** Two values that have an order, the lesser one first. */
const ordered: fc.Arbitrary<readonly Json[]> = fc.oneof(
  fc
    .tuple(fc.integer({ min: -3, max: 12 }), fc.nat({ max: 9 }))
    .map(([low, more]) => [{ N: `${low}` }, { N: `${low + more}.5` }]),
  fc.tuple(fc.constantFrom("A", "a"), fc.constantFrom("ab", "é")).map(([low, high]) => [{ S: low }, { S: high }]),
);
const bindings = fc.record({
  any: fc.tuple(value, value),
  ordered,
  names: fc.shuffledSubarray(attributes, { minLength: 3, maxLength: 3 }),
});
type Bindings = { readonly any: readonly Json[]; readonly ordered: readonly Json[]; readonly names: readonly string[] };

/** The placeholders of some expressions, bound. Where values are put in order they have one: AWS refuses others, dynalite does not. */
function bind(expressions: readonly (string | undefined)[], { any, ordered, names }: Bindings): Json {
  const words = new Set(expressions.flatMap((each) => each?.match(/[#:]\w+/g) ?? []));
  const isOrdered = expressions.some((each) => each !== undefined && /[<>]=? :|BETWEEN/.test(each));
  const [v, w] = isOrdered ? ordered : any;
  const bindable: Json = { "#a": names[0], "#b": names[1], "#c": names[2], ":v": v, ":w": w, ":t": { S: "S" } };
  const bound = Object.entries(bindable).filter(([word]) => words.has(word));
  const ofKind = (sign: string) => Object.fromEntries(bound.filter(([word]) => word.startsWith(sign)));
  return {
    ...(expressions.join().includes("#") ? { ExpressionAttributeNames: ofKind("#") } : {}),
    ...(bound.some(([word]) => word.startsWith(":")) ? { ExpressionAttributeValues: ofKind(":") } : {}),
  };
}

const write: fc.Arbitrary<Call> = fc
  .record({
    operation: fc.constantFrom("PutItem", "UpdateItem", "DeleteItem"),
    key,
    row,
    condition: fc.option(condition, { nil: undefined }),
    update,
    bindings,
    returned: fc.constantFrom("NONE", "ALL_OLD", "ALL_NEW"),
  })
  .map(({ operation, key: Key, ...fields }) => {
    const isUpdate = operation === "UpdateItem";
    const expression = isUpdate ? { UpdateExpression: fields.update } : {};
    return {
      operation,
      input: {
        ...(operation === "PutItem" ? { Item: { ...fields.row, ...Key } } : { Key }),
        ...expression,
        ...(fields.condition === undefined ? {} : { ConditionExpression: fields.condition }),
        ...bind([fields.condition, expression.UpdateExpression], fields.bindings),
        ReturnValues: fields.returned === "ALL_NEW" && !isUpdate ? "NONE" : fields.returned,
      },
    };
  });

const get: fc.Arbitrary<Call> = fc.record({ key, project: fc.boolean() }).map(({ key: Key, project }) => ({
  operation: "GetItem",
  input: {
    Key,
    ConsistentRead: true,
    ...(project ? { ProjectionExpression: "#n, s", ExpressionAttributeNames: { "#n": "n" } } : {}),
  },
}));

const query: fc.Arbitrary<Call> = fc
  .record({
    key,
    to: fc.constantFrom(...sortKeys),
    sort: fc.constantFrom("", " AND #sk = :from", " AND begins_with(#sk, :from)", " AND #sk BETWEEN :from AND :to"),
    limit: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    isForward: fc.boolean(),
    isCount: fc.boolean(),
    after: fc.option(fc.constantFrom(...sortKeys), { nil: undefined }),
  })
  .map(({ key: { pk, sk }, to, sort, limit, isForward, isCount, after }) => {
    const [from, until] = [sk.S, to]
      .map((each) => (sort.includes("BETWEEN") ? each.replace("\u{1f600}", "") : each))
      .sort((a, b) => (a < b ? -1 : 1));
    const bounds: Json = { ":pk": pk, ":from": { S: from }, ":to": { S: until } };
    const words = Object.entries(bounds).filter(([word]) => word === ":pk" || sort.includes(word));
    return {
      operation: "Query",
      input: {
        KeyConditionExpression: `#pk = :pk${sort}`,
        ExpressionAttributeNames: { "#pk": "pk", ...(sort === "" ? {} : { "#sk": "sk" }) },
        ExpressionAttributeValues: Object.fromEntries(words),
        ScanIndexForward: isForward,
        ConsistentRead: true,
        // A page that ends with the last key of its range may or may not say that it is the last one.
        ...(limit === undefined || sort.includes("BETWEEN") ? {} : { Limit: limit }),
        ...(isCount ? { Select: "COUNT" } : {}),
        ...(after === undefined || sort !== "" ? {} : { ExclusiveStartKey: { pk, sk: { S: after } } }),
      },
    };
  });

let cases = 0;
const calls = fc.array(fc.oneof({ weight: 3, arbitrary: write }, get, query), { minLength: 4, maxLength: 25 });

/** Makes so many sequences of calls on both tables. */
export async function expectSameAnswers(host: TableHost, sequences: number): Promise<void> {
  const other = askHost(host);
  await fc.assert(
    fc.asyncProperty(calls, async (sequence) => {
      cases++;
      const memory = makeMemory();
      for (const { operation, input } of sequence) {
        const call = { operation, input: JSON.parse(JSON.stringify(input).replaceAll("@", `${cases}`)) };
        expect(essence(await memory(call)), JSON.stringify(call)).toEqual(essence(await other(call)));
      }
    }),
    { numRuns: sequences },
  );
}
