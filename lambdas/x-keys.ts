/**
 * The keys of our account at X (OAuth 1.0a) and where X is (CONTRACTS 9): from the variables, or from Secrets Manager. Owns where they come
 * from and that they are never shown. To have none is no fault: then everything happens but the post.
 */
import * as z from "zod";
import { InputError } from "../core/errors.ts";
import { makeSecretReader, type ReadSecret } from "./cambrian-keys.ts";
import type { Environment } from "./environment.ts";
import { readSecretFields } from "./secret-fields.ts";

export type XKeys = {
  readonly appKey: string;
  readonly appSecret: string;
  readonly accessToken: string;
  readonly accessSecret: string;
};

/** The keys; undefined where there are none. Rejects with `InputError` on some that cannot be read. */
export type ReadXKeys = () => Promise<XKeys | undefined>;

const NAMES = {
  appKey: "TWITTER_API_KEY",
  appSecret: "TWITTER_API_SECRET",
  accessToken: "TWITTER_ACCESS_TOKEN",
  accessSecret: "TWITTER_ACCESS_SECRET",
} as const satisfies Readonly<Record<keyof XKeys, string>>;

const word = z.string().regex(/^[\x21-\x7e]{1,512}$/);
const schema = z.object({ appKey: word, appSecret: word, accessToken: word, accessSecret: word });
const EXAMPLE = '{"appKey":"…","appSecret":"…","accessToken":"…","accessSecret":"…"}';

/** Variables win over the secret: that is the local use. Throws `InputError` when only some of them are set, or one is malformed. */
export function makeXKeys(environment: Environment, readSecret: ReadSecret = makeSecretReader()): ReadXKeys {
  const given = Object.entries(NAMES).map(([name, variable]) => [name, environment[variable] ?? ""] as const);
  const absent = given.filter(([, value]) => value === "").map(([name]) => name);
  if (absent.length === 0) {
    const parsed = schema.safeParse(Object.fromEntries(given));
    if (parsed.success) return async () => parsed.data;
    // The parser's own words could show what it parsed.
    const what = Object.values(NAMES).join(", ");
    throw new InputError({ what, expected: "printable characters without spaces", was: "something else" });
  }
  if (absent.length < given.length) {
    const what = absent.map((name) => Reflect.get(NAMES, name)).join(", ");
    throw new InputError({ what, expected: "set where the others of X are", was: undefined });
  }
  const arn = environment["TWITTER_SECRET_ARN"] ?? "";
  if (arn === "") return async () => undefined;
  return async () => await readSecretFields(readSecret, { arn, schema, example: EXAMPLE });
}

/** Scheme and host that stand in for X; undefined means X itself. Throws `InputError` on anything else. */
export function readXBaseUrl({ TWITTER_API_BASE_URL: text = "" }: Environment): string | undefined {
  if (text === "") return undefined;
  if (URL.canParse(text) && new URL(text).origin === text && /^https?:/.test(text)) return text;
  const expected = "a scheme and a host without a path, such as http://127.0.0.1:8080";
  throw new InputError({ what: "TWITTER_API_BASE_URL", expected, was: text });
}
