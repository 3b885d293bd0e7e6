/**
 * What is wrong with an answer from outside, as the one error of bad input: where in it, what belongs there, what stood there. Owns these
 * words; the grammar that found the fault is its reader's.
 */
import { InputError } from "./errors.ts";

/** A fault as a schema's library tells it: its path from the root, and what it says of it. */
export type AnswerIssue = {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The type that belongs there, where that is all that is wrong. */
  readonly expected?: unknown;
};

/**
 * Of the first of the issues; `what` names the answer. The library's own error is not kept as its cause: it lists every fault, and whoever
 * tells causes would tell pages.
 */
export function answerFault(
  what: string,
  answer: unknown,
  fault: { readonly issues: readonly AnswerIssue[] },
): InputError {
  const [issue] = fault.issues;
  const path = issue?.path ?? [];
  const expected =
    typeof issue?.expected === "string" ? `of type ${issue.expected}` : (issue?.message ?? "another one");
  return new InputError({
    what: [what, ...path.map(String)].join("."),
    expected,
    was: valueAt(answer, path),
  });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}
