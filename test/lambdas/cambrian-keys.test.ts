import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { keyVariables, makeKeys } from "../../lambdas/cambrian-keys.ts";
import { SIGNATURE_VECTORS } from "../fargate/cambrian/signature-vectors.ts";

const direct = { CAMBRIAN_API_KEY: "the-key", CAMBRIAN_SECRET_KEY: "top-secret" };
const secret = { CAMBRIAN_SECRET_ARN: "arn:aws:secretsmanager:eu-central-1:1:secret:flashmm/cambrian" };
const { 0: vector } = SIGNATURE_VECTORS;

/** Keys over a secret that says these texts, one reading after the other; and how it was read. */
function makeSecretKeys(...texts: readonly unknown[]) {
  const readings: { readonly arn: string; readonly fresh: boolean }[] = [];
  const keys = makeKeys(secret, async (arn, { fresh }) => texts[readings.push({ arn, fresh }) - 1]);
  return { keys, readings };
}

describe("a request of a function", () => {
  it.each(SIGNATURE_VECTORS)("%j is signed as the task signs it", async (parts, signature) => {
    const sign = await makeKeys(direct).current();
    expect(sign(parts)).toEqual({
      "x-cambrian-key": "the-key",
      "x-cambrian-timestamp": `${parts.timestampMs}`,
      "x-cambrian-signature": signature,
    });
  });

  it("is signed with the secret's key, which is read anew when asked for", async () => {
    const { keys, readings } = makeSecretKeys(
      '{"apiKey":"old-key","secretKey":"old"}',
      '{"apiKey":"new-key","secretKey":"top-secret"}',
    );
    expect((await keys.current())(vector[0])["x-cambrian-key"]).toBe("old-key");
    const sign = await keys.renewed();
    expect(sign?.(vector[0])).toMatchObject({ "x-cambrian-key": "new-key", "x-cambrian-signature": vector[1] });
    const { CAMBRIAN_SECRET_ARN: arn } = secret;
    expect(readings).toEqual([
      { arn, fresh: false },
      { arn, fresh: true },
    ]);
  });
});

describe("a key in the variables", () => {
  it("wins over a secret, and cannot change while the function lives", async () => {
    const keys = makeKeys({ ...direct, ...secret }, async () => '{"apiKey":"other","secretKey":"other"}');
    expect((await keys.current())(vector[0])["x-cambrian-key"]).toBe("the-key");
    expect(keys.renewed()).toBeUndefined();
  });

  it.each([
    ["nothing is set", {}, ["CAMBRIAN_SECRET_ARN"]],
    ["the secret's ARN is", secret, ["CAMBRIAN_SECRET_ARN"]],
    ["both halves are", direct, ["CAMBRIAN_API_KEY", "CAMBRIAN_SECRET_KEY"]],
    ["one half is", { ...secret, CAMBRIAN_API_KEY: "k" }, ["CAMBRIAN_API_KEY", "CAMBRIAN_SECRET_KEY"]],
  ])("where %s, what must be set is known", (_what, environment, expected) => {
    expect(keyVariables(environment)).toEqual(expected);
  });
});

describe("a secret that cannot be used", () => {
  it.each([
    ["is no JSON", "the-very-secret-key"],
    ["is not filled", undefined],
    ["is bytes", new Uint8Array([1, 2])],
    ["lacks a half", '{"apiKey":"the-very-secret-key"}'],
    ["has an empty half", '{"apiKey":"the-very-secret-key","secretKey":""}'],
    ["has a line break in it", '{"apiKey":"the-very-secret-key\\n","secretKey":"the-very-secret-key"}'],
  ])("because it %s is refused by an error that shows nothing of it", async (_what, text) => {
    const error: unknown = await makeSecretKeys(text)
      .keys.current()
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ message: expect.stringContaining("the secret of CAMBRIAN_SECRET_ARN must be JSON") });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("very-secret");
  });
});
