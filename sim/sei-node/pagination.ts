/**
 * Pages of a list as cosmos-sdk cuts them (types/query/pagination.go): in the order of the keys' bytes, 100 unless told, the next
 * page by key. Owns the parameters' grammar and the cut.
 */
import { RestError } from "./rest-answer.ts";

/** A balance of one denom, in whole micro-units. */
export type Coin = { readonly denom: string; readonly amount: string };

type Page<Item> = { readonly items: readonly Item[]; readonly nextKey: string | null; readonly total: number };

const LIMIT_DEFAULT = 100;

/** By denom. */
export function keyOfCoin({ denom }: Coin): Buffer {
  return Buffer.from(denom, "utf8");
}

/** The page of `list` that `pagination.key|offset|limit|reverse|count_total` ask for; `RestError` on a bad one. */
export function pageOf<Item>(list: readonly Item[], query: URLSearchParams, keyOf: (item: Item) => Buffer): Page<Item> {
  const key = parseKey(query.get("pagination.key"));
  const offset = parseCount(query, "pagination.offset");
  const asked = parseCount(query, "pagination.limit");
  const countTotal = parseFlag(query, "pagination.count_total") || asked === 0;
  const reverse = parseFlag(query, "pagination.reverse");
  if (key !== null && offset > 0) {
    throw new RestError(
      "invalid-argument",
      "paginate: invalid request, either offset or key is expected, got both: invalid request",
    );
  }
  const sorted = list.map((item) => ({ item, key: keyOf(item) })).toSorted((a, b) => Buffer.compare(a.key, b.key));
  if (reverse) sorted.reverse();
  const start = key === null ? offset : firstFrom(sorted, key, reverse);
  const end = start + (asked === 0 ? LIMIT_DEFAULT : asked);
  const next = sorted[end];
  return {
    items: sorted.slice(start, end).map(({ item }) => item),
    nextKey: next === undefined ? null : next.key.toString("base64"),
    // With a key the chain does not count again, and says 0.
    total: key === null && countTotal ? sorted.length : 0,
  };
}

/** The key need not be there any more: the page begins with the first one at or past it. */
function firstFrom(sorted: readonly { readonly key: Buffer }[], key: Buffer, reverse: boolean): number {
  const index = sorted.findIndex((each) => {
    const order = Buffer.compare(each.key, key);
    return reverse ? order <= 0 : order >= 0;
  });
  return index < 0 ? sorted.length : index;
}

/** Standard or URL base64; a `+` that nobody escaped has become a space on its way. */
function parseKey(text: string | null): Buffer | null {
  if (text === null || text === "") return null;
  const base64 = text.replaceAll(" ", "+").replaceAll("-", "+").replaceAll("_", "/");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw new RestError("invalid-argument", "type mismatch, parameter: pagination.key, error: illegal base64 data");
  }
  return Buffer.from(base64, "base64");
}

function parseCount(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null) return 0;
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(count)) throw mismatch(name, `strconv.ParseUint: parsing "${text}": invalid syntax`);
  return count;
}

function parseFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  if (text === null || text === "false" || text === "0") return false;
  if (text === "true" || text === "1") return true;
  throw mismatch(name, `strconv.ParseBool: parsing "${text}": invalid syntax`);
}

function mismatch(parameter: string, error: string): RestError {
  return new RestError("invalid-argument", `type mismatch, parameter: ${parameter}, error: ${error}`);
}
