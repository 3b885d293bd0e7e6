import { describe, expect, it } from "vitest";
import {
  CambrianClient,
  type CambrianClientOptions,
  CambrianError,
  parseNetwork,
} from "../../lambdas/cambrian-client.ts";
import { makeKeys } from "../../lambdas/cambrian-keys.ts";
import { makeDrivenTiming } from "./driven-timing.ts";

type Answer =
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  | Error
  | "silence";

const QUESTION = { path: "/v1/account", read: (json: unknown) => json };
const GOOD: Answer = { status: 200, body: '{"good":true}' };
const refusal = (status: number, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: '{"error":{"code":"some_code","message":"some words"}}',
});

/** A client whose venue gives these answers, the last of them for ever. */
function makeCase(answers: readonly Answer[], options: Partial<CambrianClientOptions> = {}) {
  const timing = makeDrivenTiming();
  const asked: {
    readonly url: string;
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly atMs: number;
  }[] = [];
  const client = new CambrianClient({
    baseUrl: "https://venue.test/api/",
    network: "testnet",
    keys: makeKeys({ CAMBRIAN_API_KEY: "the-key", CAMBRIAN_SECRET_KEY: "the-secret" }),
    timing,
    timeoutMs: 10,
    fetch: async (url, { method, headers, signal }) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push({ url, method, headers, atMs: timing.monotonicMs() });
      if (answer instanceof Error) throw answer;
      if (answer === undefined || answer === "silence") {
        return await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      }
      return new Response(answer.body ?? "", { status: answer.status, headers: answer.headers ?? {} });
    },
    ...options,
  });
  const ask = (withinMs = 60_000) => client.ask(QUESTION, timing.monotonicMs() + withinMs);
  return { client, timing, asked, ask };
}

describe("a question", () => {
  it("goes to the base's host and path, signed for its network", async () => {
    const { asked, ask } = makeCase([GOOD]);
    expect(await ask()).toEqual({ good: true });
    expect(asked).toMatchObject([
      {
        url: "https://venue.test/api/v1/account",
        headers: {
          "x-cambrian-key": "the-key",
          "x-cambrian-network": "testnet",
          "x-cambrian-timestamp": "1767355200000",
          "x-cambrian-signature": expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      },
    ]);
  });

  it("waits for a second since the answer before it, asked at one moment or not", async () => {
    const { asked, ask } = makeCase([GOOD]);
    await Promise.all([ask(), ask(), ask()]);
    const [first = 0, second = 0, third = 0] = asked.map(({ atMs }) => atMs);
    expect(second - first).toBeGreaterThan(1_000);
    expect(third - second).toBeGreaterThan(1_000);
  });

  it.each<[string, Answer]>([
    ["a reset", new TypeError("fetch failed", { cause: new Error("ECONNRESET") })],
    ["silence", "silence"],
    ["a 500", refusal(500)],
    ["a 503 of a proxy", { status: 503, body: "<html>" }],
    ["a success that is no JSON", { status: 200, body: "<html>" }],
    ["a refusal that is not the venue's", { status: 403, body: "<html>" }],
    ["a redirect", { status: 302 }],
    ["a 429", refusal(429)],
  ])("is asked again after %s", async (_what, answer) => {
    const { asked, ask } = makeCase([answer, GOOD]);
    expect(await ask()).toEqual({ good: true });
    expect(asked).toHaveLength(2);
  });

  it.each([400, 404, 409, 422, 401, 403])("is not asked again after the venue's own %d", async (status) => {
    const { asked, ask } = makeCase([refusal(status)]);
    const code = status === 401 || status === 403 ? "unauthorized" : "refused";
    await expect(ask()).rejects.toMatchObject({ name: "CambrianError", code, status });
    await expect(ask()).rejects.toThrow(`/v1/account: ${status} some_code: some words`);
    expect(asked).toHaveLength(2);
  });

  it("is asked as often and as far apart as its client is told", async () => {
    const { asked, ask } = makeCase([refusal(500)], { attemptsMax: 2, paceMs: 200 });
    await expect(ask()).rejects.toMatchObject({ code: "server" });
    await expect(ask()).rejects.toMatchObject({ code: "server" });
    expect(asked.map(({ atMs }) => atMs)).toEqual([0, 500, 700, 1_200]);
  });

  it("that is asked once is asked again with a key that was rotated", async () => {
    const renewed = async () => () => ({ "x-cambrian-key": "the-new-key" });
    const keys = { current: async () => () => ({ "x-cambrian-key": "the-key" }), renewed };
    const { asked, ask } = makeCase([refusal(401), GOOD], { attemptsMax: 1, keys });
    expect(await ask()).toEqual({ good: true });
    expect(asked.map(({ headers }) => headers["x-cambrian-key"])).toEqual(["the-key", "the-new-key"]);
  });

  it("may be a cancel, which is signed as one and asked again like any other", async () => {
    const { client, asked, timing } = makeCase([new TypeError("fetch failed"), GOOD]);
    const cancel = { method: "DELETE", path: "/v1/orders/O-1", read: (json: unknown) => json } as const;
    await client.ask(cancel, timing.monotonicMs() + 60_000);
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array.from({ length: 2 }, () => "DELETE https://venue.test/api/v1/orders/O-1"),
    );
  });

  it("is given up after four tries, further and further apart", async () => {
    const { asked, ask } = makeCase([refusal(500)]);
    await expect(ask()).rejects.toMatchObject({ code: "server", status: 500 });
    const gaps = asked.slice(1).map(({ atMs }, index) => atMs - (asked[index]?.atMs ?? 0));
    expect(gaps).toEqual([1_025, 1_025, 2_000]);
  });

  it("obeys Retry-After, and is given up where that is past the time there is", async () => {
    const patient = makeCase([refusal(429, { "retry-after": "7" }), GOOD]);
    await patient.ask();
    expect(patient.asked.map(({ atMs }) => atMs)).toEqual([0, 7_000]);
    const hurried = makeCase([refusal(429, { "retry-after": "7" }), GOOD]);
    await expect(hurried.ask(5_000)).rejects.toMatchObject({ code: "rate-limited" });
    expect(hurried.asked).toHaveLength(1);
    // The pause is the venue's word to all of this client's questions.
    await expect(hurried.ask(5_000)).rejects.toMatchObject({ code: "timeout" });
    expect(hurried.timing.monotonicMs()).toBe(0);
    expect(await hurried.ask()).toEqual({ good: true });
  });

  it("asks again after a minute, however long a pause the venue asks for", async () => {
    const { asked, ask, timing } = makeCase([refusal(429, { "retry-after": "259200" }), GOOD]);
    await expect(ask(45_000)).rejects.toMatchObject({ code: "rate-limited" });
    // The next run of a function whose process is kept warm.
    timing.clock.advance(60_000);
    expect(await ask(45_000)).toEqual({ good: true });
    expect(asked.map(({ atMs }) => atMs)).toEqual([0, 60_000]);
  });

  it("is not asked when no time is left, and says so", async () => {
    const { asked, ask } = makeCase([GOOD]);
    await expect(ask(0)).rejects.toThrow("/v1/account: no time was left to ask");
    expect(asked).toEqual([]);
  });

  it("whose answer does not fit is unreadable, and says why", async () => {
    const { client, timing } = makeCase([GOOD]);
    const read = () => {
      throw new Error("balances must be a list");
    };
    const asking = client.ask({ path: "/v1/account", read }, timing.monotonicMs() + 60_000);
    await expect(asking).rejects.toThrow("/v1/account: an answer that cannot be read: balances must be a list");
  });
});

