/**
 * What a stored item says against what it should say, attribute by attribute. Owns the comparison and its words; what should
 * stand there is the caller's.
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { InputError } from "../core/errors.ts";
import { type Item, readAmount, STATE_OPTIONS } from "./ledger-items.ts";

/** One thing that is not as it must be: `<item> <attribute> must be <expected>, was <was>`. */
export type Difference = {
  readonly item: string;
  /** Empty where the item as a whole is meant. */
  readonly attribute: string;
  readonly expected: string;
  readonly was: string;
};

/** Differences that are named; further ones are counted. */
const NAMED_MAX = 1_000;

/** Numbers that count and are no amounts. */
const COUNTS = new Set(["fillCount", "version"]);

/** Differences in the order they were found, with a bound on how many are kept. */
export class Differences {
  readonly #named: Difference[];
  #count: number;
  #driftUnits: bigint;

  constructor(from?: Differences) {
    this.#named = from === undefined ? [] : [...from.#named];
    this.#count = from === undefined ? 0 : from.#count;
    this.#driftUnits = from === undefined ? 0n : from.#driftUnits;
  }

  get named(): readonly Difference[] {
    return this.#named;
  }

  get count(): number {
    return this.#count;
  }

  /** Σ |stored − expected| over all amounts that differ, in 10^-18; what is not there counts as 0. */
  get driftUnits(): bigint {
    return this.#driftUnits;
  }

  add(difference: Difference): void {
    this.#count++;
    if (this.#named.length < NAMED_MAX) this.#named.push(difference);
  }

  /** Counts what cannot be told by name. */
  addUnnamed(count: number): void {
    this.#count += count;
  }

  /** Compares an item with what it must state; answers whether it does. An absent item is one difference, with all its drift. */
  compareItem(name: string, expected: Item, stored: Item | undefined): boolean {
    const before = this.#count;
    if (stored === undefined) {
      this.add({ item: name, attribute: "", expected: "there", was: "absent" });
      for (const [attribute, value] of Object.entries(expected)) this.#drift(attribute, value, undefined);
      return false;
    }
    for (const attribute of new Set([...Object.keys(expected), ...STATE_OPTIONS])) {
      this.#compare(name, attribute, expected[attribute], stored[attribute]);
    }
    return this.#count === before;
  }

  #compare(item: string, path: string, expected: AttributeValue | undefined, was: AttributeValue | undefined): void {
    if (expected?.M !== undefined && was?.M !== undefined) {
      const names = new Set([...Object.keys(expected.M), ...Object.keys(was.M)]);
      for (const name of names) this.#compare(item, `${path}.${name}`, expected.M[name], was.M[name]);
      return;
    }
    if (isSame(expected, was)) return;
    this.add({ item, attribute: path, expected: shown(expected), was: shown(was) });
    this.#drift(path, expected, was);
  }

  #drift(path: string, expected: AttributeValue | undefined, was: AttributeValue | undefined): void {
    if (COUNTS.has(path.slice(path.lastIndexOf(".") + 1))) return;
    const difference = (amountOf(expected) ?? 0n) - (amountOf(was) ?? 0n);
    this.#driftUnits += difference < 0n ? -difference : difference;
  }
}

function isSame(one: AttributeValue | undefined, other: AttributeValue | undefined): boolean {
  if (one?.N !== undefined && other?.N !== undefined) {
    const [left, right] = [amountOf(one), amountOf(other)];
    return left !== undefined && left === right;
  }
  return one?.S !== undefined ? one.S === other?.S : one === undefined && other === undefined;
}

/** Undefined for whatever is no number of at most 18 decimals. */
function amountOf(value: AttributeValue | undefined): bigint | undefined {
  if (value?.N === undefined) return undefined;
  try {
    return readAmount({ value }, "value");
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function shown(value: AttributeValue | undefined): string {
  return value === undefined ? "absent" : (value.N ?? value.S ?? JSON.stringify(value));
}
