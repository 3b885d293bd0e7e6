/**
 * The key of the order API, for functions: from the variables, or from Secrets Manager, and the headers signed with it
 * (CONTRACTS 3). Owns where the key comes from and that it is never shown: nothing else of a function holds it.
 */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { SecretsProvider } from "@aws-lambda-powertools/parameters/secrets";
import * as z from "zod";
import { InputError } from "../core/errors.ts";
import { makeSecretsManager } from "./aws-clients.ts";
import type { Environment } from "./environment.ts";

/** A request as it is signed. */
type SignedParts = {
  /** Epoch milliseconds; the venue refuses one that is more than 5 s off its clock. */
  readonly timestampMs: number;
  readonly method: string;
  /** As sent: percent-encoding and query included. */
  readonly path: string;
  readonly body: string;
};

/** Makes the headers that say who asks. */
export type SignHeaders = (parts: SignedParts) => Readonly<Record<string, string>>;

export type CambrianKeys = {
  /** The key as it is known. Rejects with `InputError` when there is none that can be read. */
  current(): Promise<SignHeaders>;
  /** The key read anew, as after a refusal; undefined where it can not change in this process. */
  renewed(): Promise<SignHeaders> | undefined;
};

/** Reads a secret's text by its ARN; `fresh` passes over what is remembered. */
export type ReadSecret = (arn: string, options: { readonly fresh: boolean }) => Promise<unknown>;

/** A rotated key is found by its refusal, so a secret may be remembered for long: each reading is a paid request. */
const REMEMBERED_SECONDS = 900;

const DIRECT_NAMES = ["CAMBRIAN_API_KEY", "CAMBRIAN_SECRET_KEY"] as const;
const SECRET_NAME = "CAMBRIAN_SECRET_ARN";

const word = z.string().regex(/^[\x21-\x7e]{1,1024}$/);
const secretSchema = z.object({ apiKey: word, secretKey: word });

/** The variables that must be there: none when the secret's ARN is, or both that hold the key themselves. */
export function keyVariables(environment: Environment): readonly string[] {
  const isSet = (name: string) => (environment[name] ?? "") !== "";
  if (DIRECT_NAMES.some(isSet)) return DIRECT_NAMES;
  return [SECRET_NAME];
}

/** The keys of an environment that has `keyVariables`. Variables win over the secret: that is the local use. */
export function makeKeys(environment: Environment, readSecret: ReadSecret = makeSecretReader()): CambrianKeys {
  const [apiKey = "", secretKey = ""] = DIRECT_NAMES.map((name) => environment[name]);
  if (apiKey !== "") {
    const sign = makeSigner({ apiKey, secretKey });
    return { current: async () => sign, renewed: () => undefined };
  }
  const arn = environment[SECRET_NAME] ?? "";
  const read = async (fresh: boolean) => makeSigner(parseSecret(await readSecret(arn, { fresh })));
  return { current: () => read(false), renewed: () => read(true) };
}

function makeSigner(key: { readonly apiKey: string; readonly secretKey: string }): SignHeaders {
  const secret: KeyObject = createSecretKey(key.secretKey, "utf8");
  return ({ timestampMs, method, path, body }) => ({
    "x-cambrian-key": key.apiKey,
    "x-cambrian-timestamp": `${timestampMs}`,
    "x-cambrian-signature": createHmac("sha256", secret)
      .update(`${timestampMs}\n${method}\n${path}\n${body}`)
      .digest("hex"),
  });
}

/** The client is made with the first reading: where variables hold the key there is none. */
export function makeSecretReader(): ReadSecret {
  let provider: SecretsProvider | undefined;
  return async (arn, { fresh }) => {
    provider ??= new SecretsProvider({ awsSdkV3Client: makeSecretsManager() });
    return await provider.get(arn, { maxAge: REMEMBERED_SECONDS, forceFetch: fresh });
  };
}

/** Errors tell the shape alone: an error of the parser would show what it parsed. */
function parseSecret(text: unknown): z.infer<typeof secretSchema> {
  const parsed = secretSchema.safeParse(typeof text === "string" ? parseJson(text) : undefined);
  if (parsed.success) return parsed.data;
  throw new InputError({
    what: `the secret of ${SECRET_NAME}`,
    expected: 'JSON such as {"apiKey":"…","secretKey":"…"}',
    was: "something else, or not filled yet",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
