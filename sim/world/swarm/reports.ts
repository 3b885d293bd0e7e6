/**
 * The hourly report of a seed, by its real lines: at its minute of each hour, delivered at least once, tried again as deployed. Owns when it is
 * invoked and with what at hand; what it may do is `report-checks.ts`'s to judge.
 */
import type { Rng } from "../../../fargate/seams.ts";
import { type Reporter, runReport } from "../../../lambdas/hourly-report/make-report.ts";
import { parseReportRequest } from "../../../lambdas/hourly-report/report-request.ts";
import { lessReserve } from "../../../lambdas/time-left.ts";
import { FileHost, reachBucket } from "../file-host.ts";
import type { Network } from "../network.ts";
import { NetworkAgent } from "../network-agent.ts";
import { X_ACCOUNT, X_URL, XHost } from "../x-host.ts";
import { deliverEvent } from "./asynchronous-event.ts";
import type { Deployment } from "./deployment.ts";
import { wholeBetween } from "./draw.ts";
import { type FunctionCloud, FunctionHost, type Place } from "./function-host.ts";

const LOG = { info: () => undefined, warn: () => undefined, error: () => undefined };
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Kept at the end for a claim that was made, and between posts, as the function's handler does. */
const RESERVE_MS = 60_000;
export const POST_GAP_MS = HOUR_MS;
export type ReportsInput = {
  readonly cloud: FunctionCloud;
  readonly network: Network;
  readonly rng: Rng;
  readonly deployment: Deployment;
  readonly tableName: string;
  readonly markets: readonly string[];
  /** Whether no function is invoked now. */
  readonly isThrottled: () => boolean;
  readonly mark: (name: string) => void;
};

type ReportEvent = {
  readonly source: "aws.scheduler" | "flashmm.operator";
  readonly time: string;
  readonly detail: string | { readonly dryRun: boolean };
};

export class Reports {
  readonly host: FunctionHost;
  readonly x: XHost;
  readonly files: FileHost;
  readonly #input: ReportsInput;
  #isRunning = false;
  /** Chance that an event is delivered twice, and how late one may come. */
  repeats = 0;
  lateMsMax = 0;
  /** The next run is killed so long after its beginning, wherever it is then. */
  killsAfterMs: number | undefined;
  /** What the function finds in place of the keys of X: none at all, or what cannot be read. */
  keys: "account" | "none" | "broken" = "account";
  readonly errors: string[] = [];
  /** Environments whose last run found no keys, or was a dry run. */
  readonly mustNotPost = new Set<string>();

  constructor(input: ReportsInput) {
    this.#input = input;
    const { cloud, network, deployment } = input;
    this.host = new FunctionHost("hourly-report", cloud, deployment.timeoutsMs["hourly-report"] ?? 900_000);
    this.x = new XHost(cloud.time, network);
    this.files = new FileHost(network);
  }

  start(): void {
    this.#isRunning = true;
    this.#awaitFire();
  }

  stop(): void {
    this.#isRunning = false;
  }

  mark(name: string): void {
    this.#input.mark(name);
  }

  /** An operator asks for the last full hour. */
  request(dryRun: boolean): void {
    const { time } = this.#input.cloud;
    const event = {
      source: "flashmm.operator",
      time: new Date(time.epochMs).toISOString(),
      detail: { dryRun },
    } as const;
    void this.#deliver(event, time.nowMs);
  }

  /** When the schedule fires next (world time). */
  nextFireMs(): number {
    const { nowMs, epochMs } = this.#input.cloud.time;
    const offsetMs = this.#input.deployment.reports.minute * MINUTE_MS;
    return nowMs + HOUR_MS - ((epochMs - offsetMs) % HOUR_MS);
  }

  #awaitFire(): void {
    const { time } = this.#input.cloud;
    time.after(this.nextFireMs() - time.nowMs, () => {
      if (!this.#isRunning) return;
      this.#fire();
      this.#awaitFire();
    });
  }

  /** EventBridge Scheduler delivers at least once, and within its minute. */
  #fire(): void {
    const { cloud, rng } = this.#input;
    const { time } = cloud;
    const at = new Date(Math.round(time.epochMs)).toISOString();
    const event = { source: "aws.scheduler", time: at, detail: "{}" } as const;
    const beganMs = time.nowMs;
    const lateMs = () => (this.lateMsMax === 0 ? 0 : wholeBetween(rng, { low: 0, high: this.lateMsMax }));
    const isTwice = this.repeats > 0 && rng.next() < this.repeats;
    if (isTwice) this.#input.mark("report delivered twice");
    for (let copy = 0; copy < (isTwice ? 2 : 1); copy += 1)
      time.after(lateMs(), () => void this.#deliver(event, beganMs));
  }

  async #deliver(event: ReportEvent, beganMs: number): Promise<void> {
    const { cloud, deployment, isThrottled, mark } = this.#input;
    const { retriesMax, eventAgeMs } = deployment.reports;
    const invoke = () => this.#invoke(event);
    const end = await deliverEvent({ time: cloud.time, beganMs, retriesMax, eventAgeMs, isThrottled, invoke });
    if (end === "dropped") mark("report event dropped");
  }

  async #invoke(event: ReportEvent): Promise<boolean> {
    const { cloud, mark } = this.#input;
    const { time } = cloud;
    // The seed is at its end: nobody waits for it any more.
    if (!this.#isRunning) return true;
    if (this.killsAfterMs !== undefined) time.after(this.killsAfterMs, () => this.host.killNow());
    this.killsAfterMs = undefined;
    const invoked = await this.host.invoke(async (place) => {
      const { timing, timeLeftMs, process } = place;
      const untilMs = timing.monotonicMs() + lessReserve(timeLeftMs(), RESERVE_MS);
      const request = parseReportRequest(event, timing.epochMs());
      if (request.isDryRun) this.mustNotPost.add(process.name);
      else this.mustNotPost.delete(process.name);
      return await runReport(this.#reporter(place), request, untilMs);
    });
    if (invoked.type === "done") mark(`report ${invoked.result.state}`);
    if (invoked.type === "failed" && this.errors.length < 50) this.errors.push(String(invoked.error));
    return invoked.type === "done";
  }

  #reporter({ dynamodb, exchange, timing, process }: Place): Reporter {
    const { cloud, tableName, markets, mark } = this.#input;
    const { time } = cloud;
    return {
      table: { client: dynamodb, tableName },
      bucket: reachBucket(exchange),
      markets,
      // What draws and counts letters is loaded by the first report of a process, and works outside of this world's time.
      word: (figures) =>
        time.hold(async () => {
          const { reportWords } = await import("../../../lambdas/hourly-report/report-text.ts");
          return reportWords(figures);
        }),
      draw: (figures) =>
        time.hold(async () => {
          const { drawReport } = await import("../../../lambdas/hourly-report/draw-report.ts");
          return await drawReport(figures);
        }),
      openX: () =>
        time.hold(async () => {
          if (this.keys === "broken") throw new Error("the keys cannot be read");
          if (this.keys === "none") {
            this.mustNotPost.add(process.name);
            return undefined;
          }
          const { makeXClient } = await import("../../../lambdas/hourly-report/x-client.ts");
          const { clock } = process;
          const agent = () => new NetworkAgent({ time, clock, exchange, baseUrl: X_URL });
          return makeXClient(X_ACCOUNT, X_URL, undefined, agent);
        }),
      timing,
      gapMs: POST_GAP_MS,
      log: LOG,
      countError: () => mark("report error"),
    };
  }
}
