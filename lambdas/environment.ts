/** What a function is told by its environment. Owns the refusal to start without it. */
import { InputError } from "../core/errors.ts";

/** The variables a function cannot do without. Throws one `InputError` that names all that are absent or empty. */
export function requireEnvironment<Name extends string>(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly Name[],
): (name: Name) => string {
  const absent = names.filter((name) => (environment[name] ?? "") === "");
  if (absent.length > 0) {
    throw new InputError({ what: absent.join(", "), expected: "set in the function's environment", was: undefined });
  }
  return (name) => environment[name] ?? "";
}
