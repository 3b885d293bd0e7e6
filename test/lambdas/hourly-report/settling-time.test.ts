/** How long a run may still write down what became of a report that X did not take: slow answers of X, and standstills of the process. */
import { afterEach, describe, expect, it } from "vitest";
import { CLAIM_MS, readGate } from "../../../lambdas/hourly-report/posting-gate.ts";
import { type Publisher, publishWaiting } from "../../../lambdas/hourly-report/publish.ts";
import { type Report, readReport, storeReport } from "../../../lambdas/hourly-report/report-items.ts";
import type { XOutcome } from "../../../lambdas/hourly-report/x-client.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { makeDrivenTiming } from "../driven-timing.ts";

const NOW_MS = Date.UTC(2026, 0, 2, 12, 15);
const HOUR_MS = 3_600_000;
const RUN_MS = 840_000;
const HOUR = "2026-01-02T11";
const PNG = new Uint8Array(1);
const LEFT = "report waits for another look: the claim's time is over";

const refused: XOutcome<never> = { type: "refused", status: 403, detail: "HTTP 403" };
const limited: XOutcome<never> = { type: "limited", resetMs: undefined, detail: "HTTP 429" };
const silent: XOutcome<never> = { type: "unknown", detail: "no answer within 15000 ms" };
const taken: XOutcome<string> = { type: "done", value: "post" };

const REPORT: Report = {
  id: HOUR,
  state: "waiting",
  to: "2026-01-02T12:00:00.000Z",
  madeAt: new Date(NOW_MS).toISOString(),
  text: "words",
  altText: "more words",
  chartKey: "chart",
  reason: undefined,
  tweetId: undefined,
  postedAt: undefined,
  mayBePosted: false,
};

const hosts: { stop(): void }[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.stop();
});

/** One of X's answers to a post, and how long it takes; `meanwhile` is what else happens in that time, after it. */
type Answer = { readonly outcome: XOutcome<string>; readonly ms: number; readonly meanwhile?: () => Promise<void> };

/** A report that waits, and an X that answers posts in turn; the last answer stands for all after it. */
async function makeWorld(answers: readonly Answer[], report = REPORT) {
  const host = makeMemoryTableHost("direct");
  hosts.push(host);
  const table = { client: host.client, tableName: host.tableName };
  const timing = makeDrivenTiming(NOW_MS);
  const posts: string[] = [];
  const said: string[] = [];
  let errors = 0;
  const say = (message: string) => said.push(message);
  const publisher: Publisher = {
    table,
    bucket: { name: "", client: { send: async () => ({ Body: { transformToByteArray: async () => PNG } }) } },
    x: {
      upload: async () => ({ type: "done", value: "media" }),
      describe: async () => ({ type: "done", value: undefined }),
      post: async (text) => {
        const answer = answers[Math.min(posts.length, answers.length - 1)];
        posts.push(text);
        timing.clock.advance(answer?.ms ?? 0);
        await answer?.meanwhile?.();
        return answer?.outcome ?? taken;
      },
    },
    timing,
    gapMs: HOUR_MS,
    log: { info: say, warn: say, error: say },
    countError: () => {
      errors += 1;
    },
  };
  await storeReport(table, report, {});
  return {
    publisher,
    timing,
    posts,
    said,
    errors: () => errors,
    run: async (runMs = RUN_MS) => await publishWaiting(publisher, timing.monotonicMs() + runMs),
    report: async () => await readReport(table, HOUR),
    gate: async () => await readGate(table),
  };
}

