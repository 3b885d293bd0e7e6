/** Days of posting, hour by hour, at a schedule that jitters and an X that takes its time: no hour is lost without a word. */
import { describe, expect, it } from "vitest";
import type { Rng } from "../../../fargate/seams.ts";
import { type Publisher, publishWaiting } from "../../../lambdas/hourly-report/publish.ts";
import { type Report, readReport, storeReport } from "../../../lambdas/hourly-report/report-items.ts";
import type { XClient, XOutcome } from "../../../lambdas/hourly-report/x-client.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { type DrivenTiming, makeDrivenTiming } from "../driven-timing.ts";

const HOUR_MS = 3_600_000;
const HOURS = 72;
const DUE_MS = Date.UTC(2026, 0, 2, 0, 15);
/** Of a run in the cloud, less what is kept at its end. */
const RUN_MS = 840_000;

/** What becomes of the post of the n-th run: taken, taken with its answer lost twice, or the process ends right after. */
type Fate = "taken" | "silent" | "killed";

/** X as slow as it is, and a note of when each post was taken. */
function makeX(timing: DrivenTiming, rng: Rng) {
  const posts: { readonly text: string; readonly atMs: number }[] = [];
  const state: { fate: Fate } = { fate: "taken" };
  const take = () => timing.clock.advance(200 + Math.floor(500 * rng.next()));
  const done = <Value>(value: Value): XOutcome<Value> => ({ type: "done", value });
  const client: XClient = {
    upload: async () => {
      for (let call = 0; call < 3; call++) take();
      return done("media");
    },
    describe: async () => {
      take();
      return done(undefined);
    },
    post: async (text) => {
      const sentMs = timing.epochMs();
      take();
      // At any moment between question and answer.
      const atMs = sentMs + (timing.epochMs() - sentMs) * rng.next();
      const isThere = posts.some((post) => post.text === text);
      if (!isThere) posts.push({ text, atMs });
      if (state.fate === "killed") throw new Error("the process has ended");
      if (state.fate === "silent") return { type: "unknown", detail: "no answer" };
      return isThere ? { type: "duplicate", detail: "there already" } : done(`post-${posts.length}`);
    },
  };
  return { client, posts, state };
}

const waitingReport = (id: string, madeAtMs: number): Report => ({
  id,
  state: "waiting",
  to: new Date(Date.parse(`${id}:00:00.000Z`) + HOUR_MS).toISOString(),
  madeAt: new Date(madeAtMs).toISOString(),
  text: id,
  altText: "words",
  chartKey: `chart of ${id}`,
  reason: undefined,
  tweetId: undefined,
  postedAt: undefined,
  mayBePosted: false,
});

async function postFor(hours: number, rng: Rng, fateOf: (hour: number) => Fate) {
  const host = makeMemoryTableHost();
  const table = { client: host.client, tableName: host.tableName };
  const timing = makeDrivenTiming(DUE_MS);
  const x = makeX(timing, rng);
  const errors: string[] = [];
  const silent = () => undefined;
  const publisher: Publisher = {
    table,
    bucket: { name: "reports", client: { send: async () => ({ Body: { transformToByteArray: async () => PNG } }) } },
    x: x.client,
    timing,
    gapMs: HOUR_MS,
    log: { info: silent, warn: silent, error: silent },
    countError: () => errors.push(new Date(timing.epochMs()).toISOString()),
  };
  const ids: string[] = [];
  for (let hour = 0; hour < hours; hour++) {
    const dueMs = DUE_MS + hour * HOUR_MS + 60_000 * rng.next();
    timing.clock.advance(Math.max(0, Math.floor(dueMs) - timing.epochMs()));
    const id = new Date(DUE_MS + (hour - 1) * HOUR_MS).toISOString().slice(0, 13);
    ids.push(id);
    await storeReport(table, waitingReport(id, timing.epochMs()), {});
    x.state.fate = fateOf(hour);
    await publishWaiting(publisher, timing.monotonicMs() + RUN_MS).catch(silent);
  }
  const reports = await Promise.all(ids.map((id) => readReport(table, id)));
  host.stop();
  return { posts: x.posts, errors, reports };
}

const PNG = new Uint8Array(1);

function expectApart(posts: readonly { readonly atMs: number }[]): void {
  for (const [index, { atMs }] of posts.entries()) {
    if (index > 0) expect(atMs - (posts[index - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(HOUR_MS);
  }
}

describe("three days of hours", () => {
  it.each([1, 2, 3])("are all posted, each an hour after the last (seed %i)", async (seed) => {
    const { posts, errors, reports } = await postFor(HOURS, makeSeededRng(seed, "posting"), () => "taken");
    expect(reports.filter((report) => report?.state !== "posted")).toEqual([]);
    expect(posts).toHaveLength(HOURS);
    expect(errors).toEqual([]);
    expectApart(posts);
  });

  it.each([4, 5, 6])(
    "with lost answers and killed runs are posted or counted, with a reason (seed %i)",
    async (seed) => {
      const rng = makeSeededRng(seed, "posting");
      const fates = Array.from({ length: HOURS }, (_, hour): Fate => {
        const chance = rng.next();
        return hour === HOURS - 1 || chance > 0.2 ? "taken" : chance > 0.1 ? "silent" : "killed";
      });
      const { posts, errors, reports } = await postFor(HOURS, rng, (hour) => fates[hour] ?? "taken");
      const unposted = reports.filter((report) => report?.state !== "posted");
      expect(unposted.map((report) => report?.reason ?? "")).toEqual(unposted.map(() => expect.stringMatching(/\w/)));
      expect(unposted.length).toBeGreaterThan(0);
      expect(errors).toHaveLength(unposted.length);
      // An hour that was struck costs itself alone.
      expect(unposted).toHaveLength(fates.filter((fate) => fate !== "taken").length);
      expectApart(posts);
    },
  );
});
