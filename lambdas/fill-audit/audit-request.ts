/** What starts an audit: the schedule's event, or one by hand that asks for more. Owns its reading; anything else in it is passed over. */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";

export type AuditRequest = {
  /** Fills younger than this are on their way: missed neither in the ledger nor in the venue's history. */
  readonly graceMs: number;
  /** Everything of the venue's history is compared anew. */
  readonly restart: boolean;
};

/** A fill is booked within seconds; the venue and this function may be ten seconds apart by their clocks. */
const GRACE_SECONDS = 120;

const detailSchema = z.looseObject({
  graceSeconds: z.int().min(0).max(3_600).default(GRACE_SECONDS),
  restart: z.boolean().default(false),
});

/** Reads `detail`, which EventBridge Scheduler sends as text. Throws `InputError` on a value that does not fit. */
export function parseAuditRequest(event: unknown): AuditRequest {
  const detail = detailOf(event);
  const parsed = detailSchema.safeParse(detail);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InputError({
      what: ["detail", ...(issue?.path ?? [])].join("."),
      expected: "graceSeconds of 0 to 3600, restart true or false, or nothing",
      was: detail,
    });
  }
  return { graceMs: parsed.data.graceSeconds * 1_000, restart: parsed.data.restart };
}

function detailOf(event: unknown): unknown {
  const detail = typeof event === "object" && event !== null && "detail" in event ? event.detail : undefined;
  if (typeof detail !== "string") return detail ?? {};
  try {
    return JSON.parse(detail);
  } catch (cause) {
    throw new InputError({ what: "detail", expected: "JSON", was: detail, cause });
  }
}
