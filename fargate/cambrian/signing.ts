/**
 * Cambrian's signature (CONTRACTS 3). Owns the key while it signs; it reads no configuration and sends nothing.
 *
 * HMAC (RFC 2104) whose two hashes go on from the states after the padded key, so that a usual request is a handful of blocks.
 * `createHmac` makes a stream, a native object and a finalizer for each request, and Node's one-shot hash waits for OpenSSL's code.
 */
import type { Secret } from "../secret.ts";
import { BLOCK_BYTES, compress, DIGEST_BYTES, makeState, pad, toHex, writeState } from "./sha256.ts";

type SignedParts = {
  /** Epoch milliseconds; the venue refuses one that is more than 5 s off its clock. */
  readonly timestampMs: number;
  readonly method: string;
  /** As sent: percent-encoding and query included. */
  readonly path: string;
  readonly body: string;
};

export type Signer = (parts: SignedParts) => string;

/** Room for the usual request; a longer one gets room of its own. */
const TEXT_BYTES = 4_096;
/** Of one UTF-16 code unit in UTF-8, at most; and of what ends a message. */
const UNIT_BYTES_MAX = 3;
const END_BYTES_MAX = 72;
const ASCII_MAX = 127;

/** Builds the signer: lowercase hex of HMAC-SHA256(secret key, timestamp, method, path and body, a newline between each). */
export function makeSigner(secretKey: Secret): Signer {
  const key = keyBlock(Buffer.from(secretKey.reveal(), "utf8"));
  const inner = stateAfter(key, 0x36);
  const outer = stateAfter(key, 0x5c);
  const kept = Buffer.alloc(TEXT_BYTES + END_BYTES_MAX);
  const digest = Buffer.alloc(BLOCK_BYTES);
  const state = makeState();
  return ({ timestampMs, method, path, body }) => {
    const text = `${timestampMs}\n${method}\n${path}\n${body}`;
    const bytesMax = text.length * UNIT_BYTES_MAX;
    const room = bytesMax <= TEXT_BYTES ? kept : Buffer.alloc(bytesMax + END_BYTES_MAX);
    hashOn(state, inner, room, writeText(room, text));
    writeState(state, digest);
    hashOn(state, outer, digest, DIGEST_BYTES);
    return toHex(state);
  };
}

/** The key as one block: a longer one is its hash. */
function keyBlock(key: Buffer): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  if (key.length <= BLOCK_BYTES) {
    block.set(key);
    return block;
  }
  const room = Buffer.alloc(key.length + END_BYTES_MAX);
  room.set(key);
  const state = makeState();
  for (let at = 0, end = pad(room, key.length, 0); at < end; at += BLOCK_BYTES) compress(state, room, at);
  writeState(state, block);
  return block;
}

/** The state after one block: the key with `mask` over it. */
function stateAfter(key: Uint8Array, mask: number): Int32Array {
  const state = makeState();
  compress(
    state,
    key.map((byte) => byte ^ mask),
    0,
  );
  return state;
}

/** Puts into `state` what `from`, which is one block in, becomes after the first `length` bytes of `room` and the message's end. */
function hashOn(state: Int32Array, from: Int32Array, room: Uint8Array, length: number): void {
  state.set(from);
  const end = pad(room, length, BLOCK_BYTES);
  for (let at = 0; at < end; at += BLOCK_BYTES) compress(state, room, at);
}

/** Answers how many bytes it takes. What is ASCII, as nearly all is, is written without leaving this code. */
function writeText(room: Buffer, text: string): number {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > ASCII_MAX) return room.write(text, "utf8");
    room[i] = code;
  }
  return text.length;
}
