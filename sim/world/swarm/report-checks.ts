/**
 * The hourly report against what X saw, what the venue knows and what the gate said: no hour twice, nothing unclaimed, nothing too soon, no
 * other figures than the hour's own, and items that are honest about what X has. Owns these rules; `docs/invariants.md` lists them.
 */
import * as z from "zod";
import { hourPeriod, periodTitle } from "../../../lambdas/hourly-report/period.ts";
import { NO_REPORT, SENT_WITHIN_MS } from "../../../lambdas/hourly-report/posting-gate.ts";
import { readReport } from "../../../lambdas/hourly-report/report-items.ts";
import type { HandMadeExchange } from "../../exchange/hand-made-exchange.ts";
import type { FileHost } from "../file-host.ts";
import type { TableHost } from "../table-host.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { PostRequest, XHost } from "../x-host.ts";
import { auditedMarket } from "./audit-checks.ts";
import type { Checks } from "./checks.ts";
import { expectedLines, type MarketTruth, readTruth } from "./report-truth.ts";
import { POST_GAP_MS, type Reports } from "./reports.ts";

const text = z.object({ S: z.string() });
const gateWrite = z.object({
  Item: z.object({
    token: text,
    report: text,
    claimedAtMs: z.object({ N: z.coerce.number() }),
    nextAtMs: z.object({ N: z.coerce.number() }),
    isOpen: z.object({ BOOL: z.boolean() }),
  }),
});
const reportWrite = z.object({
  Item: z.object({
    sk: z.object({ S: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d$/) }),
    state: text,
    madeAt: text,
    text: text.optional(),
    chartKey: text.optional(),
    isAudited: z.object({ BOOL: z.boolean() }).optional(),
  }),
});
const minuteWrite = z.object({ Key: z.object({ sk: text }) });

/** Between reading the first figure and the making of the report; a table that is slow takes seconds for each of some twenty readings. */
const READING_MS = 180_000;
const FILLS_MAX = 1_000_000;

type Gate = {
  readonly token: string;
  readonly report: string;
  readonly claimedAtMs: number;
  readonly nextAtMs: number;
  readonly isOpen: boolean;
  /** When the table had it (world time). */
  readonly atMs: number;
};
type Stored = { readonly text: string | undefined; readonly chartKey: string | undefined };

export type ReportChecksInput = {
  readonly world: {
    readonly time: Pick<VirtualTime, "nowMs" | "epochMs" | "hold">;
    readonly table: TableHost;
    readonly exchange: Pick<HandMadeExchange, "fillsAfter">;
  };
  readonly reports: Pick<Reports, "mustNotPost" | "mark"> & {
    readonly x: Pick<XHost, "requests" | "posts" | "onPost">;
    readonly files: Pick<FileHost, "read">;
  };
  readonly checks: Pick<Checks, "note">;
  readonly markets: readonly string[];
};

export class ReportChecks {
  readonly #input: ReportChecksInput;
  readonly #gates: Gate[] = [];
  /** What each hour's item last said, where it was to be posted. */
  readonly #stored = new Map<string, Stored>();
  readonly #hours = new Set<string>();
  /** World time of the audit's first write of a market. */
  readonly #auditedMs = new Map<string, number>();
  /** World time of the last write of a minute, by the minute. */
  readonly #minuteMs = new Map<string, number>();

  constructor(input: ReportChecksInput) {
    this.#input = input;
    const { table } = input.world;
    const told = table.onWrite;
    table.onWrite = (body) => {
      told?.(body);
      if (body.includes('"MINUTE#')) this.#noteMinute(body);
      if (body.includes('"AUDIT#')) this.#noteAudit(body);
      if (!body.includes('"REPORT"')) return;
      if (body.includes('"GATE"')) this.#noteGate(body);
      else this.#noteReport(body);
    };
    input.reports.x.onPost = (request) => this.#checkPost(request);
  }

  /** When the gate was last claimed for a post (world time). */
  get lastClaimMs(): number | undefined {
    return this.#gates.findLast(({ isOpen, report }) => isOpen && report !== NO_REPORT)?.atMs;
  }

