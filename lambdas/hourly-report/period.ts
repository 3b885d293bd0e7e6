/**
 * What a report is of: an hour, or some other minutes, as a local run asks for, whose hours are shorter. Owns names and bounds; all of it is
 * UTC.
 */
import { InputError } from "../../core/errors.ts";
import { parseIsoTime } from "../../core/sei/iso-time.ts";

/** Venue times and minutes: `from` is included, `to` is not. */
export type Period = {
  /** The report's key: `2026-01-02T03` of an hour, `2026-01-02T03:04_2026-01-02T03:07` of other minutes. */
  readonly id: string;
  /** `2026-01-02T03:00:00.000Z`, whole minutes both. */
  readonly from: string;
  readonly to: string;
  readonly minutes: number;
  /** The hour, where it is one. */
  readonly hour: string | undefined;
};

export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A chart of more would show nothing, and every fill of the period is read. */
const MINUTES_MAX = 24 * 60;

const HOUR = /^\d{4}-\d\d-\d\dT\d\d$/;
const MINUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/;

/** The hour `2026-01-02T03`. Throws `InputError` on any other text. */
export function hourPeriod(hour: string): Period {
  const fromMs = HOUR.test(hour) ? readTime(`${hour}:00:00.000Z`, "hour", hour) : refuse("hour", hour);
  return { ...toBounds(fromMs, fromMs + HOUR_MS), id: hour, hour };
}

/** The last hour that was over at `nowMs`. */
export function lastFullHour(nowMs: number): Period {
  return hourPeriod(new Date(Math.floor(nowMs / HOUR_MS) * HOUR_MS - HOUR_MS).toISOString().slice(0, 13));
}

/** The minutes from one to another, such as `2026-01-02T03:04`, of a day at most. Throws `InputError` on anything else. */
export function minutesPeriod(from: string, to: string): Period {
  const [fromMs = 0, toMs = 0] = [["from", from] as const, ["to", to] as const].map(([what, text]) =>
    MINUTE.test(text) ? readTime(`${text}:00.000Z`, what, text) : refuse(what, text),
  );
  const minutes = (toMs - fromMs) / MINUTE_MS;
  if (minutes < 1 || minutes > MINUTES_MAX) {
    throw new InputError({ what: "to", expected: `1 to ${MINUTES_MAX} minutes after from, ${from}`, was: to });
  }
  return { ...toBounds(fromMs, toMs), id: `${from}_${to}`, hour: undefined };
}

/** `2026-01-02 03:00–04:00 UTC`; the second day too where there are two. */
export function periodTitle({ from, to }: Pick<Period, "from" | "to">): string {
  const [day, start] = [from.slice(0, 10), from.slice(11, 16)];
  const [lastDay, end] = [to.slice(0, 10), to.slice(11, 16)];
  // The end of an hour before midnight is of the next day, and nobody is in doubt about it.
  const isOneDay = day === lastDay || (end === "00:00" && Date.parse(lastDay) - Date.parse(day) === 24 * HOUR_MS);
  return isOneDay ? `${day} ${start}–${end} UTC` : `${day} ${start} – ${lastDay} ${end} UTC`;
}

/** The time that a minute of the period ends before: `2026-01-02T03:05:00.000Z` of the first from 03:04 on. */
export function minuteEnd({ from }: Pick<Period, "from">, index: number): string {
  return new Date(Date.parse(from) + (index + 1) * MINUTE_MS).toISOString();
}

function toBounds(fromMs: number, toMs: number): Pick<Period, "from" | "to" | "minutes"> {
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    minutes: (toMs - fromMs) / MINUTE_MS,
  };
}

function readTime(iso: string, what: string, was: string): number {
  try {
    return parseIsoTime(iso, what);
  } catch {
    return refuse(what, was);
  }
}

function refuse(what: string, was: string): never {
  const example = what === "hour" ? "an hour such as 2026-01-02T03" : "a minute such as 2026-01-02T03:04";
  throw new InputError({ what, expected: `${example}, UTC`, was });
}
