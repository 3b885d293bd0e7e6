import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { hourPeriod, periodTitle } from "../../../../lambdas/hourly-report/period.ts";
import { claimGate, closeGate, readGate } from "../../../../lambdas/hourly-report/posting-gate.ts";
import { type Report, storeReport } from "../../../../lambdas/hourly-report/report-items.ts";
import { ReportChecks } from "../../../../sim/world/swarm/report-checks.ts";
import { makeMemoryTableHost } from "../../../../sim/world/table-host.ts";
import { VirtualTime } from "../../../../sim/world/virtual-time.ts";
import type { PostRequest } from "../../../../sim/world/x-host.ts";
import type { XPost } from "../../../../sim/x-api/x-api.ts";

const [HOUR, NEXT] = ["2026-01-02T03", "2026-01-02T04"];
const HOUR_MS = 3_600_000;
const MARKET = "SEI/USDC";
const PNG = Buffer.from("a chart");

/** Of an hour in which nothing was. */
const LINES = ["📊 Volume 0 USDC", "💰 PnL 0 USDC", "📈 Spread improvement –", "🎯 Fill rate –", "⏱️ Uptime 0.0 %"];
const textOf = (hour: string) => [`FlashMM ${periodTitle(hourPeriod(hour))}`, ...LINES].join("\n");

/** What a run does, by hand: what it stores, claims and sends, and what X keeps of it. */
async function desk() {
  const time = new VirtualTime();
  await time.pass(Date.parse("2026-01-02T04:15:00.000Z") - time.epochMs);
  const host = makeMemoryTableHost("direct");
  const table = { client: host.client, tableName: host.tableName };
  const faults: string[] = [];
  const [requests, posts]: [PostRequest[], XPost[]] = [[], []];
  const x: { requests: PostRequest[]; posts: XPost[]; onPost: ((request: PostRequest) => void) | undefined } = {
    ...{ requests, posts, onPost: undefined },
  };
  const reports = { x, files: { read: () => PNG }, mustNotPost: new Set<string>(), mark: () => undefined };
  const exchange = { fillsAfter: () => ({ fills: [], nextCursor: "" }) };
  const checks = new ReportChecks({
    world: { time, table: host, exchange },
    reports,
    checks: { note: (_rule, what) => faults.push(what) },
    markets: [MARKET],
  });
  let token = 0;
  return {
    ...{ time, faults, reports, checks, requests, posts },
    async store(hour: string, more: Partial<Report> = {}, isAudited = false) {
      const none = { altText: undefined, reason: undefined, tweetId: undefined, postedAt: undefined };
      const own = { id: hour, to: hourPeriod(hour).to, madeAt: new Date(time.epochMs).toISOString() };
      const words = { text: textOf(hour), chartKey: "a.png", state: "waiting", mayBePosted: false } as const;
      await storeReport(table, { ...none, ...own, ...words, ...more }, { isAudited: { BOOL: isAudited } });
    },
    /** Closes the claim before, unless told, with the next turn an hour after it. */
    async claim(report: string, { closes = true, gapMs = HOUR_MS } = {}) {
      const before = await readGate(table);
      if (before !== undefined && closes) await closeGate(table, { ...before, nextAtMs: before.claimedAtMs + gapMs });
      token += 1;
      const claimedAtMs = Math.floor(time.epochMs);
      const claim = { token: `claim ${token}`, report, claimedAtMs, nextAtMs: claimedAtMs + HOUR_MS };
      await claimGate(table, claim, before);
    },
    async close() {
      const before = await readGate(table);
      if (before !== undefined) await closeGate(table, before);
    },
    async audit() {
      const Item = { pk: { S: `AUDIT#${MARKET}` }, sk: { S: "LATEST" } };
      await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
    },
    send(hour: string, more: Partial<PostRequest> & { png?: Buffer } = {}) {
      const { png = PNG, ...changed } = more;
      const at = { sentMs: time.nowMs, arrivedMs: time.nowMs, process: "report-1", text: textOf(hour) };
      const end = { outcome: "posted", isProvenUndone: false, readStatus: undefined } as const;
      const request: PostRequest = { ...at, ...end, ...changed };
      const { text, outcome, arrivedMs: atMs } = request;
      requests.push(request);
      if (outcome === "posted") posts.push({ id: `post ${posts.length + 1}`, text, atMs, png, altText: undefined });
      x.onPost?.(request);
      return request;
    },
  };
}

type Desk = Awaited<ReturnType<typeof desk>>;

describe("a post is nothing to blame where", () => {
  it.each<[string, (desk: Desk) => Promise<void>]>([
    ["it was stored, claimed and sent at once", async ({ send }) => void send(HOUR)],
    [
      "nobody knew whether X has it, and it was sent once more",
      async ({ send }) => {
        send(HOUR, { outcome: "struck" });
        send(HOUR);
      },
    ],
    [
      "X had refused it in words, three times",
      async ({ send }) => {
        for (let n = 1; n <= 3; n += 1) send(HOUR, { outcome: "refused", isProvenUndone: true, readStatus: 403 });
        send(HOUR);
      },
    ],
    [
      "it was sent within 45 s of its claim",
      async ({ time, send }) => await time.pass(44_900).then(() => void send(HOUR)),
    ],
    [
      "the next one comes an hour later, in its turn",
      async ({ time, send, store, claim }) => {
        send(HOUR);
        await time.pass(HOUR_MS);
        await store(NEXT);
        await claim(NEXT);
        send(NEXT);
      },
    ],
  ])("%s", async (_what, act) => {
    const whole = await desk();
    await whole.store(HOUR);
    await whole.claim(HOUR);
    await act(whole);
    expect(whole.faults).toEqual([]);
  });
});

