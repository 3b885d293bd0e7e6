/**
 * The compression of SHA-256 (FIPS 180-4, 6.2.2), so that a hash can go on from a state that was kept. Owns the arithmetic; padding and
 * what is hashed are the caller's.
 *
 * Node's own is quicker on long texts. On the few hundred bytes of an order it is no quicker, and where the processor has done
 * something else since the last one it waits for OpenSSL's code: a tenth of the way from a book to an order.
 */

/** Bytes of a block, and of a whole hash. */
export const BLOCK_BYTES = 64;
export const DIGEST_BYTES = 32;

/** The state before the first block: the first 32 bits of the fractional parts of the square roots of the first 8 primes. */
const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const;

/** Of each round: the same of the cube roots of the first 64 primes. */
const ROUND = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
);

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The message schedule of the block under way. */
const words = new Int32Array(64);

/** Eight words, as they are before the first block. */
export function makeState(): Int32Array {
  return Int32Array.from(INITIAL);
}

/** Takes the block that begins at `start` of `bytes` into the state. */
export function compress(state: Int32Array, bytes: Uint8Array, start: number): void {
  schedule(bytes, start);
  let a = state[0] ?? 0;
  let b = state[1] ?? 0;
  let c = state[2] ?? 0;
  let d = state[3] ?? 0;
  let e = state[4] ?? 0;
  let f = state[5] ?? 0;
  let g = state[6] ?? 0;
  let h = state[7] ?? 0;
  for (let i = 0; i < 64; i += 1) {
    const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const choice = (e & f) ^ (~e & g);
    const first = (h + sum1 + choice + (ROUND[i] ?? 0) + (words[i] ?? 0)) | 0;
    const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + sum0 + majority) | 0;
  }
  state[0] = ((state[0] ?? 0) + a) | 0;
  state[1] = ((state[1] ?? 0) + b) | 0;
  state[2] = ((state[2] ?? 0) + c) | 0;
  state[3] = ((state[3] ?? 0) + d) | 0;
  state[4] = ((state[4] ?? 0) + e) | 0;
  state[5] = ((state[5] ?? 0) + f) | 0;
  state[6] = ((state[6] ?? 0) + g) | 0;
  state[7] = ((state[7] ?? 0) + h) | 0;
}

/** Writes the state as bytes, the most significant first. */
export function writeState(state: Int32Array, bytes: Uint8Array): void {
  for (let i = 0; i < 8; i += 1) writeWord(bytes, 4 * i, state[i] ?? 0);
}

/** The state as lowercase hex. */
export function toHex(state: Int32Array): string {
  let text = "";
  for (let i = 0; i < 8; i += 1) {
    const word = state[i] ?? 0;
    text += `${HEX[word >>> 24]}${HEX[(word >>> 16) & 255]}${HEX[(word >>> 8) & 255]}${HEX[word & 255]}`;
  }
  return text;
}

/**
 * Ends the message that is `length` bytes of `bytes`, with `before` bytes hashed ahead of them: a one bit, zeros and the length in bits
 * up to the end of a block. Answers how many bytes that makes; there must be room for 72 more. A message is below 512 MB.
 */
export function pad(bytes: Uint8Array, length: number, before: number): number {
  const end = Math.ceil((length + 9) / BLOCK_BYTES) * BLOCK_BYTES;
  bytes[length] = 0x80;
  for (let i = length + 1; i < end - 4; i += 1) bytes[i] = 0;
  writeWord(bytes, end - 4, 8 * (before + length));
  return end;
}

function writeWord(bytes: Uint8Array, start: number, word: number): void {
  bytes[start] = word >>> 24;
  bytes[start + 1] = word >>> 16;
  bytes[start + 2] = word >>> 8;
  bytes[start + 3] = word;
}

function schedule(bytes: Uint8Array, start: number): void {
  for (let i = 0; i < 16; i += 1) {
    const at = start + 4 * i;
    words[i] =
      ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  }
  for (let i = 16; i < 64; i += 1) {
    const x = words[i - 15] ?? 0;
    const y = words[i - 2] ?? 0;
    const sigma0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const sigma1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = (sigma0 + sigma1 + (words[i - 7] ?? 0) + (words[i - 16] ?? 0)) | 0;
  }
}
