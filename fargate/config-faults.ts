/**
 * What is wrong with a configuration, in words: every fault of its grammar, and of fields that must agree.
 * Owns the checks that span several fields; the single field's are `config-schema.ts`'s.
 */
import type * as z from "zod";
import { InputError } from "../core/errors.ts";
import { makeMarket } from "../core/market.ts";
import { type MarketFile, makeConfigJsonSchema, marketFileSchema, shardLimitsSchema } from "./config-schema.ts";
import { type NoteFault, strategyFaults } from "./strategy-faults.ts";

/**
 * The market's letters inside a client order id, `fm-<epoch>-<market>-<b|s><level>-<n>` of at most 36 characters
 * (CONTRACTS 3): 14 leave room for epochs to 999,999 and 10^8 orders.
 */
const MARKET_LETTERS_MAX = 14;

/** A typing slip of at most this many letters is answered with a "did you mean". */
const SLIP_LETTERS_MAX = 3;
/** Of one object: where there are more, it is no configuration, and nobody reads so many lines. */
const UNKNOWN_KEYS_TOLD_MAX = 50;
/** Of a whole file, and markets that are looked at: a list of fifty thousand that are none must not hold up a task that quotes. */
const ISSUES_TOLD_MAX = 200;
/** Beyond this no word is a slip of a key's, and the distance takes as long as both are. */
const SLIP_WORD_LETTERS_MAX = 64;

type Path = readonly PropertyKey[];

/** Names a path for people: `markets[0].limits.position`, or the variable that the value came from. */
export type NamePath = (path: Path) => string;

/** One line for each issue that zod found in `raw`. */
export function grammarFaults(issues: readonly z.core.$ZodIssue[], raw: unknown, namePath: NamePath): string[] {
  if (issues.length > ISSUES_TOLD_MAX) {
    const more = issues.length - ISSUES_TOLD_MAX;
    return [...grammarFaults(issues.slice(0, ISSUES_TOLD_MAX), raw, namePath), `and ${more} more faults`];
  }
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      const told = issue.keys.slice(0, UNKNOWN_KEYS_TOLD_MAX);
      const faults = told.map((key) => unknownKeyFault(issue.path, key, namePath));
      const more = issue.keys.length - told.length;
      const where = namePath(issue.path) || "the configuration";
      return more > 0 ? [...faults, `${where} has ${more} more keys that are not known`] : faults;
    }
    const what = namePath(issue.path) || "the configuration";
    const expected = issue.code === "invalid_type" && issue.expected === "object" ? "an object" : issue.message;
    return [new InputError({ what, expected, was: valueAt(raw, issue.path) }).message];
  });
}

/** Faults between limits of the whole shard that are each well formed. */
export function shardFaults(raw: unknown): string[] {
  const parsed = shardLimitsSchema.safeParse(raw);
  if (!parsed.success) return [];
  const { drawdownAlertPercent: alert, drawdownReducePercent: reduce, drawdownHaltPercent: halt } = parsed.data;
  const faults: string[] = [];
  const note = (what: string, expected: string, was: unknown) => {
    faults.push(new InputError({ what: `shardLimits.${what}`, expected, was }).message);
  };
  if (reduce < alert) note("drawdownReducePercent", `at least drawdownAlertPercent (${alert})`, reduce);
  if (halt < reduce) note("drawdownHaltPercent", `at least drawdownReducePercent (${reduce})`, halt);
  return faults;
}

/** Faults between the fields of markets that are each well formed, so that they are told together with all others. */
export function marketFaults(rawMarkets: unknown): string[] {
  if (!Array.isArray(rawMarkets)) return [];
  const faults: string[] = [];
  const seen = new Map<string, string>();
  let first: string | undefined;
  rawMarkets.slice(0, ISSUES_TOLD_MAX).forEach((raw: unknown, index) => {
    const parsed = marketFileSchema.safeParse(raw);
    if (!parsed.success) return;
    const where = `markets[${index}]`;
    faults.push(...oneMarketFaults(parsed.data, where));
    const { symbol } = parsed.data;
    const letters = symbol.replace("/", "");
    const quote = symbol.split("/")[1];
    first ??= quote;
    if (quote !== first) {
      const expected = `quoted in ${first} as the first one, since limits of value and loss are sums over the shard (another quote asset is another shard)`;
      faults.push(new InputError({ what: `${where}.symbol`, expected, was: symbol }).message);
    }
    const twin = seen.get(letters);
    if (twin !== undefined) {
      const expected = `another market than ${twin}, also without the slash, since client order ids carry it so`;
      faults.push(new InputError({ what: `${where}.symbol`, expected, was: symbol }).message);
    }
    if (letters.length > MARKET_LETTERS_MAX) {
      const expected = `of at most ${MARKET_LETTERS_MAX} letters and digits, to fit client order ids`;
      faults.push(new InputError({ what: `${where}.symbol`, expected, was: symbol }).message);
    }
    seen.set(letters, symbol);
    faults.push(...referenceFaults(parsed.data, where, rawMarkets));
  });
  return faults;
}

