/**
 * The keys of our account at X (OAuth 1.0a): from the variables, or from Secrets Manager. Owns where they come from and that they are never
 * shown. To have none is no fault: then everything happens but the post.
 */
import { SecretsProvider } from "@aws-lambda-powertools/parameters/secrets";
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import { makeSecretsManager } from "../aws-clients.ts";
import type { Environment } from "../environment.ts";

export type XKeys = {
  readonly appKey: string;
  readonly appSecret: string;
  readonly accessToken: string;
  readonly accessSecret: string;
};

/** The keys; undefined where there are none. Rejects with `InputError` on some that cannot be read. */
export type ReadXKeys = () => Promise<XKeys | undefined>;

/** Reads a secret's text by its ARN; undefined while nobody has filled it. */
export type ReadSecret = (arn: string) => Promise<unknown>;

const NAMES = {
  appKey: "TWITTER_API_KEY",
  appSecret: "TWITTER_API_SECRET",
  accessToken: "TWITTER_ACCESS_TOKEN",
  accessSecret: "TWITTER_ACCESS_SECRET",
} as const satisfies Readonly<Record<keyof XKeys, string>>;

const SECRET_NAME = "TWITTER_SECRET_ARN";

const word = z.string().regex(/^[\x21-\x7e]{1,512}$/);
const schema = z.object({ appKey: word, appSecret: word, accessToken: word, accessSecret: word });

/** Variables win over the secret: that is the local use. Throws `InputError` when only some of them are set. */
export function makeXKeys(environment: Environment, readSecret: ReadSecret = makeSecretReader()): ReadXKeys {
  const given = Object.entries(NAMES).map(([name, variable]) => ({
    name,
    variable,
    value: environment[variable] ?? "",
  }));
  const absent = given.filter(({ value }) => value === "").map(({ variable }) => variable);
  if (absent.length === 0) {
    const keys = parseKeys(Object.fromEntries(given.map(({ name, value }) => [name, value])), "TWITTER_…");
    return async () => keys;
  }
  if (absent.length < given.length) {
    throw new InputError({ what: absent.join(", "), expected: "set where the others of X are", was: undefined });
  }
  const arn = environment[SECRET_NAME] ?? "";
  if (arn === "") return async () => undefined;
  return async () => {
    const text = await readSecret(arn);
    return text === undefined ? undefined : parseKeys(parseJson(text), `the secret of ${SECRET_NAME}`);
  };
}

/** The client is made with the first reading: where variables hold the keys there is none. */
function makeSecretReader(): ReadSecret {
  let provider: SecretsProvider | undefined;
  return async (arn) => {
    provider ??= new SecretsProvider({ awsSdkV3Client: makeSecretsManager() });
    try {
      // Once an hour: what is remembered is only in the way of keys that were changed.
      return await provider.get(arn, { forceFetch: true });
    } catch (error) {
      if (isUnfilled(error)) return undefined;
      throw error;
    }
  };
}

/** A secret without a value answers as one that is not there (Secrets Manager, `GetSecretValue`). */
function isUnfilled(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.name === "ResourceNotFoundException" || each.message.includes("ResourceNotFoundException")) return true;
    if (each.message.includes("can't find the specified secret value")) return true;
  }
  return false;
}

/** Errors tell the shape alone: an error of the parser would show what it parsed. */
function parseKeys(value: unknown, what: string): XKeys {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError({
    what,
    expected: 'four keys such as {"appKey":"…","appSecret":"…","accessToken":"…","accessSecret":"…"}',
    was: "something else",
  });
}

function parseJson(text: unknown): unknown {
  try {
    return typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
