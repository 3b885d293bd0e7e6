/**
 * Decimal text to and from scaled integers: the strict grammar every price, size, fee and amount crosses a boundary in.
 * Owns no units: what a number means is said by `units.ts`, `market.ts` and the ledger.
 */
import { InputError } from "./errors.ts";

const GRAMMAR = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/;

/** DynamoDB keeps 38 significant digits; a longer text could not be stored as it is. */
const DIGITS_MAX = 38;

/** Decimals that amounts of money are carried with inside the books (CONTRACTS 5: divisions carry 18 decimals). */
export const MONEY_DECIMALS = 18;

/** A parsed decimal: the value is `units / 10^decimals`. */
export type Decimal = { readonly units: bigint; readonly decimals: number };

/**
 * Reads decimal text: an optional minus, digits without leading zeros, an optional fraction; no sign, no exponent, no
 * spaces, at most 38 digits. Throws `InputError` naming `what`.
 */
export function parseDecimal(text: unknown, what: string): Decimal {
  const match = typeof text === "string" && text.length <= DIGITS_MAX + 2 ? GRAMMAR.exec(text) : null;
  if (match === null) throw new InputError({ what, expected: 'a decimal string such as "0.4213"', was: text });
  const [, sign, whole = "", fraction = ""] = match;
  if (whole.length + fraction.length > DIGITS_MAX) {
    throw new InputError({ what, expected: `a decimal string of at most ${DIGITS_MAX} digits`, was: text });
  }
  const magnitude = BigInt(whole + fraction);
  return { units: sign === "-" ? -magnitude : magnitude, decimals: fraction.length };
}

/** Reads decimal text as an integer of `10^-decimals`, exactly: more decimals than that, other than zeros, throw `InputError`. */
export function parseScaled(text: unknown, decimals: number, what: string): bigint {
  const value = parseDecimal(text, what);
  if (value.decimals <= decimals) return value.units * 10n ** BigInt(decimals - value.decimals);
  const divisor = 10n ** BigInt(value.decimals - decimals);
  if (value.units % divisor !== 0n) {
    throw new InputError({ what, expected: `a decimal string of at most ${decimals} decimals`, was: text });
  }
  return value.units / divisor;
}

/** Writes `units / 10^decimals` as decimal text without trailing zeros: `-1500n` at 3 decimals is `"-1.5"`. */
export function formatScaled(units: bigint, decimals: number): string {
  return units < 0n ? `-${formatDigits((-units).toString(), decimals)}` : formatDigits(units.toString(), decimals);
}

const ZERO = 48;

/** The same of whole digits without a sign. */
export function formatDigits(digits: string, decimals: number): string {
  if (decimals === 0) return digits;
  const padded = digits.padStart(decimals + 1, "0");
  const point = padded.length - decimals;
  let end = padded.length;
  while (end > point && padded.charCodeAt(end - 1) === ZERO) end -= 1;
  return end === point ? padded.slice(0, point) : `${padded.slice(0, point)}.${padded.slice(point, end)}`;
}

/** `numerator / denominator` rounded half to even, the rounding of the books (CONTRACTS 5). The denominator must not be zero. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const quotient = n / d;
  const twice = (n % d) * 2n;
  const up = twice > d || (twice === d && quotient % 2n === 1n);
  const magnitude = up ? quotient + 1n : quotient;
  return negative ? -magnitude : magnitude;
}
