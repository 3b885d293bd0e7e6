import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkX } from "../../../lambdas/health-sweep/external-checks.ts";
import { makeXClient, type XOutcome } from "../../../lambdas/hourly-report/x-client.ts";
import { readMultipart } from "../../../sim/x-api/multipart.ts";
import { startXServer, type XServer } from "../../../sim/x-api/server.ts";
import { SignatureDesk } from "../../../sim/x-api/signature.ts";

const ACCOUNT = { appKey: "app", appSecret: "app-secret", accessToken: "token", accessSecret: "token-secret" };
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);

let nowMs = Date.UTC(2026, 0, 2, 12);
let x: XServer;
beforeAll(async () => {
  x = await startXServer(ACCOUNT, { now: () => nowMs, signedAt: Date.now });
});
afterAll(() => x.close());

const client = (keys = ACCOUNT, callMillisMax = 10_000) => makeXClient(keys, x.url, callMillisMax);

function expectDone<Value>(outcome: XOutcome<Value>): Value {
  if (outcome.type !== "done") throw new Error(JSON.stringify(outcome));
  return outcome.value;
}

const upload = async (png = PNG) => expectDone(await client().upload(png));

describe("the simulated X", () => {
  it("takes an image, its description and a post of the real client, and shows them on its page", async () => {
    const mediaId = await upload();
    expectDone(await client().describe(mediaId, 'A "chart"'));
    const id = expectDone(await client().post("an hour & its <figures>", mediaId));
    expect(x.posts.at(-1)).toMatchObject({ id, text: "an hour & its <figures>", altText: 'A "chart"', atMs: nowMs });
    const page = await (await fetch(x.url)).text();
    expect(page).toContain("an hour &amp; its &lt;figures&gt;");
    expect(page).toContain('alt="A &quot;chart&quot;"');
    const image = await fetch(`${x.url}/images/${id}.png`);
    expect(new Uint8Array(await image.arrayBuffer())).toEqual(PNG);
  });

  it("says whose account it is to the health sweep, and to no key that it does not know", async () => {
    const signal = AbortSignal.timeout(10_000);
    expect(await checkX(ACCOUNT, x.url, fetch, signal)).toEqual({
      kind: "healthy",
      detail: "@flashmm may be posted as",
    });
    await expect(checkX({ ...ACCOUNT, appSecret: "wrong" }, x.url, fetch, signal)).rejects.toThrow("it answered 401");
  });

  it("takes an image in several segments", async () => {
    const large = new Uint8Array(2_500_000).fill(7);
    large.set(PNG);
    const mediaId = await upload(large);
    expectDone(await client().post("large", mediaId));
    expect(x.posts.at(-1)?.png.length).toBe(large.length);
  });

  it.each([
    ["another app secret", { ...ACCOUNT, appSecret: "wrong" }],
    ["another token secret", { ...ACCOUNT, accessSecret: "wrong" }],
    ["an unknown token", { ...ACCOUNT, accessToken: "wrong" }],
  ])("refuses %s with 401", async (_what, keys) => {
    expect(await client(keys).upload(PNG)).toMatchObject({ type: "refused", status: 401 });
  });

  it("refuses a second post of the same text, and says that it is a duplicate", async () => {
    const mediaId = await upload();
    expectDone(await client().post("once", mediaId));
    expect(await client().post("once ", mediaId)).toMatchObject({ type: "duplicate" });
  });

  it.each([
    ["a text that weighs too much", "🤖".repeat(141), 400],
    ["two cashtags", "$SEI and $ATOM", 403],
    ["no text", " ", 400],
  ])("refuses %s", async (_what, text, status) => {
    expect(await client().post(text, await upload())).toMatchObject({ type: "refused", status });
  });

  it("refuses an image it does not know, that is no PNG, or that it has forgotten", async () => {
    expect(await client().post("no image", "1900000000000099999")).toMatchObject({ type: "refused", status: 400 });
    expect(await client().upload(new Uint8Array([1, 2, 3]))).toMatchObject({ type: "refused", status: 400 });
    const mediaId = await upload();
    nowMs += 86_400_000;
    expect(await client().post("too late", mediaId)).toMatchObject({ type: "refused", status: 400 });
  });

  it("limits posts to a hundred in a quarter of an hour, and says until when", async () => {
    const mediaId = await upload();
    x.limits.exhaust("tweets", nowMs + 60_000);
    expect(await client().post("limited", mediaId)).toEqual({
      type: "limited",
      resetMs: nowMs + 60_000,
      detail: "HTTP 429: Rate limit exceeded",
    });
    nowMs += 60_000;
    expect(await client().post("limited", mediaId)).toMatchObject({ type: "done" });
  });

  it("that says nothing leaves the client not knowing, after its time", async () => {
    const mediaId = await upload();
    x.faults.strike("/2/tweets", "silent");
    expect(await client(ACCOUNT, 100).post("silence", mediaId)).toEqual({
      type: "unknown",
      detail: "no answer within 100 ms",
    });
    expect(await client().post("silence", mediaId)).toMatchObject({ type: "duplicate" });
  });

  it("knows nothing else", async () => {
    expect((await fetch(`${x.url}/2/tweets`, { method: "DELETE" })).status).toBe(401);
    expect((await fetch(`${x.url}/2/tweets`, { method: "POST", body: "x".repeat(7_000_000) })).status).toBe(413);
    expect((await fetch(`${x.url}/other`)).status).toBe(404);
  });
});

