/** Who may ask: key, time and signature of a request, as CONTRACTS 3 says. Written apart from the client's own signing, so that they check each other. */
import { hash } from "node:crypto";

/** A timestamp further off than this is refused. */
const CLOCK_SKEW_MS_MAX = 5_000;

/** SHA-256's block (FIPS 180-4), in bytes. */
const BLOCK_BYTES = 64;

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
  return signature === hmac(padsOf(credentials), text) ? undefined : "the signature does not fit the request";
}

/** The block of a secret key under the inner pad, and under the outer one with room for a digest behind it. */
type Pads = { readonly inner: Buffer; readonly outer: Buffer };

/** A key's pads are made once. */
const pads = new WeakMap<Credentials, Pads>();

function padsOf(credentials: Credentials): Pads {
  const known = pads.get(credentials);
  if (known !== undefined) return known;
  const secret = Buffer.from(credentials.secretKey, "utf8");
  const key = secret.length > BLOCK_BYTES ? hash("sha256", secret, "buffer") : secret;
  const made = { inner: Buffer.alloc(BLOCK_BYTES, 0x36), outer: Buffer.alloc(BLOCK_BYTES + 32, 0x5c) };
  for (const [index, byte] of key.entries()) {
    made.inner[index] = byte ^ 0x36;
    made.outer[index] = byte ^ 0x5c;
  }
  pads.set(credentials, made);
  return made;
}

/** HMAC-SHA256 in hex, as RFC 2104 writes it: `createHmac` makes objects for each request that take longer than the hashing. */
function hmac({ inner, outer }: Pads, text: string): string {
  const bytes = Buffer.allocUnsafe(BLOCK_BYTES + Buffer.byteLength(text));
  inner.copy(bytes);
  bytes.write(text, BLOCK_BYTES, "utf8");
  outer.write(hash("sha256", bytes, "binary"), BLOCK_BYTES, "latin1");
  return hash("sha256", outer, "hex");
}
