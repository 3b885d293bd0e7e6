/**
 * What is fuzzed: a parser behind its edge, with recordings to begin from and the laws of what it lets through. Owns how a refusal is
 * told from a fault; what is thrown at a target, and what else is held against it, is `oracle.ts`'s.
 */
import { ZodError } from "zod";
import { InputError } from "../../core/errors.ts";

export type Verdict = "accepted" | "refused";

export type Target = {
  readonly name: string;
  /** Its part of a run's inputs, next to the other targets'. */
  readonly share: number;
  /** Whole inputs as they come in a healthy run. */
  readonly recordings: readonly (string | Uint8Array)[];
  /** Hand-made inputs as large as may come, given as they are and seldom. */
  readonly large?: readonly string[];
  /** Gives one input to the parser. Whatever this throws, or rejects with, is a fault: typed refusals are answers. */
  run(input: Buffer): Verdict | Promise<Verdict>;
};

/** What was let through does not keep a law of its type. */
export class BrokenLawError extends Error {
  readonly code = "LAW_BROKEN";

  constructor(law: string, was: string) {
    super(`${law}, was ${was}`);
    this.name = law;
  }
}

/** Throws `BrokenLawError`; `law` is the same text for every breach, `was` what broke it. */
export function requireLaw(holds: boolean, law: string, was: () => string): asserts holds {
  if (!holds) throw new BrokenLawError(law, was());
}

export type IsRefusal = (error: unknown) => boolean;

/** The refusals of nearly every parser here. */
export function isInputRefusal(error: unknown): boolean {
  return error instanceof InputError || error instanceof ZodError;
}

/** Reads, holds the value to the laws, and says what came of it. An error that is no refusal goes on. */
export function judge<Value>(
  read: () => Value,
  { isRefusal = isInputRefusal, laws }: { readonly isRefusal?: IsRefusal; readonly laws: (value: Value) => void },
): Verdict {
  let value: Value;
  try {
    value = read();
  } catch (error) {
    if (isRefusal(error)) return "refused";
    throw error;
  }
  laws(value);
  return "accepted";
}

/** The same of a parser that answers later. */
export async function judgeLater<Value>(
  read: () => Promise<Value>,
  { isRefusal = isInputRefusal, laws }: { readonly isRefusal?: IsRefusal; readonly laws: (value: Value) => void },
): Promise<Verdict> {
  let value: Value;
  try {
    value = await read();
  } catch (error) {
    if (isRefusal(error)) return "refused";
    throw error;
  }
  laws(value);
  return "accepted";
}

/** A parser of what JSON text says, whose caller reads the text: text that is no JSON never gets as far. */
export function makeJsonTarget<Value>(parts: {
  readonly name: string;
  readonly share: number;
  readonly recordings: readonly (string | Uint8Array)[];
  readonly read: (json: unknown) => Value;
  readonly isRefusal?: IsRefusal;
  readonly laws: (value: Value) => void;
}): Target {
  const { name, share, recordings, read, isRefusal = isInputRefusal, laws } = parts;
  return {
    name,
    share,
    recordings,
    run: (input) => {
      const json = parseJson(input.toString("utf8"));
      return json === undefined ? "refused" : judge(() => read(json.value), { isRefusal, laws });
    },
  };
}

/** Undefined for text that is none. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