describe("a post is told of where", () => {
  it.each<[string, RegExp, (desk: Desk) => Promise<unknown>]>([
    ["another hour than the claimed one is sent", /was claimed, and X got/, async ({ send }) => send(NEXT)],
    [
      "it was sent too long after its claim",
      /too long after its claim/,
      async ({ time, send }) => await time.pass(45_100).then(() => send(HOUR)),
    ],
    [
      "its text is not the stored one",
      /another text than its item/,
      async ({ send }) => send(HOUR, { text: `${textOf(HOUR)}!` }),
    ],
    ["its image is not the stored one", /has another image/, async ({ send }) => send(HOUR, { png: Buffer.from("!") })],
    [
      "its sender may not post",
      /may not post/,
      async ({ send, reports }) => {
        reports.mustNotPost.add("report-1");
        send(HOUR);
      },
    ],
    [
      "it stands at X twice",
      /stands at X twice/,
      async ({ send }) => {
        send(HOUR);
        send(HOUR);
      },
    ],
    [
      "it was sent three times, and nobody knew",
      /was sent 3 times/,
      async ({ send }) => {
        for (let n = 1; n <= 3; n += 1) send(HOUR, { outcome: "struck" });
      },
    ],
    [
      "it was sent again with another text",
      /again with another text/,
      async ({ send }) => {
        send(HOUR, { outcome: "struck", text: `${textOf(HOUR)}!` });
        send(HOUR);
      },
    ],
    [
      "it was sent again though X had said that it has it",
      /though X had said/,
      async ({ send }) => {
        send(HOUR, { readStatus: 201 });
        send(HOUR, { outcome: "duplicate" });
      },
    ],
    [
      "it was sent again by a later claim",
      /by a later claim/,
      async ({ time, send, claim }) => {
        send(HOUR, { outcome: "struck" });
        await time.pass(HOUR_MS);
        await claim(HOUR);
        send(HOUR);
      },
    ],
    [
      "another hour comes less than an hour later",
      /ms after the post before it/,
      async ({ time, send, store, claim }) => {
        send(HOUR);
        await time.pass(HOUR_MS - 1);
        await store(NEXT);
        await claim(NEXT, { gapMs: HOUR_MS - 1 });
        send(NEXT);
      },
    ],
    [
      "its claim is closed",
      /without a claim/,
      async ({ send, close }) => {
        await close();
        send(HOUR);
      },
    ],
    [
      "its claim is made over an open one",
      /over the open claim/,
      async ({ claim, time }) => await time.pass(HOUR_MS).then(() => claim(NEXT, { closes: false })),
    ],
    [
      "its claim is made before its turn",
      /1000 ms before its turn/,
      async ({ claim, time }) => await time.pass(HOUR_MS - 1_000).then(() => claim(NEXT)),
    ],
  ])("%s", async (_what, fault, act) => {
    const whole = await desk();
    await whole.store(HOUR);
    await whole.claim(HOUR);
    await act(whole);
    expect(whole.faults.join()).toMatch(fault);
  });
});

describe("an item is honest or lies where", () => {
  it.each<[string, readonly string[], Partial<Report>, (desk: Desk) => unknown]>([
    ["it waits and X has none", [], {}, () => undefined],
    ["it is posted and X has it", [], { state: "posted", tweetId: "post 1" }, ({ send }) => send(HOUR)],
    ["it is posted and X has none", [`${HOUR} is said to be posted`], { state: "posted" }, () => undefined],
    [
      "it is posted and X has another hour",
      [`${HOUR} is said to be posted`],
      { state: "posted" },
      ({ send }) => send(NEXT),
    ],
    [
      "it is posted under another id",
      [`${HOUR} has another id`],
      { state: "posted", tweetId: "post 7" },
      ({ send }) => send(HOUR),
    ],
    [
      "it is skipped and X has it",
      [`${HOUR} is said to be skipped (late), X has it`],
      { state: "skipped", reason: "late" },
      ({ send }) => send(HOUR),
    ],
    [
      "nobody knows whether X has it, which has it",
      [],
      { state: "failed", mayBePosted: true },
      ({ send }) => send(HOUR),
    ],
    [
      "it still waits under an open claim, and X has it",
      [],
      {},
      ({ send, claim }) => claim(HOUR).then(() => send(HOUR)),
    ],
    [
      "it waits under another's open claim, and X has it",
      [`${HOUR} is said to be waiting (undefined), X has it`],
      {},
      ({ send, claim }) => claim(NEXT).then(() => send(HOUR)),
    ],
  ])("%s", async (_what, lies, report, act) => {
    const whole = await desk();
    await whole.store(HOUR, report);
    await act(whole);
    expect(await whole.checks.lies()).toEqual(lies);
  });
});

describe("the figures of a report", () => {
  it.each<[string, number, RegExp]>([
    ["may be unaudited while no audit has come", 0, /^$/],
    ["may be unaudited where the audit came while they were read", 179_000, /^$/],
    ["must be audited where the audit came before", 181_000, /is not audited, though/],
  ])("%s", async (_what, auditedMs, fault) => {
    const { time, faults, audit, store } = await desk();
    if (auditedMs > 0) await audit();
    await time.pass(auditedMs);
    await store(HOUR);
    expect(faults.join()).toMatch(fault);
  });

  it("must be the venue's where they are audited", async () => {
    const { time, faults, store } = await desk();
    await store(HOUR, {}, true);
    await time.pass(1);
    expect(faults).toEqual([]);
    await store(NEXT, { text: textOf(NEXT).replace("Volume 0", "Volume 1") }, true);
    await time.pass(1);
    expect(faults.join()).toMatch(/2026-01-02T04 must say "📊 Volume 0 USDC"/);
  });
});