describe("a signature", () => {
  /** X's documentation: "Creating a signature". */
  it("is that of X's own example", () => {
    const account = {
      appKey: "xvz1evFS4wEEPTGEFPHBog",
      appSecret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
      accessToken: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
      accessSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    };
    const parts = {
      oauth_consumer_key: account.appKey,
      oauth_nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
      oauth_signature: "hCtSmYh+iHYCEqBWrE7C7hYmtUk=",
      oauth_signature_method: "HMAC-SHA1",
      oauth_timestamp: "1318622958",
      oauth_token: account.accessToken,
      oauth_version: "1.0",
    };
    const authorization = `OAuth ${Object.entries(parts)
      .map(([name, value]) => `${name}="${encodeURIComponent(value)}"`)
      .join(", ")}`;
    const request = {
      method: "POST",
      url: new URL("https://api.twitter.com/1.1/statuses/update.json?include_entities=true"),
      authorization,
      form: new URLSearchParams({ status: "Hello Ladies + Gentlemen, a signed OAuth request!" }),
    };
    const desk = new SignatureDesk(account);
    const atMs = 1_318_622_958_000;
    expect(desk.faultOf({ ...request, method: "GET" }, atMs)).toBe("the signature does not fit");
    expect(desk.faultOf(request, atMs + 301_000)).toBe("the timestamp is too far off");
    expect(desk.faultOf(request, atMs)).toBeUndefined();
    expect(desk.faultOf(request, atMs)).toBe("the nonce was used before");
    expect(desk.faultOf({ ...request, authorization: "Bearer x" }, atMs)).toContain("must be OAuth");
  });
});

describe("a multipart body", () => {
  const type = "multipart/form-data; boundary=xyz";
  const part = (name: string, text: string) =>
    `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;

  it("is read to its parts", () => {
    const parts = readMultipart(type, Buffer.from(`${part("a", "1\r\n2")}${part("b", "")}--xyz--\r\n`));
    expect([...(parts ?? [])].map(([name, content]) => [name, content.toString()])).toEqual([
      ["a", "1\r\n2"],
      ["b", ""],
    ]);
  });

  it.each([
    ["without its end", type, part("a", "1")],
    ["with a part twice", type, `${part("a", "1")}${part("a", "2")}--xyz--`],
    ["with another boundary", "multipart/form-data; boundary=abc", `${part("a", "1")}--xyz--`],
    ["of another type", "application/json", "{}"],
    ["with a part without a name", type, "--xyz\r\nContent-Type: text/plain\r\n\r\n1\r\n--xyz--"],
  ])("%s is none", (_what, contentType, body) => {
    expect(readMultipart(contentType, Buffer.from(body))).toBeUndefined();
  });
});