  /** What the items say against what X has: a sentence for each that lies. */
  async lies(): Promise<readonly string[]> {
    const { world, reports } = this.#input;
    const table = { client: world.table.client, tableName: world.table.tableName };
    const gate = this.#gates.at(-1);
    const faults: string[] = [];
    for (const hour of this.#hours) {
      const report = await readReport(table, hour);
      const posts = reports.x.posts.filter((post) => isOfHour(post.text, hour));
      if (report === undefined) faults.push(`${hour} has no item any more`);
      else if (report.state === "posted" && posts[0]?.text !== report.text) faults.push(`${hour} is said to be posted`);
      else if (report.tweetId !== undefined && report.tweetId !== posts[0]?.id) faults.push(`${hour} has another id`);
      if (report === undefined || posts.length === 0 || report.state === "posted" || report.mayBePosted) continue;
      const isUnderWay = gate?.isOpen === true && gate.report === hour;
      if (!isUnderWay) faults.push(`${hour} is said to be ${report.state} (${report.reason}), X has it`);
    }
    return faults;
  }

  #noteMinute(body: string): void {
    const { data } = minuteWrite.safeParse(JSON.parse(body));
    if (data !== undefined) this.#minuteMs.set(data.Key.sk.S.slice("MINUTE#".length), this.#input.world.time.nowMs);
  }

  #noteAudit(body: string): void {
    const market = auditedMarket(body);
    if (!this.#auditedMs.has(market)) this.#auditedMs.set(market, this.#input.world.time.nowMs);
  }

  #noteGate(body: string): void {
    const { data } = gateWrite.safeParse(JSON.parse(body));
    if (data === undefined) return;
    const { token, report, claimedAtMs, nextAtMs, isOpen } = data.Item;
    const before = this.#gates.at(-1);
    const gate: Gate = {
      token: token.S,
      report: report.S,
      claimedAtMs: claimedAtMs.N,
      nextAtMs: nextAtMs.N,
      isOpen: isOpen.BOOL,
      atMs: this.#input.world.time.nowMs,
    };
    this.#gates.push(gate);
    if (!gate.isOpen || before === undefined || before.token === gate.token) return;
    if (before.isOpen) this.#fail(`${gate.report} was claimed over the open claim of ${before.report}`);
    // A claim that only writes down what became of reports takes no turn.
    const isTurnKept = gate.report === NO_REPORT && gate.nextAtMs === before.nextAtMs;
    if (gate.claimedAtMs < before.nextAtMs && !isTurnKept)
      this.#fail(`${gate.report} was claimed ${before.nextAtMs - gate.claimedAtMs} ms before its turn`);
  }

  #noteReport(body: string): void {
    const { data } = reportWrite.safeParse(JSON.parse(body));
    if (data === undefined) return;
    const { sk, state, isAudited, ...words } = data.Item;
    this.#hours.add(sk.S);
    if (state.S !== "waiting" && state.S !== "dry-run") return;
    if (state.S === "waiting") this.#stored.set(sk.S, { text: words.text?.S, chartKey: words.chartKey?.S });
    const { time } = this.#input.world;
    if (isAudited?.BOOL === true) void time.hold(() => this.#checkFigures(sk.S, words.text?.S ?? "", words.madeAt.S));
    else this.#checkUnaudited(sk.S, words.madeAt.S);
  }

  /** Only of a market that no audit has looked at may be told what no audit has looked at. */
  #checkUnaudited(hour: string, madeAt: string): void {
    const { reports, markets } = this.#input;
    reports.mark("report not audited");
    const sinceMs = this.#readSinceMs(madeAt);
    const isAudited = (market: string) => (this.#auditedMs.get(market) ?? Number.POSITIVE_INFINITY) < sinceMs;
    if (markets.every(isAudited)) this.#fail(`${hour} is not audited, though each market was before it was read`);
  }

  /** When a report that was made then can have begun to be read, at the earliest (world time). */
  #readSinceMs(madeAt: string): number {
    const { time } = this.#input.world;
    return Date.parse(madeAt) - (time.epochMs - time.nowMs) - READING_MS;
  }

  /** An audited report says what the venue knows of the hour. */
  async #checkFigures(hour: string, said: string, madeAt: string): Promise<void> {
    const { world, markets } = this.#input;
    const table = { client: world.table.client, tableName: world.table.tableName };
    const truths: MarketTruth[] = [];
    for (const market of markets) {
      const { fills } = world.exchange.fillsAfter({ market, cursor: undefined, limit: FILLS_MAX });
      truths.push(await readTruth(table, fills, { market, hour }));
    }
    const lines = said.split("\n");
    for (const spellings of expectedLines(hour, truths, this.#hadAllMinutes(hour, madeAt))) {
      if (spellings.some((spelling) => lines.includes(spelling))) continue;
      this.#fail(`${hour} must say "${spellings.at(-1)}", says ${JSON.stringify(said)}`);
    }
  }

  /** No minute up to the hour's end was written since the report was read: later ones are not in it. */
  #hadAllMinutes(hour: string, madeAt: string): boolean {
    const to = hourPeriod(hour).to.slice(0, 16);
    const sinceMs = this.#readSinceMs(madeAt);
    return [...this.#minuteMs].every(([minute, writtenMs]) => minute >= to || writtenMs < sinceMs);
  }

  #checkPost(request: PostRequest): void {
    const { reports, world } = this.#input;
    const gate = this.#gates.findLast(({ atMs }) => atMs <= request.sentMs);
    if (gate?.isOpen !== true) {
      this.#fail(`${request.process} sent a post without a claim`);
      return;
    }
    const hour = gate.report;
    if (hour === NO_REPORT) {
      this.#fail(`${request.process} sent a post under a claim of no report`);
      return;
    }
    if (!isOfHour(request.text, hour)) this.#fail(`${hour} was claimed, and X got ${shown(request.text)}`);
    const sentEpochMs = request.sentMs + world.time.epochMs - world.time.nowMs;
    if (sentEpochMs > gate.claimedAtMs + SENT_WITHIN_MS) this.#fail(`${hour} was sent too long after its claim`);
    if (reports.mustNotPost.has(request.process)) this.#fail(`${request.process} may not post, and sent ${hour}`);
    const stored = this.#stored.get(hour);
    if (stored?.text !== request.text) this.#fail(`${hour} was sent with another text than its item's`);
    const earlier = reports.x.requests.filter((each) => each !== request && !each.isProvenUndone);
    this.#checkOnce(request, hour, { gate, earlier: earlier.filter((each) => isOfHour(each.text, hour)) });
    const last = earlier.filter((each) => !isOfHour(each.text, hour)).at(-1);
    const apartMs = request.arrivedMs - (last?.arrivedMs ?? Number.NEGATIVE_INFINITY);
    if (apartMs < POST_GAP_MS) this.#fail(`${hour} came ${apartMs} ms after the post before it`);
    if (request.outcome !== "posted") return;
    const png = reports.files.read(stored?.chartKey ?? "");
    if (png === undefined || reports.x.posts.at(-1)?.png.equals(png) !== true) this.#fail(`${hour} has another image`);
  }

  /** A post of which nobody knows whether X has it is sent once more at the most, by the same claim and with the same text. */
  #checkOnce(
    request: PostRequest,
    hour: string,
    { gate, earlier }: { readonly gate: Gate; readonly earlier: readonly PostRequest[] },
  ): void {
    for (const each of earlier) {
      const its = this.#gates.findLast(({ atMs }) => atMs <= each.sentMs);
      if (its?.token !== gate.token) this.#fail(`${hour} was sent again by a later claim`);
      if (each.text !== request.text) this.#fail(`${hour} was sent again with another text`);
      if (each.readStatus === 201) this.#fail(`${hour} was sent again though X had said that it is posted`);
    }
    if (earlier.length > 1) this.#fail(`${hour} was sent ${earlier.length + 1} times`);
    if (this.#input.reports.x.posts.filter((post) => isOfHour(post.text, hour)).length > 1)
      this.#fail(`${hour} stands at X twice`);
  }

  #fail(what: string): void {
    this.#input.checks.note("report", what);
  }
}

function isOfHour(post: string, hour: string): boolean {
  return post.includes(periodTitle(hourPeriod(hour)));
}

function shown(post: string): string {
  return JSON.stringify(post.slice(0, 60));
}
