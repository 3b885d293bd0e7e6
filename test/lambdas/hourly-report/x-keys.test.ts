import { expect, it } from "vitest";
import { makeXKeys } from "../../../lambdas/hourly-report/x-keys.ts";

const KEYS = { appKey: "a", appSecret: "b", accessToken: "c", accessSecret: "d" };
const SECRET = { TWITTER_SECRET_ARN: "arn:secret" };

it("keys come from the variables, which win over the secret", async () => {
  const variables = {
    TWITTER_API_KEY: "a",
    TWITTER_API_SECRET: "b",
    TWITTER_ACCESS_TOKEN: "c",
    TWITTER_ACCESS_SECRET: "d",
  };
  const read = makeXKeys({ ...SECRET, ...variables }, () => Promise.reject(new Error("nobody asks")));
  expect(await read()).toEqual(KEYS);
});

it("keys come from the secret, read anew each time", async () => {
  const texts = [JSON.stringify(KEYS), JSON.stringify({ ...KEYS, appKey: "new" })];
  const read = makeXKeys(SECRET, async () => texts.shift());
  expect(await read()).toEqual(KEYS);
  expect(await read()).toEqual({ ...KEYS, appKey: "new" });
});

it("a secret that nobody has filled, or no secret at all, is to have no keys", async () => {
  expect(await makeXKeys(SECRET, async () => undefined)()).toBeUndefined();
  expect(await makeXKeys({})()).toBeUndefined();
});

it.each(["", "{}", "null", "not JSON", JSON.stringify({ ...KEYS, appKey: "with space" })])(
  "a secret that cannot be read is an error that does not show it: %o",
  async (text) => {
    const fault = makeXKeys(SECRET, async () => text)();
    await expect(fault).rejects.toThrow("the secret of TWITTER_SECRET_ARN must be four keys");
    await expect(fault).rejects.not.toThrow("with space");
  },
);

it("some of the variables without the others are a mistake", () => {
  expect(() => makeXKeys({ TWITTER_API_KEY: "a" })).toThrow("TWITTER_ACCESS_SECRET must be set where the others");
});
