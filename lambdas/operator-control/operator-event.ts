/** The event that a halt or a resume comes in (CONTRACTS 6). Owns its envelope; what the detail asks for is `apply-request.ts`'s. */
import * as z from "zod";

/** An event of another shape, source or kind is a wrong wiring, and fails as a whole. */
export const operatorEventSchema = z.looseObject({
  "detail-type": z.enum(["Quoting Halt Requested", "Quoting Resume Requested"]),
  source: z.literal("flashmm.operator"),
  id: z
    .string()
    .regex(/^.{0,200}$/s)
    .optional(),
  account: z.string().optional(),
  time: z.string(),
  detail: z.record(z.string(), z.unknown()),
});
