import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it, onTestFinished } from "vitest";
import { CambrianClient } from "../../../lambdas/cambrian-client.ts";
import type { ReadSecret } from "../../../lambdas/cambrian-keys.ts";
import { makeGrafanaAccess } from "../../../lambdas/grafana-access.ts";
import {
  checkCambrian,
  checkGrafana,
  checkSeiRest,
  checkX,
  type HttpGet,
} from "../../../lambdas/health-sweep/external-checks.ts";
import { toBeat } from "../../../lambdas/health-sweep/heartbeat.ts";
import { afterLook } from "../../../lambdas/health-sweep/integration-record.ts";
import {
  checkAudit,
  checkDeadLetters,
  checkFeed,
  checkFillsQueue,
  checkHeartbeat,
} from "../../../lambdas/health-sweep/own-checks.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { makeDrivenTiming } from "../driven-timing.ts";

const NOW_MS = Date.UTC(2026, 0, 2, 12);
const SIGNAL = new AbortController().signal;

type Answer = { readonly status: number; readonly body: string } | Error;

/** Answers by host; what is not there is not reached. */
function getFrom(answers: Readonly<Record<string, Answer>>): HttpGet {
  return async (url) => {
    const answer = answers[new URL(url).host] ?? new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") });
    if (answer instanceof Error) throw answer;
    return new Response(answer.body, { status: answer.status });
  };
}

const good = (body: unknown): Answer => ({ status: 200, body: JSON.stringify(body) });

describe("the nodes' queries", () => {
  const BALANCES = good({ balances: [], pagination: { next_key: null, total: "0" } });
  const check = async (answers: Readonly<Record<string, Answer>>, urls = ["http://a.test/", "http://b.test"]) =>
    await checkSeiRest(urls, { get: getFrom(answers), timeoutMs: 100 }, SIGNAL);

  it.each([
    ["the first answers", { "a.test": BALANCES }, "a.test answers"],
    ["the second answers", { "b.test": BALANCES }, "b.test answers; before it: a.test: fetch failed: ECONNREFUSED"],
    [
      "the first is ill",
      { "a.test": { status: 503, body: "" }, "b.test": BALANCES },
      "b.test answers; before it: a.test: it answered 503",
    ],
  ])("are well where %s", async (_what, answers, detail) => {
    expect(await check(answers)).toEqual({ kind: "healthy", detail });
  });

  it.each<[string, Answer, string]>([
    ["is refused", new TypeError("fetch failed"), "a.test: fetch failed"],
    ["is a page of HTML", { status: 200, body: "<html>" }, "a.test: its answer is no JSON"],
    ["is another JSON", good({ code: 12 }), "balances"],
    ["is too long", { status: 200, body: `"${"x".repeat(200_000)}"` }, "a.test: its answer is too long"],
  ])("fail where every answer %s", async (_what, answer, expected) => {
    await expect(check({ "a.test": answer }, ["http://a.test"])).rejects.toThrow(expected);
  });

  it("are not configured without an address", async () => {
    expect(await check({}, [])).toMatchObject({ kind: "not-configured" });
  });
});

describe("the order API", () => {
  const ask = async (answer: Answer, current?: () => Promise<never>) => {
    const client = new CambrianClient({
      baseUrl: "http://a.test",
      network: "testnet",
      keys: { current: current ?? (async () => () => ({})), renewed: () => undefined },
      fetch: async (url) => {
        if (answer instanceof Error) throw answer;
        return new Response(answer.body, { status: answer.status, headers: { url } });
      },
      timing: makeDrivenTiming(),
      attemptsMax: 1,
    });
    return await checkCambrian(client, 10_000);
  };
  const refusal = (status: number) => ({ status, body: '{"error":{"code":"no","message":"not you"}}' });

  it("is well where the account answers, and where it asks for a pause", async () => {
    const account = { account_id: "A", balances: [{ asset: "SEI", total: "1", available: "1" }] };
    expect(await ask(good(account))).toEqual({ kind: "healthy", detail: "the account answers, 1 assets" });
    expect(await ask(refusal(429))).toEqual({ kind: "healthy", detail: "it answers, and asks for a pause" });
  });

  it.each<[string, Answer, string]>([
    ["a refused key", refusal(401), "/v1/account: 401 no: not you"],
    ["a fault", refusal(500), "the venue answered 500"],
    ["a reset", new TypeError("fetch failed"), "no whole answer"],
    ["another JSON", good({}), "an answer that cannot be read"],
  ])("fails at %s", async (_what, answer, expected) => {
    await expect(ask(answer)).rejects.toThrow(expected);
  });

  it("is not configured without a key, or with a secret that nobody has filled", async () => {
    expect(await checkCambrian(undefined, 0)).toMatchObject({ kind: "not-configured" });
    const empty = async () => {
      const cause = Object.assign(new Error("no value"), { name: "ResourceNotFoundException" });
      throw new Error("GetParameterError", { cause });
    };
    expect(await ask(good({}), empty)).toMatchObject({ kind: "not-configured" });
  });
});

