/** Changes to an input's bytes, whatever they mean: flipped, cut, doubled, replaced, spliced. Owns one change at a time. */
import type { Rng } from "../../fargate/seams.ts";
import { below, onceIn, pick } from "./chance.ts";
import { BROKEN_UTF8, HOSTILE_BYTES, HOSTILE_TOKENS } from "./hostile.ts";

const RUN_MAX = 64;
const COPIES_MAX = 16;

/** One change; `other` is an input that bytes may be taken from. */
export function mutateBytes(bytes: Buffer, other: Buffer, rng: Rng): Buffer {
  const at = below(rng, bytes.length + 1);
  const run = Math.min(bytes.length - at, 1 + below(rng, RUN_MAX));
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  const rest = tail.subarray(run);
  switch (below(rng, 9)) {
    case 0:
      return flipped(bytes, at, rng);
    case 1:
      return Buffer.concat([head, rest]);
    case 2:
      return head;
    case 3: {
      const copy = bytes.subarray(at, at + run);
      return Buffer.concat([head, ...Array.from({ length: 1 + below(rng, COPIES_MAX) }, () => copy), tail]);
    }
    case 4:
      return Buffer.concat([head, insertion(rng), tail]);
    case 5:
      return Buffer.concat([head, insertion(rng), rest]);
    case 6:
      return Buffer.concat([head, other.subarray(below(rng, other.length + 1))]);
    case 7: {
      const from = below(rng, other.length + 1);
      return Buffer.concat([head, other.subarray(from, from + run), rest]);
    }
    default:
      return Buffer.concat([pick(rng, HOSTILE_BYTES), bytes]);
  }
}

function insertion(rng: Rng): Uint8Array {
  if (onceIn(rng, 6)) return pick(rng, BROKEN_UTF8);
  return onceIn(rng, 2) ? pick(rng, HOSTILE_BYTES) : Buffer.from(pick(rng, HOSTILE_TOKENS), "utf8");
}

function flipped(bytes: Buffer, at: number, rng: Rng): Buffer {
  const copy = Buffer.from(bytes);
  const value = copy[at];
  if (value !== undefined) copy[at] = onceIn(rng, 2) ? value ^ (1 << below(rng, 8)) : below(rng, 256);
  return copy;
}
