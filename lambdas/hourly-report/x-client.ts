/**
 * X as the report needs it: an image, its description, a post. Owns what an answer proves: only a readable 4xx of X's own says that nothing
 * was done; a time-out, a reset, a 5xx or a page of HTML says nothing. It tries nothing again: that is `publish.ts`'s. Bundled by itself (`infra/constructs/hourly-report.ts`).
 */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { ApiResponseError, type ITwitterApiClientPlugin, TwitterApi } from "twitter-api-v2";
import type { XKeys } from "../x-keys.ts";

export type XOutcome<Value> =
  | { readonly type: "done"; readonly value: Value }
  /** 429: nothing was done. `resetMs` is when to come again, epoch milliseconds; undefined where X does not say. */
  | { readonly type: "limited"; readonly resetMs: number | undefined; readonly detail: string }
  /** X has a post of the same text already. */
  | { readonly type: "duplicate"; readonly detail: string }
  /** Nothing was done, and asking again as it is would change nothing. */
  | { readonly type: "refused"; readonly status: number; readonly detail: string }
  | { readonly type: "unknown"; readonly detail: string };

export type XClient = {
  /** Answers the id of the image, which X forgets after a day. */
  upload(png: Uint8Array): Promise<XOutcome<string>>;
  describe(mediaId: string, altText: string): Promise<XOutcome<undefined>>;
  /** Answers the id of the post. */
  post(text: string, mediaId: string): Promise<XOutcome<string>>;
};

/** X answers within a second; three requests make an upload. */
const REQUEST_MILLIS_MAX = 10_000;
const CALL_MILLIS_MAX = 15_000;

/** Where the client sends everything to, in place of where X is. */
const X_ORIGIN = "https://api.x.com";
const DETAIL_CHARACTERS_MAX = 300;
const DUPLICATE = /duplicate content/i;

/** `baseUrl`: scheme and host; undefined means X itself. `makeAgent` makes the connections of one call. */
export function makeXClient(
  keys: XKeys,
  baseUrl: string | undefined,
  callMillisMax = CALL_MILLIS_MAX,
  makeAgent: () => HttpAgent = () => (baseUrl?.startsWith("http:") ? new HttpAgent() : new HttpsAgent()),
): XClient {
  const call = async <Value>(act: (api: TwitterApi) => Promise<Value>): Promise<XOutcome<Value>> => {
    const agent = makeAgent();
    const plugins = [toBaseUrl(baseUrl ?? X_ORIGIN)];
    const api = new TwitterApi({ ...keys }, { httpAgent: agent, plugins, compression: false });
    const deadline = Promise.withResolvers<never>();
    // The library has no limit of a whole call, and an answer that trickles is never idle.
    const timeout = AbortSignal.timeout(callMillisMax);
    const giveUp = () => deadline.reject(new Error(`no answer within ${callMillisMax} ms`));
    timeout.addEventListener("abort", giveUp);
    try {
      return { type: "done", value: await Promise.race([act(api), deadline.promise]) };
    } catch (error) {
      return toOutcome(error);
    } finally {
      timeout.removeEventListener("abort", giveUp);
      // Whatever is still under way ends with its socket.
      agent.destroy();
    }
  };
  return {
    upload: (png) =>
      call((api) => api.v2.uploadMedia(Buffer.from(png), { media_type: "image/png", media_category: "tweet_image" })),
    describe: (mediaId, altText) =>
      call(async (api) => {
        await api.v2.createMediaMetadata(mediaId, { alt_text: { text: altText } });
        return undefined;
      }),
    post: (text, mediaId) =>
      call(async (api) => (await api.v2.tweet({ text, media: { media_ids: [mediaId] } })).data.id),
  };
}

/** Before the request is signed, so that the signature is of the address that is asked. */
function toBaseUrl(baseUrl: string): ITwitterApiClientPlugin {
  return {
    onBeforeRequestConfig: ({ params }) => {
      if (params.url.startsWith(`${X_ORIGIN}/`)) params.url = baseUrl + params.url.slice(X_ORIGIN.length);
      params.timeout = REQUEST_MILLIS_MAX;
    },
  };
}

function toOutcome(error: unknown): Exclude<XOutcome<never>, { readonly type: "done" }> {
  if (!(error instanceof ApiResponseError)) return { type: "unknown", detail: cut(messageOf(error)) };
  const { code: status } = error;
  const said = wordsOf(error.data);
  const detail = cut(`HTTP ${status}${said === undefined ? "" : `: ${said}`}`);
  if (said === undefined || status >= 500 || status === 408) return { type: "unknown", detail };
  if (status === 429) return { type: "limited", resetMs: resetOf(error), detail };
  if (status === 403 && DUPLICATE.test(said)) return { type: "duplicate", detail };
  return { type: "refused", status, detail };
}

/** What X says in its problem details, or in its older form; undefined for anything else, such as a gateway's page. */
function wordsOf(data: unknown): string | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const fields = Object.fromEntries(Object.entries(data));
  const { errors } = fields;
  const older = Array.isArray(errors) ? errors.map((each) => String(each?.message ?? each?.detail ?? "")) : [];
  const words = [fields["title"], fields["detail"], ...older].filter((each) => typeof each === "string" && each !== "");
  return words.length === 0 ? undefined : words.join(": ");
}

/** The limit that is used up: of the day where that one is, else of the quarter of an hour. */
function resetOf({ rateLimit }: ApiResponseError): number | undefined {
  const limits = [rateLimit?.userDay, rateLimit?.day, rateLimit];
  const reset = (limits.find((limit) => limit?.remaining === 0) ?? rateLimit)?.reset;
  return reset === undefined || !Number.isFinite(reset) ? undefined : reset * 1_000;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = "requestError" in error ? error.requestError : undefined;
  return inner instanceof Error ? `${error.message} ${inner.message || inner.name}` : error.message;
}

function cut(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, DETAIL_CHARACTERS_MAX).toWellFormed();
}
