/**
 * The details of the events on the bus (CONTRACTS 6), as grammars that JSON Schemas are made from (`config/events.schema.json`). Owns the
 * shapes for whoever says or reads them; what an event does is its function's. Keys that are not named are passed over.
 */
import * as z from "zod";

const symbol = z.string().regex(/^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/);
const market = symbol.describe("The market, such as SEI/USDC; all of them when left out.").optional();
const reason = z.string().describe("Why, in words: it stands on the page and in the log.");
const hour = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}$/);
const nothing = z.looseObject({}).describe("Nothing is read of it.");

/** By source, then by detail-type. */
export const EVENT_DETAILS = {
  "flashmm.operator": {
    "Report Requested": z.looseObject({
      hour: hour.describe("UTC hour that is over, such as 2026-01-02T03; the last one when left out.").optional(),
      dryRun: z.boolean().describe("Figures, chart and text, and no post.").optional(),
    }),
    "Quoting Halt Requested": z.looseObject({ market, reason: reason.optional() }),
    "Quoting Resume Requested": z.looseObject({ market, reason: reason.optional() }),
    "Dashboards Provision Requested": nothing,
    "Health Sweep Requested": nothing,
  },
  "flashmm.engine": {
    "Risk Limit Breached": z.looseObject({
      limit: z.string().describe("Which limit, with its market where it is of one."),
      reason,
      by: z.string().describe("The function that found it; the task when left out.").optional(),
    }),
    "Quoting Halted": z.looseObject({
      market: symbol,
      reason,
      nothingLive: z.boolean().describe("Whether the venue itself showed that nothing of ours is left."),
      heldMs: z.number().describe("Milliseconds since quoting was first held back."),
    }),
    "Quoting Resumed": z.looseObject({ market: symbol, reason }),
    "Feed Failed Over": z.looseObject({ endpoint: z.string(), failovers: z.int().min(1), reason }),
    "Operator Request Refused": z.looseObject({
      requested: z.string().describe("The detail-type that was asked for."),
      eventId: z.string().nullable().describe("The id of the refused event."),
      time: z.string().describe("The time of the refused event."),
      detail: z.unknown().describe("Its detail, as it came."),
      reason: z.string().describe("What was wrong, what was expected, what was."),
      by: z.string(),
    }),
  },
  "flashmm.health": {
    "Integration Health Changed": z.looseObject({ integration: z.string(), healthy: z.boolean(), detail: z.string() }),
  },
} as const;

/** One JSON Schema of every event's detail, by source and detail-type. */
export function makeEventsJsonSchema(): Record<string, unknown> {
  const ofSource = (types: Readonly<Record<string, z.ZodType>>) =>
    Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, z.toJSONSchema(schema, { io: "input" })]));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Details of the events on the bus flashmm, by source and detail-type",
    $defs: Object.fromEntries(Object.entries(EVENT_DETAILS).map(([source, types]) => [source, ofSource(types)])),
  };
}
