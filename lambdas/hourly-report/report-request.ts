/**
 * What asks for a report: the schedule, or an operator's `Report Requested` (CONTRACTS 6). Owns the reading; anything else in the event is
 * passed over. `from` and `to` are not in the contract: the local run asks for its own, shorter hours with them.
 */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import { hourPeriod, lastFullHour, type Period, spanPeriod } from "./period.ts";

export type ReportRequest = {
  readonly period: Period;
  /** Everything happens but the post. */
  readonly isDryRun: boolean;
  /** Nobody asked for this very period: an hour that may not be told of yet is waited for. */
  readonly isScheduled: boolean;
};

const detailSchema = z.looseObject({
  hour: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  dryRun: z.boolean().default(false),
});

/**
 * Reads `detail`, which EventBridge Scheduler sends as text; without a period it is the last full hour at the event's own time, so that a
 * run that comes late, or again, is of the same hour. Throws `InputError` on a value that does not fit.
 */
export function parseReportRequest(event: unknown, nowMs: number): ReportRequest {
  const detail = detailOf(event);
  const parsed = detailSchema.safeParse(detail);
  if (!parsed.success) {
    const path = ["detail", ...(parsed.error.issues[0]?.path ?? [])].join(".");
    throw new InputError({ what: path, expected: "hour as text, dryRun true or false, or nothing", was: detail });
  }
  const { hour, from, to, dryRun: isDryRun } = parsed.data;
  const period = readPeriod({ hour, from, to }, eventTime(event) ?? nowMs);
  if (Date.parse(period.to) > nowMs) {
    throw new InputError({ what: "the report's period", expected: "one that is over", was: period.id });
  }
  const isScheduled =
    hour === undefined && from === undefined && !isDryRun && field(event, "source") !== "flashmm.operator";
  return { period, isDryRun, isScheduled };
}

function readPeriod(
  { hour, from, to }: { readonly [Name in "hour" | "from" | "to"]: string | undefined },
  nowMs: number,
): Period {
  if (hour !== undefined && from === undefined && to === undefined) return hourPeriod(hour);
  if (hour === undefined && from !== undefined && to !== undefined) return spanPeriod(from, to);
  if (hour === undefined && from === undefined && to === undefined) return lastFullHour(nowMs);
  throw new InputError({ what: "detail", expected: "hour, or from and to, or none of them", was: { hour, from, to } });
}

function detailOf(event: unknown): unknown {
  const detail = field(event, "detail");
  if (typeof detail !== "string") return detail ?? {};
  try {
    return JSON.parse(detail);
  } catch (cause) {
    throw new InputError({ what: "detail", expected: "JSON", was: detail, cause });
  }
}

/** When the event was made; undefined where it does not say so. */
function eventTime(event: unknown): number | undefined {
  const time = field(event, "time");
  const timeMs = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

function field(event: unknown, name: string): unknown {
  return typeof event === "object" && event !== null ? Object.entries(event).find(([key]) => key === name)?.[1] : null;
}