describe("Grafana", () => {
  const access = { url: "http://g.test/grafana", apiKey: "glsa_x" };
  it.each([
    [
      "its database is well",
      { database: "ok", version: "13.3.0" },
      { kind: "healthy", detail: "version 13.3.0 answers" },
    ],
    ["its database is ill", { database: "failing" }, { kind: "unhealthy", detail: "its database is failing" }],
  ])("is told as it says where %s", async (_what, body, outcome) => {
    expect(await checkGrafana(access, getFrom({ "g.test": good(body) }), SIGNAL)).toEqual(outcome);
  });

  it("keeps no page of words that stands where its database should", async () => {
    const page = getFrom({ "g.test": good({ database: "x".repeat(50_000) }) });
    const error = await checkGrafana(access, page, SIGNAL).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toMatch(/database must be/);
    expect(error?.message.length).toBeLessThan(400);
  });

  it("fails without an answer, and is not configured without access", async () => {
    await expect(checkGrafana(access, getFrom({}), SIGNAL)).rejects.toThrow("fetch failed");
    expect(await checkGrafana(undefined, getFrom({}), SIGNAL)).toMatchObject({ kind: "not-configured" });
  });
});

describe("X", () => {
  const KEYS = { appKey: "k", appSecret: "s", accessToken: "t", accessSecret: "very-secret" };
  const serve = async (status: number, body: unknown) => {
    const seen: { readonly url: string | undefined; readonly authorization: string | undefined }[] = [];
    const server = createServer((request, response) => {
      seen.push({ url: request.url, authorization: request.headers.authorization });
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    return { seen, baseUrl: `http://127.0.0.1:${port}` };
  };

  it("is asked who we are, signed, and says whom we may post as", async () => {
    const { seen, baseUrl } = await serve(200, { data: { id: "1", username: "flashmm", name: "FlashMM" } });
    expect(await checkX(KEYS, baseUrl, fetch, SIGNAL)).toEqual({
      kind: "healthy",
      detail: "@flashmm may be posted as",
    });
    expect(seen).toEqual([{ url: "/2/users/me", authorization: expect.stringMatching(/^OAuth .*oauth_signature=/) }]);
  });

  it.each([
    [401, { title: "Unauthorized", detail: "Unauthorized" }, "it answered 401: Unauthorized"],
    [402, { title: "CreditsDepleted" }, "it answered 402: CreditsDepleted"],
    [503, {}, "it answered 503: no reason"],
  ])("fails at %d with its reason, and nothing of a key", async (status, body, expected) => {
    const { baseUrl } = await serve(status, body);
    const error = await checkX(KEYS, baseUrl, fetch, SIGNAL).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ message: expected });
    expect(inspect(error, { depth: 9 })).not.toMatch(/oauth|very-secret/i);
  });

  it("is well at a 429, fails where nobody answers, and is not configured without keys", async () => {
    const { baseUrl } = await serve(429, { title: "Too Many Requests" });
    expect(await checkX(KEYS, baseUrl, fetch, SIGNAL)).toMatchObject({ kind: "healthy" });
    await expect(checkX(KEYS, "http://127.0.0.1:9", fetch, SIGNAL)).rejects.toThrow("no answer");
    expect(await checkX(undefined, undefined, fetch, SIGNAL)).toMatchObject({ kind: "not-configured" });
  });
});

