import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { BLOCK_BYTES, compress, makeState, pad, toHex, writeState } from "../../../fargate/cambrian/sha256.ts";

/** The usual hash out of its parts, in room that held something else before. */
function sha256(message: Uint8Array): Int32Array {
  const room = new Uint8Array(message.length + 72).fill(0xff);
  room.set(message);
  const state = makeState();
  for (let at = 0, end = pad(room, message.length, 0); at < end; at += BLOCK_BYTES) compress(state, room, at);
  return state;
}

test("every length up to five blocks is hashed as node:crypto hashes it", () => {
  for (let length = 0; length <= 5 * BLOCK_BYTES; length += 1) {
    const message = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
    const state = sha256(message);
    const bytes = new Uint8Array(32);
    writeState(state, bytes);
    expect(toHex(state)).toBe(createHash("sha256").update(message).digest("hex"));
    expect(Buffer.from(bytes).toString("hex")).toBe(toHex(state));
  }
});

test("a hash that goes on from a kept state is that of the whole", () => {
  const message = Uint8Array.from({ length: 300 }, (_, i) => i & 255);
  const state = makeState();
  compress(state, message, 0);
  const kept = state.slice();
  const room = new Uint8Array(400);
  room.set(message.subarray(BLOCK_BYTES));
  for (let at = 0, end = pad(room, 236, BLOCK_BYTES); at < end; at += BLOCK_BYTES) compress(kept, room, at);
  expect(toHex(kept)).toBe(createHash("sha256").update(message).digest("hex"));
});
