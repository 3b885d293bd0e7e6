/**
 * One look at each thing outside of our account: a node's queries, the order API, Grafana, X. Owns the question and what counts as an
 * answer. A look that gets none throws, and its message is what people read; nothing of a key is in it.
 */
// Its signature alone: the whole library is a fifth of the function's bundle, and one question needs none of the rest.
import { OAuth1Helper } from "twitter-api-v2/dist/cjs/client-mixins/oauth1.helper.js";
import * as z from "zod";
import { boundedText } from "../bounded-text.ts";
import { type CambrianClient, CambrianError } from "../cambrian-client.ts";
import type { GrafanaAccess } from "../grafana-access.ts";
import { readAnswer } from "../read-answer.ts";
import { isEmptySecret } from "../secret-fields.ts";
import type { XKeys } from "../x-keys.ts";
import type { Outcome } from "./integration-record.ts";

/** Node's own `fetch`, as far as it is needed here. */
export type HttpGet = (
  url: string,
  init: { readonly signal: AbortSignal; readonly headers: Record<string, string>; readonly redirect: "error" },
) => Promise<Pick<Response, "status" | "text">>;

/** An address that every chain of Sei has, and that nobody holds: asking for its balances proves that a node answers queries. */
const NOBODY = "sei1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq703fpu";

const X_URL = "https://api.x.com";

const BODY_CHARACTERS_MAX = 100_000;

const balancesSchema = z.object({ balances: z.array(z.object({ denom: z.string(), amount: z.string() })) });
const accountSchema = z.object({ account_id: z.string(), balances: z.array(z.object({ asset: z.string() })) });
const grafanaSchema = z.object({ database: boundedText(200), version: boundedText(50).optional() });
const refusalSchema = z.object({ title: boundedText(200).optional(), detail: boundedText(200).optional() });
const meSchema = z.object({ data: z.object({ username: boundedText(50) }) });

/** Healthy when one of the nodes answers; the detail names those that did not. */
export async function checkSeiRest(
  urls: readonly string[],
  tools: { readonly get: HttpGet; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<Outcome> {
  if (urls.length === 0) return { kind: "not-configured", detail: "SEI_REST_URL is not set" };
  const faults: string[] = [];
  for (const url of urls) {
    try {
      // The first of several must leave time for the others.
      const within = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(tools.timeoutMs / urls.length))]);
      const path = `/cosmos/bank/v1beta1/balances/${NOBODY}`;
      readAnswer(balancesSchema, await getJson(tools.get, url.replace(/\/+$/, "") + path, within), "answer");
      const missed = faults.length === 0 ? "" : `; before it: ${faults.join("; ")}`;
      return { kind: "healthy", detail: `${hostOf(url)} answers${missed}` };
    } catch (error) {
      faults.push(`${hostOf(url)}: ${messageOf(error)}`);
    }
  }
  throw new Error(faults.join("; "));
}

/** `client` undefined: there is no key. */
export async function checkCambrian(
  client: Pick<CambrianClient, "ask"> | undefined,
  untilMs: number,
): Promise<Outcome> {
  if (client === undefined) return { kind: "not-configured", detail: "no address or key of the order API" };
  try {
    const read = (json: unknown) => readAnswer(accountSchema, json, "account");
    const account = await client.ask({ path: "/v1/account", read }, untilMs);
    return { kind: "healthy", detail: `the account answers, ${account.balances.length} assets` };
  } catch (error) {
    if (isEmptySecret(error)) return { kind: "not-configured", detail: "the secret of the order API is not filled" };
    // The task may have had all of the second's requests.
    if (error instanceof CambrianError && error.code === "rate-limited") {
      return { kind: "healthy", detail: "it answers, and asks for a pause" };
    }
    throw error;
  }
}

export async function checkGrafana(
  access: Pick<GrafanaAccess, "url"> | undefined,
  get: HttpGet,
  signal: AbortSignal,
): Promise<Outcome> {
  if (access === undefined) return { kind: "not-configured", detail: "no address or token of Grafana" };
  const health = readAnswer(grafanaSchema, await getJson(get, `${access.url}/api/health`, signal), "answer");
  if (health.database !== "ok") return { kind: "unhealthy", detail: `its database is ${health.database}` };
  return { kind: "healthy", detail: `version ${health.version ?? "unknown"} answers` };
}

/** `keys` undefined: there are none. */
export async function checkX(
  keys: XKeys | undefined,
  baseUrl: string | undefined,
  get: HttpGet,
  signal: AbortSignal,
): Promise<Outcome> {
  if (keys === undefined) return { kind: "not-configured", detail: "no keys of X" };
  const url = `${baseUrl ?? X_URL}/2/users/me`;
  const signer = new OAuth1Helper({ consumerKeys: { key: keys.appKey, secret: keys.appSecret } });
  const token = { key: keys.accessToken, secret: keys.accessSecret };
  const { Authorization: authorization } = signer.toHeader(signer.authorize({ url, method: "GET" }, token));
  let response: Awaited<ReturnType<HttpGet>>;
  try {
    response = await get(url, { signal, headers: { accept: "application/json", authorization }, redirect: "error" });
  } catch (error) {
    throw new Error(`no answer (${messageOf(error)})`);
  }
  const { status } = response;
  const text = (await response.text()).slice(0, BODY_CHARACTERS_MAX);
  if (status === 200) {
    const { username } = readAnswer(meSchema, parseJson(text), "answer").data;
    return { kind: "healthy", detail: `@${username} may be posted as` };
  }
  if (status === 429) return { kind: "healthy", detail: "it answers, and asks for a pause" };
  throw new Error(`it answered ${status}: ${reasonOf(text)}`);
}

/** The short words of a refusal (RFC 9457). */
function reasonOf(text: string): string {
  try {
    const { title, detail } = refusalSchema.parse(JSON.parse(text));
    return title ?? detail ?? "no reason";
  } catch {
    return "no reason";
  }
}

async function getJson(get: HttpGet, url: string, signal: AbortSignal): Promise<unknown> {
  const response = await get(url, { signal, headers: { accept: "application/json" }, redirect: "error" });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`it answered ${response.status}`);
  if (text.length > BODY_CHARACTERS_MAX) throw new Error("its answer is too long");
  return parseJson(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("its answer is no JSON");
  }
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "an address that is none";
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
