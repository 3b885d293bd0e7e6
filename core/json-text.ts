/**
 * Whatever came from outside as JSON text for people. Owns that it never fails: what was nested deep enough to be read is not always
 * shallow enough to be written, and words about a bad value must not become a fault of their own.
 */

/** What stands for a value that JSON cannot say. */
const NO_TEXT = "a value that cannot be written";

export function toJsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? NO_TEXT;
  } catch {
    // Too deep for the stack, a ring, a bigint inside.
    return NO_TEXT;
  }
}
