/**
 * Venue times, ISO-8601 UTC with milliseconds, to epoch milliseconds and back. By arithmetic, since the core has no clock and
 * no calendar object. Owns no other form of time.
 */
import { assert } from "../assert.ts";
import { InputError } from "../errors.ts";

/** Characters of a time as text. */
export const ISO_TIME_LENGTH = 24;

const ASCII_MAX = 127;
const HYPHEN = 45;
const POINT = 46;
const COLON = 58;
const LETTER_T = 84;
const LETTER_Z = 90;
const DAY_MILLIS = 86_400_000;
const DAYS_PER_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads `2026-01-02T03:04:05.678Z`, years 1970 to 9999, no leap seconds. Throws `InputError` naming `what`. */
export function parseIsoTime(text: unknown, what: string): number {
  const millis = typeof text === "string" ? readIsoTime(text) : -1;
  if (millis < 0) {
    throw new InputError({ what, expected: 'UTC with milliseconds, such as "2026-01-02T03:04:05.678Z"', was: text });
  }
  return millis;
}

/** The same without the error: −1 when the text does not fit. */
export function readIsoTime(text: string): number {
  if (text.length !== ISO_TIME_LENGTH) return -1;
  const codes = new Uint8Array(ISO_TIME_LENGTH);
  for (let i = 0; i < ISO_TIME_LENGTH; i += 1) {
    const code = text.charCodeAt(i);
    // Past a byte it would wrap round to another character.
    if (code > ASCII_MAX) return -1;
    codes[i] = code;
  }
  return readIsoTimeAt(codes, 0);
}

/** The same of the 24 bytes from `start` on: the hot path makes no text of them. */
export function readIsoTimeAt(bytes: Uint8Array, start: number): number {
  if (start + ISO_TIME_LENGTH > bytes.length || !isPunctuated(bytes, start)) return -1;
  const year = readDigits(bytes, start, 4);
  const month = readDigits(bytes, start + 5, 2);
  const day = readDigits(bytes, start + 8, 2);
  const hour = readDigits(bytes, start + 11, 2);
  const minute = readDigits(bytes, start + 14, 2);
  const second = readDigits(bytes, start + 17, 2);
  const millis = readDigits(bytes, start + 20, 3);
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return -1;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || millis < 0) return -1;
  return daysSinceEpoch(year, month, day) * DAY_MILLIS + ((hour * 60 + minute) * 60 + second) * 1_000 + millis;
}

/** Writes whole epoch milliseconds of the years 1970 to 9999 as `2026-01-02T03:04:05.678Z`. */
export function formatIsoTime(epochMs: number): string {
  assert(Number.isSafeInteger(epochMs) && epochMs >= 0, `a time must be whole epoch milliseconds, was ${epochMs}`);
  const days = Math.floor(epochMs / DAY_MILLIS);
  const millis = epochMs - days * DAY_MILLIS;
  const { year, month, day } = civilFromDays(days);
  const time = [Math.floor(millis / 3_600_000), Math.floor(millis / 60_000) % 60, Math.floor(millis / 1_000) % 60];
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  return `${date}T${time.map((part) => pad(part, 2)).join(":")}.${pad(millis % 1_000, 3)}Z`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

function isPunctuated(bytes: Uint8Array, start: number): boolean {
  return (
    bytes[start + 4] === HYPHEN &&
    bytes[start + 7] === HYPHEN &&
    bytes[start + 10] === LETTER_T &&
    bytes[start + 13] === COLON &&
    bytes[start + 16] === COLON &&
    bytes[start + 19] === POINT &&
    bytes[start + 23] === LETTER_Z
  );
}

function readDigits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i += 1) {
    const digit = (bytes[i] ?? 0) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysOf(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (DAYS_PER_MONTH[month - 1] ?? 0);
}

/** Days from 1970-01-01, with years that begin in March so that the leap day is the last (Hinnant, `days_from_civil`). */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The day so many days after 1970-01-01 (Hinnant, `civil_from_days`). */
function civilFromDays(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leapDays = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
