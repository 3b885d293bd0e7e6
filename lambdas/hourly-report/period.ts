/**
 * What a report is of: an hour, or another time of up to a day, as a local run asks for, whose hours are shorter. Owns names and bounds; all
 * of it is UTC.
 */
import { InputError } from "../../core/errors.ts";
import { parseIsoTime } from "../../core/sei/iso-time.ts";

/** Venue times: `from` is included, `to` is not. */
export type Period = {
  /** The report's key: `2026-01-02T03` of an hour, `2026-01-02T03:04_2026-01-02T03:07` of another time. */
  readonly id: string;
  /** `2026-01-02T03:00:00.000Z`, a whole minute. */
  readonly from: string;
  /** A whole second. */
  readonly to: string;
  readonly seconds: number;
  /** Between the points of its series: a minute, or less where there are few of them. */
  readonly stepMs: number;
  /** How many points there are; the last step may be cut short. */
  readonly points: number;
  /** The hour, where it is one. */
  readonly hour: string | undefined;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A chart of more would show nothing, and every fill of the period is read. */
const MINUTES_MAX = 24 * 60;

/** Periods of a quarter of an hour at most have a point every five seconds. */
const SHORT_MS = 15 * MINUTE_MS;
const SHORT_STEP_MS = 5_000;

const HOUR = /^\d{4}-\d\d-\d\dT\d\d$/;
const MINUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/;
const SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

/** The hour `2026-01-02T03`. Throws `InputError` on any other text. */
export function hourPeriod(hour: string): Period {
  const fromMs = HOUR.test(hour) ? readTime(`${hour}:00:00.000Z`, "hour", hour) : refuse("hour", hour);
  return { ...toBounds(fromMs, fromMs + HOUR_MS), id: hour, hour };
}

/** The last hour that was over at `nowMs`. */
export function lastFullHour(nowMs: number): Period {
  return hourPeriod(new Date(Math.floor(nowMs / HOUR_MS) * HOUR_MS - HOUR_MS).toISOString().slice(0, 13));
}

/**
 * The time from a minute, such as `2026-01-02T03:04`, to another or to a second, such as `2026-01-02T03:07:12`; a day at most. Throws
 * `InputError` on anything else.
 */
export function spanPeriod(from: string, to: string): Period {
  const fromMs = MINUTE.test(from) ? readTime(`${from}:00.000Z`, "from", from) : refuse("from", from);
  const toText = MINUTE.test(to) ? `${to}:00` : to;
  const toMs = SECOND.test(toText) ? readTime(`${toText}.000Z`, "to", to) : refuse("to", to);
  if (toMs <= fromMs || toMs - fromMs > MINUTES_MAX * MINUTE_MS) {
    throw new InputError({ what: "to", expected: `after from, ${from}, by ${MINUTES_MAX} minutes at most`, was: to });
  }
  return { ...toBounds(fromMs, toMs), id: `${from}_${to}`, hour: undefined };
}

/** `2026-01-02 03:00–04:00 UTC`; the second day too where there are two. */
export function periodTitle({ from, to }: Pick<Period, "from" | "to">): string {
  const [day, start] = [from.slice(0, 10), from.slice(11, 16)];
  const lastDay = to.slice(0, 10);
  const end = to.slice(17, 19) === "00" ? to.slice(11, 16) : to.slice(11, 19);
  // The end of an hour before midnight is of the next day, and nobody is in doubt about it.
  const isOneDay = day === lastDay || (end === "00:00" && Date.parse(lastDay) - Date.parse(day) === 24 * HOUR_MS);
  return isOneDay ? `${day} ${start}–${end} UTC` : `${day} ${start} – ${lastDay} ${end} UTC`;
}

/** The moment of a point of the series, from 0 for `from` to `points` for `to`, as a venue time. */
export function pointTime({ from, to, stepMs }: Pick<Period, "from" | "to" | "stepMs">, index: number): string {
  return new Date(Math.min(Date.parse(to), Date.parse(from) + index * stepMs)).toISOString();
}

function toBounds(fromMs: number, toMs: number): Omit<Period, "id" | "hour"> {
  const stepMs = toMs - fromMs <= SHORT_MS ? SHORT_STEP_MS : MINUTE_MS;
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    seconds: (toMs - fromMs) / 1_000,
    stepMs,
    points: Math.ceil((toMs - fromMs) / stepMs),
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
