import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Sha256 } from "../../lambdas/sha256.ts";

const chunks = fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 3 });
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

async function digestOf(hash: Sha256, parts: readonly Uint8Array[]): Promise<string> {
  for (const part of parts) hash.update(part);
  return toHex(await hash.digest());
}

describe("the hash that requests are signed with", () => {
  it("is Node's, with and without a key, whatever form the key has and however often it comes", async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 });
    const secret = fc.oneof(
      fc.string({ minLength: 1, unit: "grapheme" }),
      bytes,
      bytes.map((key) => key.buffer.slice(key.byteOffset, key.byteOffset + key.byteLength)),
      // A view that is not the whole of its buffer.
      bytes.map((key) => new Uint8Array([...key, 1, 2, 3].reverse()).subarray(3)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(secret, { nil: undefined }), { minLength: 1 }),
        chunks,
        async (keys, parts) => {
          for (const key of [...keys, ...keys]) {
            const nodes = key === undefined ? createHash("sha256") : createHmac("sha256", toKey(key));
            for (const part of parts) nodes.update(part);
            expect(await digestOf(new Sha256(key), parts)).toBe(nodes.digest("hex"));
          }
        },
      ),
    );
  });

  it("starts anew after a reset", async () => {
    const hash = new Sha256("key");
    const first = await digestOf(hash, [Buffer.from("what do ya want for nothing?")]);
    hash.reset();
    expect(await digestOf(hash, [Buffer.from("what do ya want for nothing?")])).toBe(first);
  });

  it("gives what RFC 4231 says (test case 2)", async () => {
    expect(await digestOf(new Sha256("Jefe"), [Buffer.from("what do ya want for nothing?")])).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });
});

function toKey(key: string | ArrayBuffer | Uint8Array): string | Uint8Array {
  return key instanceof ArrayBuffer ? new Uint8Array(key) : key;
}
