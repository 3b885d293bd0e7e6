/** The keys of X (CONTRACTS 9): from the variables, or from Secrets Manager. Owns where they come from. */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import { makeSecretReader, type ReadSecret } from "../cambrian-keys.ts";
import type { Environment } from "../environment.ts";
import { readSecretFields } from "../secret-fields.ts";

export type XAccess = {
  readonly appKey: string;
  readonly appSecret: string;
  readonly accessToken: string;
  readonly accessSecret: string;
  /** Scheme and host. */
  readonly baseUrl: string;
};

const BASE_URL = "https://api.x.com";
const NAMES = ["TWITTER_API_KEY", "TWITTER_API_SECRET", "TWITTER_ACCESS_TOKEN", "TWITTER_ACCESS_SECRET"] as const;

const word = z.string().min(1).max(1_024);
const schema = z.object({ appKey: word, appSecret: word, accessToken: word, accessSecret: word });
const EXAMPLE = '{"appKey":"…","appSecret":"…","accessToken":"…","accessSecret":"…"}';

/** What reads the access each time it is asked; undefined from it means that it is not configured. Variables win over the secret. */
export function makeXAccess(
  environment: Environment,
  readSecret: ReadSecret = makeSecretReader(),
): () => Promise<XAccess | undefined> {
  const baseUrl = parseBaseUrl(environment["TWITTER_API_BASE_URL"] || BASE_URL);
  const [appKey = "", appSecret = "", accessToken = "", accessSecret = ""] = NAMES.map((name) => environment[name]);
  if ([appKey, appSecret, accessToken, accessSecret].every((key) => key !== "")) {
    return async () => ({ appKey, appSecret, accessToken, accessSecret, baseUrl });
  }
  const arn = environment["TWITTER_SECRET_ARN"] ?? "";
  return async () => {
    if (arn === "") return undefined;
    const fields = await readSecretFields(readSecret, { arn, schema, example: EXAMPLE });
    return fields && { ...fields, baseUrl };
  };
}

function parseBaseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.pathname !== "/") {
    throw new InputError({ what: "TWITTER_API_BASE_URL", expected: "scheme and host without a path", was: text });
  }
  return url.origin;
}
