/**
 * The one error of bad input: it names what was read, what was expected and what was found.
 * Owns no policy: whoever reads the input decides whether to count it, drop it or stop.
 */
import { toJsonText } from "./json-text.ts";

const SHOWN_CHARACTERS_MAX = 120;

/** A value from outside that does not fit its grammar. `what` names the field, e.g. `bids[3].price`. */
export class InputError extends Error {
  readonly code = "BAD_INPUT";
  readonly what: string;
  readonly expected: string;
  readonly was: string;

  constructor(input: {
    readonly what: string;
    readonly expected: string;
    readonly was: unknown;
    readonly cause?: unknown;
  }) {
    const was = shown(input.was);
    super(`${input.what} must be ${input.expected}, was ${was}`, { cause: input.cause });
    this.name = "InputError";
    this.what = input.what;
    this.expected = input.expected;
    this.was = was;
  }
}

/** A value as it may stand in a message: quoted, on one line, cut to 120 characters. */
function shown(value: unknown): string {
  if (value === undefined) return "absent";
  const text = typeof value === "bigint" ? `${value}` : toJsonText(value);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}
