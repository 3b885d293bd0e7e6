import { expect, it } from "vitest";
import { makeXKeys, readXBaseUrl } from "../../lambdas/x-keys.ts";

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

it("keys come from the secret, asked for each time", async () => {
  const texts = [JSON.stringify(KEYS), JSON.stringify({ ...KEYS, appKey: "new" })];
  const read = makeXKeys(SECRET, async () => texts.shift());
  expect(await read()).toEqual(KEYS);
  expect(await read()).toEqual({ ...KEYS, appKey: "new" });
});

it("a secret that nobody has filled, or no secret at all, is to have no keys", async () => {
  const unfilled = Object.assign(new Error("no value"), { name: "ResourceNotFoundException" });
  expect(await makeXKeys(SECRET, () => Promise.reject(unfilled))()).toBeUndefined();
  expect(await makeXKeys({})()).toBeUndefined();
});

it.each(["", "{}", "null", "not JSON", JSON.stringify({ ...KEYS, appKey: "with space" })])(
  "a secret that cannot be read is an error that does not show it: %o",
  async (text) => {
    const fault = makeXKeys(SECRET, async () => text)();
    await expect(fault).rejects.toThrow('the secret arn:secret must be JSON such as {"appKey"');
    await expect(fault).rejects.not.toThrow("with space");
  },
);

it("some of the variables without the others are a mistake", () => {
  expect(() => makeXKeys({ TWITTER_API_KEY: "a" })).toThrow("TWITTER_ACCESS_SECRET must be set where the others");
});

it("variables that are no keys are refused without being shown", () => {
  const variables = { TWITTER_API_KEY: "a", TWITTER_API_SECRET: "b", TWITTER_ACCESS_TOKEN: "c" };
  const make = () => makeXKeys({ ...variables, TWITTER_ACCESS_SECRET: "very secret" });
  expect(make).toThrow(/^(?!.*very secret).*TWITTER_ACCESS_SECRET must be printable/);
});

it.each(["http://x.test/2", "x.test", "ftp://x.test", "http://x.test/"])("%s does not stand in for X", (text) => {
  expect(() => readXBaseUrl({ TWITTER_API_BASE_URL: text })).toThrow("without a path");
});

it("another host stands in for X, and without one it is X itself", () => {
  expect(readXBaseUrl({ TWITTER_API_BASE_URL: "http://127.0.0.1:8080" })).toBe("http://127.0.0.1:8080");
  expect(readXBaseUrl({})).toBeUndefined();
});
