/** Cambrian's signature (CONTRACTS 3). Owns the key while it signs; it reads no configuration and sends nothing. */
import { createHmac, createSecretKey } from "node:crypto";
import type { Secret } from "../secret.ts";

type SignedParts = {
  /** Epoch milliseconds; the venue refuses one that is more than 5 s off its clock. */
  readonly timestampMs: number;
  readonly method: string;
  /** As sent: percent-encoding and query included. */
  readonly path: string;
  readonly body: string;
};

export type Signer = (parts: SignedParts) => string;

/** Builds the signer: lowercase hex of HMAC-SHA256(secret key, timestamp, method, path and body, a newline between each). */
export function makeSigner(secretKey: Secret): Signer {
  const key = createSecretKey(secretKey.reveal(), "utf8");
  return ({ timestampMs, method, path, body }) =>
    createHmac("sha256", key).update(`${timestampMs}\n${method}\n${path}\n${body}`).digest("hex");
}
