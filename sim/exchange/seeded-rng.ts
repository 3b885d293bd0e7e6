/** Repeatable chance: xoshiro128** (Blackman and Vigna, 2018), seeded by splitmix32. Not for secrets. Owns one stream's state. */
import type { Rng } from "../../fargate/seams.ts";

/**
 * A generator that gives the same numbers for the same `seed` and `stream`. Streams of one seed are independent, so
 * that a part which draws more numbers does not change what another part sees.
 */
export function makeSeededRng(seed: number, stream: string): Rng {
  let mixed = (Math.trunc(seed) ^ hashOf(stream)) >>> 0;
  const splitmix = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix();
  return {
    next(): number {
      const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = rotateLeft(d, 11);
      return result / 2 ** 32;
    },
  };
}

/** A standard normal value (Box and Muller, 1958); takes two numbers of the generator. */
export function nextNormal(rng: Rng): number {
  const radius = Math.sqrt(-2 * Math.log(1 - rng.next()));
  return radius * Math.cos(2 * Math.PI * rng.next());
}

/** Uniform in [low, high). */
export function nextBetween(rng: Rng, low: number, high: number): number {
  return low + (high - low) * rng.next();
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
