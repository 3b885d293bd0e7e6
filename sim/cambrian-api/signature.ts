/** Who may ask: key, time and signature of a request, as CONTRACTS 3 says. Written apart from the client's own signing, so that they check each other. */
import { createHmac } from "node:crypto";

/** A timestamp further off than this is refused. */
const CLOCK_SKEW_MS_MAX = 5_000;

export type Credentials = { readonly apiKey: string; readonly secretKey: string };

export type SignedRequest = {
  readonly method: string;
  /** As sent: percent-encoding and query included. */
  readonly path: string;
  readonly body: string;
  readonly key: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
};

/** Why a request is refused, or `undefined` when its signature stands at `nowMs` (epoch). */
export function signatureFault(request: SignedRequest, credentials: Credentials, nowMs: number): string | undefined {
  const { key, timestamp, signature } = request;
  if (key === undefined || timestamp === undefined || signature === undefined) {
    return "X-Cambrian-Key, X-Cambrian-Timestamp and X-Cambrian-Signature must be given";
  }
  // Compared as they are: nobody measures a simulator's time to guess a secret.
  if (key !== credentials.apiKey) return "the key is not known";
  if (!/^\d{1,15}$/.test(timestamp)) return "the timestamp must be epoch milliseconds";
  const skewMs = Math.abs(Number(timestamp) - nowMs);
  if (skewMs > CLOCK_SKEW_MS_MAX) return `the timestamp must be within ${CLOCK_SKEW_MS_MAX} ms, was ${skewMs} ms off`;
  const text = `${timestamp}\n${request.method}\n${request.path}\n${request.body}`;
  const expected = createHmac("sha256", credentials.secretKey).update(text, "utf8").digest("hex");
  return signature === expected ? undefined : "the signature does not fit the request";
}