describe("a post that X takes its time over", () => {
  it.each([
    ["refuses after 12 s", [{ outcome: refused, ms: 12_000 }], "failed", "X refused it (HTTP 403)"],
    [
      "limits after 12 s",
      [{ outcome: limited, ms: 12_000 }],
      "skipped",
      "X takes nothing until a time it does not say (HTTP 429)",
    ],
    ["refuses within the last of its 15 s", [{ outcome: refused, ms: 14_999 }], "failed", "X refused it (HTTP 403)"],
  ] as const)("and %s is written down, counted once, and the gate let go", async (_what, answers, state, reason) => {
    const world = await makeWorld(answers);
    await world.run();
    expect(await world.report()).toMatchObject({ state, reason, mayBePosted: false });
    expect(world.errors()).toBe(1);
    expect(world.posts).toHaveLength(1);
    // The turn was not used up.
    expect(await world.gate()).toMatchObject({ isOpen: false, nextAtMs: 0 });
  });

  it("and refuses is counted though the answer to what was written is lost, and the write tried again", async () => {
    const world = await makeWorld([{ outcome: refused, ms: 100 }]);
    const { client } = world.publisher.table;
    const send = client.send.bind(client);
    // As the SDK does: the second try finds what the first has written.
    const twice = async (command: never) => {
      if (isSettlement(command)) await send(command);
      return await send(command);
    };
    const table = { ...world.publisher.table, client: Object.create(client, { send: { value: twice } }) };
    await publishWaiting({ ...world.publisher, table }, world.timing.monotonicMs() + RUN_MS);
    expect(await world.report()).toMatchObject({ state: "failed", reason: "X refused it (HTTP 403)" });
    expect(world.said).toContain("report is not posted");
    expect(world.errors()).toBe(1);
  });

  it("and twice is silent about is written down as of unknown fate, and counted once", async () => {
    const world = await makeWorld([{ outcome: silent, ms: 15_000 }]);
    await world.run();
    expect(await world.report()).toMatchObject({ state: "failed", mayBePosted: true });
    expect(world.errors()).toBe(1);
    expect(world.posts).toHaveLength(2);
  });
});

describe("a run that stands still for longer than its claim may be settled under", () => {
  it("writes nothing, says so and counts it, and leaves the report to the next run", async () => {
    const world = await makeWorld([
      { outcome: refused, ms: CLAIM_MS - 19_000 },
      { outcome: refused, ms: 1_000 },
    ]);
    await world.run(60_000);
    expect(await world.report()).toMatchObject({ state: "waiting", reason: undefined });
    expect(world.said).toContain(LEFT);
    expect(world.errors()).toBe(1);
    expect(await world.gate()).toMatchObject({ isOpen: false, nextAtMs: 0 });
    await world.run();
    expect(await world.report()).toMatchObject({ state: "failed", reason: "X refused it (HTTP 403)" });
    expect(world.errors()).toBe(2);
  });

  it("looks again where it has the time", async () => {
    const world = await makeWorld([
      { outcome: limited, ms: CLAIM_MS - 19_000 },
      { outcome: taken, ms: 1_000 },
    ]);
    await world.run();
    expect(world.said).toContain(LEFT);
    expect(world.errors()).toBe(1);
    expect(await world.report()).toMatchObject({ state: "posted", tweetId: "post" });
  });

  it("changes nothing of what another run has made of it meanwhile", async () => {
    const another: { run?: () => Promise<void> } = {};
    const world = await makeWorld([{ outcome: refused, ms: CLAIM_MS, meanwhile: async () => await another.run?.() }]);
    another.run = world.run;
    await world.run();
    expect(await world.report()).toMatchObject({ state: "failed", mayBePosted: true });
    expect(world.said).toContain(LEFT);
    expect(world.errors()).toBe(2);
    expect(world.posts).toHaveLength(1);
  });

  it("of late reports says which it has not written, and writes them at the next look", async () => {
    const world = await makeWorld([], { ...REPORT, to: "2026-01-01T12:00:00.000Z" });
    const { timing } = world;
    // Right after the first claim, before anything is written under it.
    const send = world.publisher.table.client.send.bind(world.publisher.table.client);
    let claims = 0;
    const client: typeof world.publisher.table.client = Object.create(world.publisher.table.client, {
      send: {
        value: async (command: never) => {
          const answer = await send(command);
          if (isClaim(command) && ++claims === 1) timing.clock.advance(10_001);
          return answer;
        },
      },
    });
    const publisher = { ...world.publisher, table: { ...world.publisher.table, client } };
    await publishWaiting(publisher, timing.monotonicMs() + RUN_MS);
    expect(claims).toBe(2);
    expect(world.said.filter((message) => message === LEFT)).toHaveLength(1);
    expect(await world.report()).toMatchObject({ state: "skipped", reason: "over 24 hours late" });
    expect(world.errors()).toBe(2);
    expect(await world.gate()).toMatchObject({ isOpen: false });
  });
});

function isSettlement({ input }: { readonly input: { readonly UpdateExpression?: string } }): boolean {
  return input.UpdateExpression !== undefined;
}

function isClaim({ input }: { readonly input: { readonly Item?: { readonly isOpen?: { readonly BOOL?: boolean } } } }) {
  return input.Item?.isOpen?.BOOL === true;
}
