/** What the answer to a push means (OTLP specification, OTLP/HTTP response). Owns the words for it. */
import type { HttpResponse } from "../seams.ts";
import { isTokenShownIn, type PushTarget } from "./target.ts";

export type PushOutcome =
  | { readonly type: "taken" }
  /** Taken but for what the other side names. */
  | { readonly type: "partial"; readonly reason: string }
  /** Not sent: the lease went before the bytes did. */
  | { readonly type: "fenced" }
  | {
      readonly type: "no-answer" | "throttled" | "failed" | "refused";
      readonly reason: string;
      readonly retryAfterMs?: number;
    };

const SAID_CHARACTERS_MAX = 200;

/** Bodies that name nothing: an answer without fields, and one whose only field, what was left out, is there and empty. */
const NOTHING_LEFT_OUT = ["", "\n\0"];

export function outcomeOf({ status, headers, body }: HttpResponse, target: PushTarget): PushOutcome {
  const said = whatIsSaid(body, target);
  if (status >= 200 && status < 300) {
    // Only an answer in the protocol's own form says what was left out.
    const isOfProtocol = (headers["content-type"] ?? "").startsWith("application/x-protobuf");
    if (!isOfProtocol || NOTHING_LEFT_OUT.includes(body)) return { type: "taken" };
    return { type: "partial", reason: said === "" ? "no reason given" : said };
  }
  const reason = said === "" ? `status ${status}` : `status ${status}, ${said}`;
  const retryAfterMs = secondsOf(headers["retry-after"]) * 1_000;
  if (status === 429) return { type: "throttled", reason, retryAfterMs };
  if (status >= 500) return { type: "failed", reason, retryAfterMs };
  return { type: "refused", reason };
}

/** What can be read of a body, which is a message of the protocol with a text in it, or a page. */
function whatIsSaid(body: string, target: PushTarget): string {
  if (isTokenShownIn(body, target)) return "(not shown)";
  const readable = body
    .slice(0, 10 * SAID_CHARACTERS_MAX)
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim();
  return readable.slice(0, SAID_CHARACTERS_MAX);
}

/** A date in place of seconds is not read: our own pause stands then. */
function secondsOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : 0;
}
