/** An answer from outside, read by its schema. Owns that a fault says what was read, what belongs there and what stood there. */
import type * as z from "zod";
import { answerFault } from "../core/answer-fault.ts";

/** Throws `InputError`; `what` names the answer. */
export function readAnswer<Schema extends z.ZodType>(schema: Schema, answer: unknown, what: string): z.infer<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw answerFault(what, answer, parsed.error);
}
