/**
 * Decimals as objects, each operation a new one: what `decimal.js` is to a usual construction, and quicker than it, since a `bigint` of
 * 18 decimals does the arithmetic. Owns no rounding but the last digit's.
 */
const DECIMALS = 18;
const ONE = 10n ** 18n;

export class Decimal {
  readonly #units: bigint;

  private constructor(units: bigint) {
    this.#units = units;
  }

  /** Reads digits with at most 18 decimals. */
  static of(text: string): Decimal {
    const [whole = "0", fraction = ""] = text.split(".");
    return new Decimal(BigInt(whole + fraction.padEnd(DECIMALS, "0")));
  }

  plus(other: Decimal): Decimal {
    return new Decimal(this.#units + other.#units);
  }

  minus(other: Decimal): Decimal {
    return new Decimal(this.#units - other.#units);
  }

  times(other: Decimal): Decimal {
    return new Decimal((this.#units * other.#units) / ONE);
  }

  dividedBy(other: Decimal): Decimal {
    return new Decimal((this.#units * ONE) / other.#units);
  }

  /** Down to a multiple of `step`. */
  roundedTo(step: Decimal): Decimal {
    return new Decimal((this.#units / step.#units) * step.#units);
  }

  compare(other: Decimal): number {
    if (this.#units === other.#units) return 0;
    return this.#units < other.#units ? -1 : 1;
  }

  toFixed(places: number): string {
    const digits = this.#units.toString().padStart(DECIMALS + 1, "0");
    const cut = digits.slice(0, digits.length - DECIMALS + places);
    return places === 0 ? cut : `${cut.slice(0, cut.length - places)}.${cut.slice(cut.length - places)}`;
  }
}
