import { expect, test } from "vitest";
import { makeSigner } from "../../../fargate/cambrian/signing.ts";
import { Secret } from "../../../fargate/secret.ts";
import { SIGNATURE_VECTORS } from "./signature-vectors.ts";

test.each(SIGNATURE_VECTORS)("%j is signed as the venue signs it", (parts, signature) => {
  expect(makeSigner(new Secret("top-secret"))(parts)).toBe(signature);
});