/** A reference is another market of the file, whose books are read anyway, or the price that is asked for from outside. */
function referenceFaults(file: MarketFile, where: string, rawMarkets: readonly unknown[]): string[] {
  const { symbol, strategy, referencePrice } = file;
  if (strategy.fairValue?.reference === undefined) return [];
  const reference = strategy.fairValue.reference.market;
  if (reference === undefined) {
    if (referencePrice !== undefined) return ageFaults(strategy.fairValue.reference, referencePrice, where);
    const expected = "given, since the market has no referencePrice that could be followed in its place";
    const what = `${where}.strategy.fairValue.reference.market`;
    return [new InputError({ what, expected, was: undefined }).message];
  }
  const others = rawMarkets.map((raw) => valueAt(raw, ["symbol"])).filter((other) => other !== symbol);
  if (others.includes(reference)) return [];
  const expected = others.length === 0 ? "another market of the file, which has none" : `one of ${others.join(", ")}`;
  return [new InputError({ what: `${where}.strategy.fairValue.reference.market`, expected, was: reference }).message];
}

/** A price that is asked for less often than it may be old is left out most of the time. */
function ageFaults(
  { ageMs }: { readonly ageMs: number },
  { pollMs }: { readonly pollMs: number },
  where: string,
): string[] {
  if (ageMs > pollMs) return [];
  const expected = `above the market's referencePrice.pollMs (${pollMs}), or the price is mostly too old`;
  return [new InputError({ what: `${where}.strategy.fairValue.reference.ageMs`, expected, was: ageMs }).message];
}

function oneMarketFaults(file: MarketFile, where: string): string[] {
  const faults: string[] = [];
  const note: NoteFault = (what, expected, was) => {
    faults.push(new InputError({ what: `${where}.${what}`, expected, was }).message);
  };
  const market = attempt(faults, `${where}.`, () => makeMarket(file));
  if (market === null) return faults;
  const fail = (error: InputError) => {
    faults.push(error.message);
  };
  strategyFaults(file, market, { note, fail, where });
  const { limits } = file;
  if (limits.placeBookAgeMs > limits.bookAgeMs) {
    note("limits.placeBookAgeMs", `at most limits.bookAgeMs (${limits.bookAgeMs})`, limits.placeBookAgeMs);
  }
  return faults;
}

/** Runs a check of core; its complaint becomes a fault with `prefix` before it, and the result null. */
function attempt<Result>(faults: string[], prefix: string, check: () => Result): Result | null {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    faults.push(`${prefix}${error.message}`);
    return null;
  }
}

function unknownKeyFault(path: Path, key: string, namePath: NamePath): string {
  const what = namePath([...path, key]);
  const near = nearest(key, knownKeysAt(path));
  const known = near === null ? "" : `, did you mean "${near}"?`;
  const secret = /key|secret|mnemonic|token|password/i.test(key) && near === null;
  return `${what} is not a known key${secret ? "; secrets come from the environment alone" : known}`;
}

/** Made once, with the first unknown key: it takes milliseconds, and a bad file or item may have a thousand of them. */
let grammar: Record<string, unknown> | undefined;

/** The keys that the grammar knows at a path: of every alternative, where there are several. */
function knownKeysAt(path: Path): readonly string[] {
  grammar ??= makeConfigJsonSchema();
  let nodes: unknown[] = [grammar];
  for (const part of path) {
    nodes = nodes
      .flatMap((node) => [node, ...listAt(node, "oneOf"), ...listAt(node, "anyOf")])
      .map((node) => (typeof part === "number" ? valueAt(node, ["items"]) : valueAt(node, ["properties", part])));
  }
  return nodes
    .flatMap((node) => [node, ...listAt(node, "oneOf"), ...listAt(node, "anyOf")])
    .flatMap((node) => Object.keys(Object(valueAt(node, ["properties"]))));
}

function listAt(node: unknown, key: string): readonly unknown[] {
  const value = valueAt(node, [key]);
  return Array.isArray(value) ? value : [];
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = Reflect.get(current, part);
  }
  return current;
}

/** The known word that a slip is most likely to have meant, or null when none is near. */
function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > SLIP_WORD_LETTERS_MAX) return null;
  let best: string | null = null;
  let bestDistance = Math.min(SLIP_LETTERS_MAX, Math.floor(word.length / 2)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance: insertions, deletions and changes of one letter. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const change = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
