/**
 * Secrets that hold JSON, for functions. Owns the difference between a secret that nobody has filled yet, one that is malformed and one
 * that could not be read; nothing of what a secret holds is ever in an error.
 */
import type * as z from "zod";
import { InputError } from "../core/errors.ts";
import type { ReadSecret } from "./cambrian-keys.ts";

/** The fields of a secret; undefined when nobody has filled it yet. Rejects with `InputError` when it holds something else. */
export async function readSecretFields<Fields>(
  readSecret: ReadSecret,
  secret: { readonly arn: string; readonly schema: z.ZodType<Fields>; readonly example: string },
): Promise<Fields | undefined> {
  let text: unknown;
  try {
    text = await readSecret(secret.arn, { fresh: false });
  } catch (error) {
    if (isEmptySecret(error)) return undefined;
    throw error;
  }
  const parsed = secret.schema.safeParse(typeof text === "string" ? parseJson(text) : undefined);
  if (parsed.success) return parsed.data;
  // The parser's own words could show what it parsed.
  throw new InputError({
    what: `the secret ${secret.arn}`,
    expected: `JSON such as ${secret.example}`,
    was: "something else",
  });
}

/** Whether a reading failed because the secret has no value yet: a secret that was never filled has no current version. */
export function isEmptySecret(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.name === "ResourceNotFoundException" || each.message.includes("ResourceNotFoundException")) return true;
    if (each.message.includes("can't find the specified secret value")) return true;
  }
  return false;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
