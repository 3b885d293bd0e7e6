/**
 * One sweep: every integration looked at once, all at the same time, each within its own time and whatever becomes of the others. Owns the
 * order of a look (breaker, question, item, metrics, event); what is asked is the integration's, what an outcome means the record's.
 */

import type { EventSink } from "../event-bus.ts";
import type { LedgerTable } from "../ledger-table.ts";
import type { Measure } from "../measure.ts";
import type { Timing } from "../timing.ts";
import { announceHealth } from "./announce.ts";
import { markAnnounced, readRecords, writeRecord } from "./health-items.ts";
import {
  afterLook,
  announcesNow,
  breakerOf,
  heldBack,
  type IntegrationRecord,
  type Outcome,
} from "./integration-record.ts";

export type Look = { readonly signal: AbortSignal; readonly before: IntegrationRecord | undefined };

export type Integration = {
  /** The sort key of its item. */
  readonly name: string;
  readonly timeoutMs: number;
  /** False for what must be tried at every sweep, however often it has failed; true unless told. */
  readonly breaks?: boolean;
  /** Rejects when there is no answer. */
  readonly look: (look: Look) => Promise<Outcome>;
};

type SweepLog = Record<"info" | "warn" | "error", (message: string, fields: Record<string, unknown>) => void>;

export type Sweep = {
  readonly table: LedgerTable;
  readonly bus: EventSink;
  readonly timing: Timing;
  readonly log: SweepLog;
  readonly measure: Measure;
};

/** What became of one integration. `superseded`: another sweep had the last word. `lost`: the item could not be written. */
export type Finding = {
  readonly integration: string;
  readonly healthy: boolean;
  readonly detail: string;
  readonly item: "written" | "superseded" | "lost";
};

/** Never rejects. */
export async function sweepAll(sweep: Sweep, integrations: readonly Integration[]): Promise<readonly Finding[]> {
  const records = await readRecords(sweep.table).catch((error: unknown) => {
    sweep.log.error("the health items could not be read", { error });
    return undefined;
  });
  return await Promise.all(integrations.map((integration) => sweepOne(sweep, integration, records)));
}

async function sweepOne(
  sweep: Sweep,
  integration: Integration,
  records: ReadonlyMap<string, IntegrationRecord> | undefined,
): Promise<Finding> {
  const { timing, log } = sweep;
  const { name, breaks = true } = integration;
  const before = records?.get(name);
  const asked = !breaks || breakerOf(before, timing.epochMs()) !== "open";
  const startedMs = timing.monotonicMs();
  const outcome = asked || before === undefined ? await lookOnce(integration, before) : heldBack(before);
  const tookMs = timing.monotonicMs() - startedMs;
  const record = afterLook(before, { integration: name, outcome, nowMs: Math.floor(timing.epochMs()), asked });
  // Without what stood there before it is not known what would be written over.
  const item = records === undefined ? "lost" : await store(sweep, record, before);
  const isWritten = item === "written";
  tell(sweep, { outcome, record: isWritten ? record : undefined, name });
  if (isWritten && announcesNow(record)) await announce(sweep, record);
  log.info("integration looked at", { integration: name, outcome: outcome.kind, detail: outcome.detail, tookMs });
  return { integration: name, healthy: isWritten ? record.healthy : isWell(outcome), detail: record.detail, item };
}

/** Ends with its time, whether the look obeys its signal or not. */
async function lookOnce(integration: Integration, before: IntegrationRecord | undefined): Promise<Outcome> {
  const { timeoutMs, look } = integration;
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`no answer within ${timeoutMs} ms`)), { once: true });
  });
  try {
    // In a function of its own, so that one that throws at once leaves nobody's rejection behind.
    const looked = (async () => await look({ signal, before }))();
    return await Promise.race([looked, late]);
  } catch (error) {
    return { kind: "failed", detail: messageOf(error) };
  }
}

async function store(
  { table, log }: Sweep,
  record: IntegrationRecord,
  before: IntegrationRecord | undefined,
): Promise<Finding["item"]> {
  const { integration } = record;
  try {
    const outcome = await writeRecord(table, record, before);
    if (outcome === "superseded") log.info("another sweep has written this item", { integration });
    return outcome;
  } catch (error) {
    log.error("the health item could not be written", { integration, error });
    return "lost";
  }
}

function tell(
  { measure }: Sweep,
  told: {
    readonly name: string;
    readonly outcome: Outcome;
    readonly record: IntegrationRecord | undefined;
  },
): void {
  const { name, outcome, record } = told;
  // CloudWatch is paid by the hour in which a metric is sent: eleven that say 1 all month would be three dollars for what the items say.
  if (!(record?.healthy ?? isWell(outcome))) measure("flashmm_integration_healthy", { integration: name }, 0);
}

/** One that does not come through is made again by a later sweep. */
async function announce({ table, bus, log }: Sweep, record: IntegrationRecord): Promise<void> {
  const { integration, healthy, detail } = record;
  try {
    await announceHealth(bus, record);
    log.warn("integration health changed", { integration, healthy, detail });
    await markAnnounced(table, record);
  } catch (error) {
    log.error("the change could not be announced, a later sweep does", { integration, healthy, error });
  }
}

function isWell({ kind }: Outcome): boolean {
  return kind === "healthy" || kind === "not-configured";
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