describe("a rotated key", () => {
  const secrets = ["old", "new", "newer"].map((key) => JSON.stringify({ apiKey: key, secretKey: `${key}-secret` }));
  const rotating = () => {
    let readings = 0;
    return makeKeys({ CAMBRIAN_SECRET_ARN: "arn" }, async () => secrets[readings++]);
  };

  it("is read anew once, and the question asked again with it", async () => {
    const { asked, ask } = makeCase([refusal(401), GOOD], { keys: rotating() });
    expect(await ask()).toEqual({ good: true });
    expect(asked.map(({ headers }) => headers["x-cambrian-key"])).toEqual(["old", "new"]);
  });

  it("that is refused too is a refusal", async () => {
    const { asked, ask } = makeCase([refusal(401)], { keys: rotating() });
    await expect(ask()).rejects.toMatchObject({ code: "unauthorized", status: 401 });
    expect(asked.map(({ headers }) => headers["x-cambrian-key"])).toEqual(["old", "new"]);
  });
});

it("an error shows nothing of the key", async () => {
  const { ask } = makeCase([new TypeError("fetch failed")]);
  const error: unknown = await ask().catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(CambrianError);
  expect(JSON.stringify(error) + String(error)).not.toMatch(/the-key|the-secret/);
});

it.each(["", "venue.test", "ftp://venue.test"])("the base URL %j is refused", (baseUrl) => {
  expect(() => makeCase([], { baseUrl })).toThrow("CAMBRIAN_BASE_URL must be an https:// address");
});

it("the network is said in so many words, since no default may choose real money", () => {
  expect(["true", "TRUE", "false"].map(parseNetwork)).toEqual(["testnet", "testnet", "mainnet"]);
  for (const text of ["", "1", "yes"])
    expect(() => parseNetwork(text)).toThrow("CAMBRIAN_TESTNET must be true or false");
});