describe("access", () => {
  const empty: ReadSecret = async () => {
    throw Object.assign(new Error("no value"), { name: "ResourceNotFoundException" });
  };
  const holds =
    (text: string): ReadSecret =>
    async () =>
      text;

  it("to Grafana comes from the variables, else from the secret", async () => {
    const direct = { GRAFANA_URL: "https://g.test/x/", GRAFANA_API_KEY: "glsa_a", GRAFANA_SECRET_ARN: "arn" };
    expect(await makeGrafanaAccess(direct)()).toMatchObject({ url: "https://g.test/x", apiKey: "glsa_a" });
    const secret = holds('{"url":"https://g.test","apiKey":"glsa_b","alertEmails":"ops@flashmm.test"}');
    const access = await makeGrafanaAccess({ GRAFANA_SECRET_ARN: "arn" }, secret)();
    expect(access).toEqual({
      url: "https://g.test",
      apiKey: "glsa_b",
      alertWebhookUrl: "",
      alertEmails: "ops@flashmm.test",
    });
  });

  it.each([
    ["nothing is set", {}, empty],
    ["a part is missing", { TWITTER_API_KEY: "a", GRAFANA_URL: "https://g.test" }, empty],
    ["the secret is not filled", { TWITTER_SECRET_ARN: "arn", GRAFANA_SECRET_ARN: "arn" }, empty],
  ])("is none where %s", async (_what, environment, read) => {
    expect(await makeGrafanaAccess(environment, read)()).toBeUndefined();
  });

  it("is refused where it is malformed, and what a secret holds is not shown", async () => {
    expect(() => makeGrafanaAccess({ GRAFANA_URL: "g.test", GRAFANA_API_KEY: "a" })).toThrow("GRAFANA_URL must be");
    const read = makeGrafanaAccess({ GRAFANA_SECRET_ARN: "arn" }, holds("the-very-secret"));
    await expect(read()).rejects.toThrow(/^(?!.*very-secret).*must be JSON such as/);
  });
});

describe("the task's heartbeat and feed", () => {
  const beat = (fields: Readonly<Record<string, string>> = {}) =>
    toBeat([
      {
        sk: { S: "main" },
        owner: { S: fields["owner"] ?? "engine/1" },
        epoch: { N: "4" },
        heartbeatAt: { S: fields["at"] ?? "2026-01-02T11:59:58.000Z" },
        feed: { S: fields["feed"] ?? "connected wss://a" },
        openOrders: { N: "3" },
      },
    ]);

  it.each([
    ["beats", beat(), "healthy", "epoch 4, 3 open orders, 2.0 s old", "healthy", "connected wss://a, told 2.0 s ago"],
    [
      "is silent",
      beat({ at: "2026-01-02T11:59:29.000Z" }),
      "unhealthy",
      "the task is silent, its last heartbeat is 31.0 s old",
      "unhealthy",
      "connected wss://a, told 31.0 s ago",
    ],
    [
      "has given the lease back",
      beat({ owner: "" }),
      "unhealthy",
      "the lease is free, its last heartbeat is 2.0 s old",
      "unhealthy",
      "connected wss://a, told 2.0 s ago",
    ],
    [
      "has lost its feed",
      beat({ feed: "failed wss://c" }),
      "healthy",
      "epoch 4, 3 open orders, 2.0 s old",
      "unhealthy",
      "failed wss://c, told 2.0 s ago",
    ],
    [
      "never was",
      toBeat([]),
      "not-configured",
      "no task has held the lease yet",
      "not-configured",
      "no task has held the lease yet",
    ],
  ])("are told of a task that %s", (_what, lease, kind, detail, feedKind, feedDetail) => {
    expect(checkHeartbeat(lease, NOW_MS)).toEqual({ kind, detail });
    expect(checkFeed(lease, NOW_MS)).toEqual({ kind: feedKind, detail: feedDetail });
  });
});

