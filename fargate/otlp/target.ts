/**
 * Where the task's figures are pushed to: three words that the environment or a secret holds. Owns their grammar. None of them is ever
 * in a fault, since a token may have slipped into the wrong place.
 */
import { Secret } from "../secret.ts";

/** Plain data: two readings of one configuration are compared value by value. */
export type PushTarget = {
  /** The whole address that figures are posted to. */
  readonly url: string;
  readonly instanceId: string;
  readonly token: Secret;
};

/** `given`: the environment holds the words; `secret`: they are to be read, and may come and change while the task runs. */
export type PushSource =
  | { readonly type: "given"; readonly target: PushTarget }
  | { readonly type: "secret"; readonly arn: string };

/** Where each word stands: in the secret, and in the environment. */
const WORDS = {
  url: {
    field: "otlpUrl",
    variable: "OTLP_URL",
    expected: "an https:// address without a query, or an http:// one of this machine",
    isValid: isAddress,
  },
  instanceId: {
    field: "otlpInstanceId",
    variable: "OTLP_INSTANCE_ID",
    expected: "1 to 128 letters, digits, dots, hyphens or underscores",
    isValid: (text: string) => /^[A-Za-z0-9._-]{1,128}$/.test(text),
  },
  token: {
    field: "otlpToken",
    variable: "OTLP_TOKEN",
    expected: "1 to 1024 printable characters without spaces",
    isValid: (text: string) => /^[\x21-\x7e]{1,1024}$/.test(text),
  },
} as const;

type Place = "field" | "variable";

/** Secrets are a deployed task's: its group lets it out to this one, and to those of venue and nodes (`infra/constructs/trading-network.ts`). */
const OTHER_PORT = /^https:\/\/[^/]*:(?!0*443(?:\/|$))/;

/** The target; undefined when none of the words is there, or what is wrong with them. All three or none: half a target is a mistake. */
export function readTarget(
  wordOf: (name: string) => unknown,
  place: Place,
): PushTarget | { readonly faults: readonly string[] } | undefined {
  const found = Object.values(WORDS).map((word) => ({ word, value: wordOf(word[place]) ?? "" }));
  if (found.every(({ value }) => value === "")) return undefined;
  const faults = found.flatMap(({ word, value }) => {
    if (typeof value === "string" && word.isValid(value)) {
      if (place === "variable" || !OTHER_PORT.test(value) || word !== WORDS.url) return [];
      const expected = "on port 443, which a deployed task may reach";
      return [`${word.field} must be ${expected}, was something else (not shown)`];
    }
    return [`${word[place]} must be ${word.expected}, was ${value === "" ? "absent" : "something else (not shown)"}`];
  });
  if (faults.length > 0) return { faults };
  const [url = "", instanceId = "", token = ""] = found.map(({ value }) => String(value));
  return { url: metricsUrl(url), instanceId, token: new Secret(token) };
}

/** The header `authorization` of HTTP basic authentication (RFC 7617), as Grafana Cloud's endpoint wants it. */
export function authorizationOf(target: PushTarget): string {
  return `Basic ${pairOf(target)}`;
}

/** Whether a text shows the token, in either of its forms. */
export function isTokenShownIn(text: string, target: PushTarget): boolean {
  return text.includes(target.token.reveal()) || text.includes(pairOf(target));
}

function pairOf({ instanceId, token }: PushTarget): string {
  return Buffer.from(`${instanceId}:${token.reveal()}`, "utf8").toString("base64");
}

/** The names of the words in a secret, for people. */
export const SECRET_FIELDS: string = Object.values(WORDS)
  .map(({ field }) => field)
  .join(", ");

const ARN = /^arn:aws[a-z-]{0,20}:secretsmanager:[a-z0-9-]{1,32}:\d{12}:secret:[A-Za-z0-9/_+=.@-]{1,519}$/;

/** What the environment says of the push; undefined where it says nothing. What is wrong is added to `faults`. */
export function readPushSource(env: (name: string) => string | undefined, faults: string[]): PushSource | undefined {
  const target = readTarget(env, "variable");
  if (target !== undefined && "faults" in target) faults.push(...target.faults);
  else if (target !== undefined) return { type: "given", target };
  const arn = env("GRAFANA_SECRET_ARN");
  if (arn === undefined) return undefined;
  if (!ARN.test(arn)) {
    const was = arn.startsWith("arn:") ? JSON.stringify(arn) : "something else (not shown)";
    faults.push(`GRAFANA_SECRET_ARN must be the ARN of a secret, was ${was}`);
  }
  return { type: "secret", arn };
}

/** The token goes out in a header: in clear only to a server of this machine. */
function isAddress(text: string): boolean {
  const isSafe = /^(?:https:\/\/[A-Za-z0-9.-]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(?:\/|$)/.test(
    text,
  );
  return isSafe && /^[\x21\x22\x24-\x3e\x40-\x7e]{1,1024}$/.test(text) && URL.parse(text) !== null;
}

/** The address as Grafana Cloud shows it ends before the signal's own path, which OTLP/HTTP appends; both are taken. */
function metricsUrl(text: string): string {
  const base = text.replace(/\/+$/, "");
  return base.endsWith("/v1/metrics") ? base : `${base}/v1/metrics`;
}
