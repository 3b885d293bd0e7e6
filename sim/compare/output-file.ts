/** Files that a run writes at its end. Owns the look at them before it: a run may take an hour, and a slip in a name should not. */
import { closeSync, openSync } from "node:fs";
import { InputError } from "../../core/errors.ts";

/** Makes the file where it is not there yet. Throws `InputError` naming `what` where it can not be written. */
export function assertWritable(file: string, what: string): void {
  try {
    closeSync(openSync(file, "a"));
  } catch (cause) {
    const was = cause instanceof Error ? cause.message : String(cause);
    throw new InputError({ what: `${what} ${file}`, expected: "a file that can be written", was, cause });
  }
}
