import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { makeSigner } from "../../../fargate/cambrian/signing.ts";
import { Secret } from "../../../fargate/secret.ts";
import { SIGNATURE_VECTORS } from "./signature-vectors.ts";

test.each(SIGNATURE_VECTORS)("%j is signed as the venue signs it", (parts, signature) => {
  expect(makeSigner(new Secret("top-secret"))(parts)).toBe(signature);
});

const key = fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 });
/** Short ones, and ones around and beyond the room that is kept. */
const body = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.tuple(fc.constantFrom("a", "€", "𝄞", "\ud800"), fc.integer({ min: 600, max: 3_000 })).map(([c, n]) => c.repeat(n)),
);
const request = fc.record({
  timestampMs: fc.integer({ min: 0, max: 4e12 }),
  method: fc.constantFrom("GET", "POST", "DELETE"),
  path: fc.webPath(),
  body,
});

test("one signer signs whatever comes, one after the other, as node:crypto's HMAC does", () => {
  fc.assert(
    fc.property(key, fc.array(request, { minLength: 1, maxLength: 4 }), (secret, requests) => {
      const sign = makeSigner(new Secret(secret));
      for (const parts of requests) {
        const text = [parts.timestampMs, parts.method, parts.path, parts.body].join("\n");
        expect(sign(parts)).toBe(createHmac("sha256", secret).update(text).digest("hex"));
      }
    }),
    { numRuns: 60 },
  );
});
