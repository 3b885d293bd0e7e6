/**
 * Cambrian's signature (CONTRACTS 3). Owns the key while it signs; it reads no configuration and sends nothing.
 *
 * HMAC (RFC 2104) out of two whole hashes in place of `createHmac`: that makes a stream, a native object and a finalizer for each
 * request, which was a fifth of what sending an order took.
 */
import { hash } from "node:crypto";
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

/** SHA-256 (FIPS 180-4). */
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Room for the usual request; a longer one gets room of its own. */
const TEXT_BYTES = 4_096;
/** Of one UTF-16 code unit in UTF-8, at most. */
const UNIT_BYTES_MAX = 3;

/** Builds the signer: lowercase hex of HMAC-SHA256(secret key, timestamp, method, path and body, a newline between each). */
export function makeSigner(secretKey: Secret): Signer {
  const key = Buffer.from(secretKey.reveal(), "utf8");
  const block = key.length > BLOCK_BYTES ? hash("sha256", key, "buffer") : key;
  const inner = padded(block, 0x36, TEXT_BYTES);
  const outer = padded(block, 0x5c, DIGEST_BYTES);
  return ({ timestampMs, method, path, body }) => {
    const text = `${timestampMs}\n${method}\n${path}\n${body}`;
    const room = text.length * UNIT_BYTES_MAX <= TEXT_BYTES ? inner : padded(block, 0x36, Buffer.byteLength(text));
    const bytes = room.write(text, BLOCK_BYTES, "utf8");
    // "binary" is what the types call latin1: a string a byte, and no object.
    outer.write(hash("sha256", room.subarray(0, BLOCK_BYTES + bytes), "binary"), BLOCK_BYTES, "latin1");
    return hash("sha256", outer, "hex");
  };
}

/** One block of the key with `pad` over it, and room for `bytes` behind it. */
function padded(key: Uint8Array, pad: number, bytes: number): Buffer {
  const room = Buffer.alloc(BLOCK_BYTES + bytes);
  for (let i = 0; i < BLOCK_BYTES; i += 1) room[i] = (key[i] ?? 0) ^ pad;
  return room;
}
