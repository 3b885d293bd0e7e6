/**
 * The reports of a local run, whose hours are shorter than hours: at the end of each the audit is asked first, then the report's function, as
 * the schedules do in the cloud; and once more at the end of the run, of all of it. Owns when that is, and the copies in the run's folder;
 * what a report says and whether it is posted is the function's.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import * as z from "zod";
import type { Log } from "../../fargate/log.ts";
import type { Clock } from "../../fargate/seams.ts";
import type { LocalCloud } from "./cloud.ts";
import { localClientSettings } from "./local-client.ts";

export type LocalReportsOptions = {
  readonly cloud: Pick<LocalCloud, "invoke" | "s3Url" | "buckets">;
  readonly clock: Clock;
  readonly log: Log;
  /** The run's; the copies go into `reports/` in it. */
  readonly folder: string;
  /** How long an hour is here, whole minutes. */
  readonly hourMs: number;
  readonly onReport: (report: LocalReport) => void;
};

export type LocalReport = {
  readonly id: string;
  readonly state: string;
  readonly text: string | undefined;
  readonly reason: string | undefined;
  /** The copy of the chart. */
  readonly chart: string | undefined;
};

/** Within the run's folder: what a person may keep of a run. */
export const REPORTS_FOLDER = "reports";

type Span = { readonly from: string; readonly to: string };

const MINUTE_MS = 60_000;

/** After an hour's end: the task writes its minute, the last fills are booked. */
const SETTLES_WITHIN_MS = 8_000;
const FILLS_SETTLE_SECONDS = 5;
const ROUND_TRIES_MAX = 3;

const answerSchema = z.object({
  id: z.string(),
  state: z.string(),
  text: z.string().optional(),
  reason: z.string().optional(),
  chartKey: z.string().optional(),
});

const DAY_MS = 24 * 60 * MINUTE_MS;

export class LocalReports {
  readonly #options: LocalReportsOptions;
  readonly #client: S3Client;
  readonly #startedMs: number;
  #cancel: () => void = () => {};
  readonly #underWay = new Set<Promise<void>>();
  #isStopped = false;

  /** Begins at once: the first report is of the first whole hour. */
  constructor(options: LocalReportsOptions) {
    this.#options = options;
    this.#client = new S3Client(localClientSettings(options.cloud.s3Url));
    this.#startedMs = options.clock.now().epochMs;
    this.#wait(Math.ceil(this.#startedMs / options.hourMs) * options.hourMs);
  }

  /** The report of the whole run, or of its last day; the task has ended and everything is booked. No other comes after it. */
  async last(): Promise<LocalReport | undefined> {
    await this.stop();
    const { clock } = this.#options;
    const toMs = Math.ceil(clock.now().epochMs / 1_000) * 1_000;
    await new Promise<void>((resolve) => clock.after(toMs - clock.now().epochMs + 1, resolve));
    const fromMs = Math.max(Math.floor(this.#startedMs / MINUTE_MS) * MINUTE_MS, toMs - DAY_MS);
    const report = await this.#report({ from: minuteOf(fromMs), to: isoOf(toMs).slice(0, 19) }, 0);
    this.#client.destroy();
    return report;
  }

  /** Ends the rounds; those that are under way come to their end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await Promise.all(this.#underWay);
  }

  #wait(fromMs: number): void {
    if (this.#isStopped) return;
    const { clock, hourMs } = this.#options;
    const toMs = fromMs + hourMs;
    const delayMs = toMs + SETTLES_WITHIN_MS - clock.now().epochMs;
    this.#cancel = clock.after(Math.max(0, delayMs), () => {
      const round: Promise<void> = this.#round(fromMs, toMs).finally(() => this.#underWay.delete(round));
      this.#underWay.add(round);
      this.#wait(toMs);
    });
  }

  async #round(fromMs: number, toMs: number): Promise<void> {
    const span = { from: minuteOf(fromMs), to: minuteOf(toMs) };
    for (let attempt = 1; attempt <= ROUND_TRIES_MAX && !this.#isStopped; attempt++) {
      const report = await this.#report(span, FILLS_SETTLE_SECONDS);
      const isOver = report?.state !== "skipped" || attempt === ROUND_TRIES_MAX;
      if (isOver && report !== undefined) this.#options.onReport(report);
      if (isOver) return;
      await new Promise<void>((resolve) => this.#options.clock.after(FILLS_SETTLE_SECONDS * 1_000, resolve));
    }
  }

  /** Undefined when there is none, and the log says why: the run goes on without it. */
  async #report(span: Span, graceSeconds: number): Promise<LocalReport | undefined> {
    try {
      return await this.#ask(span, graceSeconds);
    } catch (error) {
      this.#options.log.error("report was not made", { ...span, error });
      return undefined;
    }
  }

  async #ask(span: Span, graceSeconds: number): Promise<LocalReport | undefined> {
    const { cloud, log } = this.#options;
    await cloud.invoke("fill-audit", { detail: { graceSeconds } });
    const result = await cloud.invoke("hourly-report", { detail: span });
    const answer = answerSchema.safeParse(result.kind === "returned" ? result.value : undefined);
    if (!answer.success) {
      log.error("report was not made", { ...span, ...result });
      return undefined;
    }
    const { id, state, text, reason, chartKey } = answer.data;
    const chart = chartKey === undefined ? undefined : await this.#tryCopy(id, chartKey, text ?? "");
    return { id, state, text, reason, chart };
  }

  /** A report without its copy is told all the same. */
  async #tryCopy(id: string, chartKey: string, text: string): Promise<string | undefined> {
    try {
      return await this.#copy(id, chartKey, text);
    } catch (error) {
      this.#options.log.error("chart was not copied", { report: id, chartKey, error });
      return undefined;
    }
  }

  /** Copies the chart and writes the text beside it; answers where the chart is. */
  async #copy(id: string, chartKey: string, text: string): Promise<string> {
    const { cloud, folder } = this.#options;
    const [Bucket] = cloud.buckets;
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket, Key: chartKey }));
    const directory = join(folder, REPORTS_FOLDER);
    mkdirSync(directory, { recursive: true });
    const stem = join(directory, id.replaceAll(":", "-"));
    writeFileSync(`${stem}.png`, (await Body?.transformToByteArray()) ?? new Uint8Array());
    writeFileSync(`${stem}.txt`, `${text}\n`);
    return `${stem}.png`;
  }
}

/** One line of a report in a run that goes on. */
export function reportLine(report: LocalReport): string {
  return `report of ${report.id.replace("_", " to ")}: ${outcomeOf(report)}`;
}

/** The last report, whole. */
export function reportText(report: LocalReport): string {
  const post = (report.text ?? "").split("\n").map((line) => `  ${line}`.trimEnd());
  return [`The report of this run, ${outcomeOf(report)}:`, ...(report.text === undefined ? [] : ["", ...post])].join(
    "\n",
  );
}

function outcomeOf({ state, reason, chart }: LocalReport): string {
  const why = reason === undefined ? "" : ` (${reason})`;
  return `${state === "waiting" ? "not posted, since the last post is too near" : state}${why}${chart === undefined ? "" : `, chart ${chart}`}`;
}

function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

function minuteOf(epochMs: number): string {
  return isoOf(epochMs).slice(0, 16);
}
