/** Texts from outside that may be only so long. Owns the bound: zod's own (4.6) also looks at what is no text, and may throw on it. */
import * as z from "zod";

/** A text of `least` (0 unless told) to `most` UTF-16 code units. */
export function boundedText(most: number, least = 0) {
  return z
    .string()
    .refine((text) => text.length >= least && text.length <= most, `a text of ${least} to ${most} characters`);
}
