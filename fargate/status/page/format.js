/** Figures as people read them. Decimal strings stay strings: `Intl.NumberFormat` rounds them exactly. Owns no element. */

export const NOTHING = "–";

const MINUS = "\u2212";

const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const amounts = new Map();

/** A decimal string or number with at most `decimals` decimals; `least` of them always; signed when asked. */
export function amount(value, { decimals, least = 0, sign = false }) {
  if (value === null || value === undefined) return NOTHING;
  const key = `${decimals}/${least}/${sign}`;
  let format = amounts.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat("en", {
      maximumFractionDigits: decimals,
      minimumFractionDigits: least,
      signDisplay: sign ? "exceptZero" : "negative",
    });
    amounts.set(key, format);
  }
  return format.format(value).replace("-", MINUS);
}

export function whole(value) {
  return value === null || value === undefined ? NOTHING : count.format(value);
}

/** How many decimals a decimal string has. */
export function decimalsOf(text) {
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

/** Basis points with one decimal. */
export function basisPoints(value, sign = false) {
  return amount(value, { decimals: 1, least: 1, sign });
}

/** Microseconds: `412 µs`, `3.1 ms`, `1.2 s`. */
export function micros(value) {
  if (value === null) return NOTHING;
  if (value < 1_000) return `${amount(value, { decimals: 0 })} µs`;
  if (value < 1_000_000) return `${amount(value / 1_000, { decimals: 2, least: 2 })} ms`;
  return `${amount(value / 1_000_000, { decimals: 2, least: 2 })} s`;
}

/** The age of something, in milliseconds: `0.4 s`, `2 min 5 s`, `3 h 12 min`. */
export function age(millis) {
  if (millis === null) return NOTHING;
  const seconds = Math.max(0, millis) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Epoch milliseconds as the time of day, UTC. */
export function timeOfDay(epochMs) {
  return new Date(epochMs).toISOString().slice(11, 19);
}

/** An ISO time as day and time of day, UTC. */
export function dayAndTime(iso) {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

export function mebibytes(bytes) {
  return `${amount(bytes / 1_048_576, { decimals: 1, least: 1 })} MiB`;
}