describe("the fill audit", () => {
  const word = (state: string, checkedAt = "2026-01-02T11:58:00.000Z") => ({
    state: { S: state },
    checkedAt: { S: checkedAt },
  });
  const check = async (words: Readonly<Record<string, ReturnType<typeof word>>>) => {
    const host = makeMemoryTableHost();
    const { client, tableName } = host;
    for (const [market, item] of Object.entries(words)) {
      const key = { pk: { S: `AUDIT#${market}` }, sk: { S: "LATEST" } };
      await client.send(new PutItemCommand({ TableName: tableName, Item: { ...item, ...key } }));
    }
    return await checkAudit({ client, tableName }, ["SEI/USDC", "ETH/USDC"], NOW_MS);
  };

  it.each([
    [
      "is clean",
      { "SEI/USDC": word("clean"), "ETH/USDC": word("repairing") },
      "healthy",
      "SEI/USDC clean, ETH/USDC repairing",
    ],
    [
      "finds a difference",
      { "SEI/USDC": word("different"), "ETH/USDC": word("clean") },
      "unhealthy",
      "SEI/USDC is different",
    ],
    [
      "is late and fails",
      { "SEI/USDC": word("clean", "2026-01-02T11:40:00.000Z"), "ETH/USDC": word("failed") },
      "unhealthy",
      "SEI/USDC was last audited 20 min ago; ETH/USDC is failed",
    ],
    ["knows but one market", { "SEI/USDC": word("clean") }, "healthy", "SEI/USDC clean, ETH/USDC not yet"],
    ["has never run", {}, "not-configured", "no audit yet"],
  ])("is told of where it %s", async (_what, words, kind, detail) => {
    expect(await check(words)).toEqual({ kind, detail });
  });
});

describe("the queues", () => {
  const queues = (counts: Readonly<Record<string, readonly number[]>>) => {
    const asked: Record<string, number> = {};
    const send = async ({ input }: GetQueueAttributesCommand) => {
      const name = input.QueueUrl ?? "";
      const look = asked[name] ?? 0;
      asked[name] = look + 1;
      const list = counts[name] ?? [];
      return { Attributes: { ApproximateNumberOfMessages: `${list[Math.min(look, list.length - 1)]}` } };
    };
    return { client: { send: send as never }, urls: Object.keys(counts) };
  };
  const recordOf = (detail: string) =>
    afterLook(undefined, {
      integration: "fills-queue",
      outcome: { kind: "healthy", detail },
      nowMs: NOW_MS,
      asked: true,
    });
  const SINCE = "waiting, not seen empty since 2026-01-02T11:5";

  it.each([
    ["empty", [0], undefined, "healthy", "no message waits"],
    ["emptied while it is watched", [5, 0], undefined, "healthy", "no message waits"],
    [
      "not empty, for the first time",
      [5],
      undefined,
      "healthy",
      "5 waiting, not seen empty since 2026-01-02T12:00:02.000Z",
    ],
    ["not empty since a minute", [5], recordOf(`2 ${SINCE}9:00.000Z`), "healthy", `5 ${SINCE}9:00.000Z`],
    ["not empty for six minutes", [5], recordOf(`2 ${SINCE}4:00.000Z`), "unhealthy", `5 ${SINCE}4:00.000Z`],
    ["far behind", [20_000], undefined, "unhealthy", "20000 waiting, not seen empty since 2026-01-02T12:00:02.000Z"],
  ])("of fills is told of where it is %s", async (_what, counts, record, kind, detail) => {
    const outcome = await checkFillsQueue(queues({ "http://q/fills": counts }), record, makeDrivenTiming());
    expect(outcome).toEqual({ kind, detail });
  });

  it("of what was set aside are named where something waits", async () => {
    const empty = queues({ "http://q/a": [0], "http://q/b": [0] });
    expect(await checkDeadLetters(empty)).toEqual({ kind: "healthy", detail: "2 queues, all empty" });
    const filled = queues({ "http://q/a": [0], "http://q/b": [3] });
    expect(await checkDeadLetters(filled)).toEqual({ kind: "unhealthy", detail: "messages set aside: b 3" });
  });

  it("are not configured without addresses, and fail where they do not say how many wait", async () => {
    const none = queues({});
    expect(await checkFillsQueue(none, undefined, makeDrivenTiming())).toMatchObject({ kind: "not-configured" });
    expect(await checkDeadLetters(none)).toMatchObject({ kind: "not-configured" });
    await expect(checkDeadLetters(queues({ "http://q/a": [] }))).rejects.toThrow("a does not say how many");
  });
});
