/** Figures as people read them in the report's text and chart. Owns the roundings: half to even for money, nearest for ratios. */
import { divideHalfEven, formatScaled, MONEY_DECIMALS } from "../../core/decimal.ts";

/** The true minus: as wide as a plus. */
const MINUS = "−";
const NOT_KNOWN = "–";

/**
 * An amount of 10^-18 with as many decimals as its size asks for: `12,346`, `1,234.57`, `0.042`. With
 * a plus for gains where `signed`.
 */
export function formatAmount(amount: bigint, options: { readonly signed?: boolean } = {}): string {
  const magnitude = amount < 0n ? -amount : amount;
  const rounded = roundTo(magnitude, decimalsFor(magnitude));
  const [whole = "0", fraction = ""] = formatScaled(rounded.units, rounded.decimals).split(".");
  const shown = rounded.decimals === 0 ? grouped(whole) : `${grouped(whole)}.${fraction.padEnd(2, "0")}`;
  // What rounds to nothing has no sign.
  if (rounded.units === 0n) return "0";
  if (amount < 0n) return `${MINUS}${shown}`;
  return options.signed === true ? `+${shown}` : shown;
}

/** One decimal; `–` where it is not known. */
export function formatPercent(percent: number | undefined): string {
  return percent === undefined ? NOT_KNOWN : `${typeset(percent.toFixed(1))} %`;
}

/** `2,840`. */
export function formatCount(count: number): string {
  return grouped(String(count));
}

/** Basis points: more decimals for what is small; `–` where it is not known. */
export function formatBps(bps: number | undefined): string {
  if (bps === undefined) return NOT_KNOWN;
  const size = Math.abs(bps);
  return typeset(bps.toFixed(size >= 100 ? 0 : size >= 1 ? 1 : size >= 0.1 || size < 0.00005 ? 2 : 4));
}

/** As a number for an axis or the length of a bar: as near as a floating-point one comes. */
export function toNumber(amount: bigint): number {
  return Number(formatScaled(amount, MONEY_DECIMALS));
}

/** `12k`, `3.4M`: short enough for an axis. */
export function formatAxis(value: number): string {
  const size = Math.abs(value);
  for (const [unit, letter] of [
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (size >= unit) return `${trimmed(value / unit, 1)}${letter}`;
  }
  return trimmed(value, size >= 10 ? 1 : 4);
}

const ONE = 10n ** BigInt(MONEY_DECIMALS);

/** Cents for what is worth a unit or more, then as many as it takes to see two digits, six at most. */
function decimalsFor(magnitude: bigint): number {
  if (magnitude >= 10_000n * ONE) return 0;
  if (magnitude >= ONE / 10n || magnitude === 0n) return 2;
  if (magnitude >= ONE / 100n) return 3;
  return magnitude >= ONE / 1_000n ? 4 : 6;
}

function roundTo(magnitude: bigint, decimals: number) {
  return { units: divideHalfEven(magnitude, 10n ** BigInt(MONEY_DECIMALS - decimals)), decimals };
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

function trimmed(value: number, decimals: number): string {
  return typeset(String(Number(value.toFixed(decimals))));
}

/** The true minus, and none in front of nothing. */
function typeset(digits: string): string {
  return /^-0(\.0+)?$/.test(digits) ? digits.slice(1) : digits.replace("-", MINUS);
}
