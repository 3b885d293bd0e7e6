/** Two runs of one hour at once, in any order of their steps: the report says what X has. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Publisher, publishWaiting } from "../../../lambdas/hourly-report/publish.ts";
import { type Report, readReport, storeReport } from "../../../lambdas/hourly-report/report-items.ts";
import type { XClient, XOutcome } from "../../../lambdas/hourly-report/x-client.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { makeDrivenTiming } from "../driven-timing.ts";

const NOW_MS = Date.UTC(2026, 0, 2, 12, 15);
const HOUR_MS = 3_600_000;
const RUN_MS = 840_000;
const HOUR = "2026-01-02T11";
const PNG = new Uint8Array(1);

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

const limited: XOutcome<never> = { type: "limited", resetMs: undefined, detail: "HTTP 429" };
const refused: XOutcome<never> = { type: "refused", status: 403, detail: "HTTP 403" };
const unknown: XOutcome<never> = { type: "unknown", detail: "no answer" };
const uploaded: XOutcome<string> = { type: "done", value: "media" };

/** What X does with the images of a run, one after the other, and with its post. */
const fate = fc.record({
  uploads: fc.array(fc.constantFrom(uploaded, uploaded, limited, refused, unknown), { minLength: 1, maxLength: 3 }),
  post: fc.constantFrom("taken", "taken", "limited", "refused"),
});

it("of two runs at once, whatever X answers each, the report says posted exactly where X has it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fate, fate, async (scheduler, first, second) => {
      const host = makeMemoryTableHost("direct");
      const timing = makeDrivenTiming(NOW_MS);
      const posts: string[] = [];
      const send = (command: never) => scheduler.schedule(host.client.send(command));
      const client: typeof host.client = Object.create(host.client, { send: { value: send } });
      const publisherOf = ({ uploads, post }: typeof first): Publisher => {
        const left = [...uploads];
        const x: XClient = {
          upload: () => scheduler.schedule(Promise.resolve(left.shift() ?? uploaded)),
          describe: async () => ({ type: "done", value: undefined }),
          post: async (text) => {
            await scheduler.schedule(Promise.resolve());
            if (post !== "taken") return post === "limited" ? limited : refused;
            posts.push(text);
            return await scheduler.schedule(Promise.resolve({ type: "done", value: `post-${posts.length}` } as const));
          },
        };
        const silent = () => undefined;
        return {
          table: { client, tableName: host.tableName },
          bucket: { name: "", client: { send: async () => ({ Body: { transformToByteArray: async () => PNG } }) } },
          x,
          timing,
          gapMs: HOUR_MS,
          log: { info: silent, warn: silent, error: silent },
          countError: silent,
        };
      };
      const table = { client: host.client, tableName: host.tableName };
      await storeReport(table, REPORT, {});
      const untilMs = timing.monotonicMs() + RUN_MS;
      await scheduler.waitFor(
        Promise.all([publisherOf(first), publisherOf(second)].map((each) => publishWaiting(each, untilMs))),
      );
      const report = await readReport(table, HOUR);
      host.stop();
      expect(posts.length).toBeLessThanOrEqual(1);
      expect(report?.state === "posted").toBe(posts.length === 1);
    }),
  );
});
