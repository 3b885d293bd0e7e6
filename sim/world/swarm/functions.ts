/**
 * The functions of a seed, each by its real lines: the accounting behind the queue, the audit and the dead man on their schedules,
 * the operator's requests. Owns when each is invoked and what is delivered again; environments and their end are the host's.
 */
import type { Rng } from "../../../fargate/seams.ts";
import { CambrianClient, type CambrianClientOptions } from "../../../lambdas/cambrian-client.ts";
import { makeKeys } from "../../../lambdas/cambrian-keys.ts";
import { accountBatch } from "../../../lambdas/fill-accounting/account-batch.ts";
import { auditMarkets } from "../../../lambdas/fill-audit/audit-markets.ts";
import { parseAuditRequest } from "../../../lambdas/fill-audit/audit-request.ts";
import { guardOrders } from "../../../lambdas/health-sweep/dead-man.ts";
import { VenueOrders } from "../../../lambdas/health-sweep/venue-orders.ts";
import { applyRequest, type OperatorRequest } from "../../../lambdas/operator-control/apply-request.ts";
import { lessReserve } from "../../../lambdas/time-left.ts";
import type { HeldMessage, QueueHost } from "../queue-host.ts";
import type { Deployment } from "./deployment.ts";
import { type FunctionCloud, FunctionHost, type Invoked, type Place } from "./function-host.ts";

const LOG = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
/** Kept at the end, as the sweep's handler does. */
const RESERVE_MS = 2_000;
/** EventBridge tries again for a day; here at a steady pace. */
const DELIVER_AGAIN_MS = 15_000;
const DELIVERIES_MAX = 2_000;

export const FUNCTION_NAMES = ["fill-accounting", "fill-audit", "health-sweep", "operator-control"] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

export type FunctionsInput = {
  readonly cloud: FunctionCloud;
  readonly rng: Rng;
  readonly deployment: Deployment;
  readonly queue: QueueHost;
  readonly tableName: string;
  readonly markets: readonly string[];
  readonly shard: string;
  readonly venueUrl: string;
  /** The key as the secret has it now. */
  readonly credentials: () => { readonly apiKey: string; readonly secretKey: string };
};

export class Functions {
  readonly hosts: Readonly<Record<FunctionName, FunctionHost>>;
  readonly #input: FunctionsInput;
  #isRunning = false;
  #batches = 0;
  /** Chance that a deleted message comes again, and that a request or a batch is delivered twice at once. */
  repeats = 0;
  /** Nothing is invoked: no concurrency is left. */
  isThrottled = false;
  readonly errors: string[] = [];
  /** Told that a request was answered as done: its scope, and its time as control items carry it. */
  onApplied: ((scope: string, at: string) => void) | undefined;

  constructor(input: FunctionsInput) {
    this.#input = input;
    const { cloud, deployment, queue, rng } = input;
    const host = (name: FunctionName) => new FunctionHost(name, cloud, deployment.timeoutsMs[name] ?? 60_000);
    this.hosts = {
      "fill-accounting": host("fill-accounting"),
      "fill-audit": host("fill-audit"),
      "health-sweep": host("health-sweep"),
      "operator-control": host("operator-control"),
    };
    queue.forgetsDeletion = () => this.repeats > 0 && rng.next() < this.repeats;
  }

  start(): void {
    this.#isRunning = true;
    const { deployment } = this.#input;
    this.#each(Math.max(1_000, deployment.fills.batchingWindowMs), () => this.#account());
    this.#each(deployment.schedulesMs["fill-audit"] ?? 300_000, () => void this.audit());
    this.#each(deployment.schedulesMs["health-sweep"] ?? 60_000, () => void this.guard());
  }

  stop(): void {
    this.#isRunning = false;
  }

  /** Delivers an operator's request until it was applied. */
  request(detailType: OperatorRequest["detail-type"], reason: string, market?: string): void {
    const { time } = this.#input.cloud;
    const at = new Date(time.epochMs).toISOString().replace(/\.\d{3}Z$/, "Z");
    const detail = { reason, ...(market === undefined ? {} : { market }) };
    const request = { "detail-type": detailType, source: "flashmm.operator", time: at, detail };
    const isTwice = this.repeats > 0 && this.#input.rng.next() < this.repeats;
    this.#deliver(request, 0);
    if (isTwice) this.#deliver(request, 0);
  }

  async audit(): Promise<Invoked<unknown> | undefined> {
    if (this.isThrottled) return undefined;
    const { markets, queue } = this.#input;
    const invoked = await this.hosts["fill-audit"].invoke(async (place) => {
      const audit = {
        ...this.#beside(place),
        queue: { client: place.sqs, url: queue.queueUrl },
        client: new CambrianClient(this.#venue(place)),
        markets,
      };
      return await auditMarkets(audit, parseAuditRequest({}), place.timeLeftMs());
    });
    this.#note("fill-audit", invoked);
    return invoked;
  }

  async guard(): Promise<void> {
    if (this.isThrottled) return;
    const { markets, shard } = this.#input;
    const invoked = await this.hosts["health-sweep"].invoke(async (place) => {
      const untilMs = place.timing.monotonicMs() + lessReserve(place.timeLeftMs(), RESERVE_MS);
      const orders = new VenueOrders(this.#venue(place), LOG);
      return await guardOrders({ ...this.#beside(place), orders, shard, markets }, untilMs);
    });
    this.#note("health-sweep", invoked);
  }

  #account(): void {
    const { queue, deployment } = this.#input;
    const { batchesAtOnce, batchSize } = deployment.fills;
    if (this.isThrottled || this.#batches >= batchesAtOnce) return;
    const messages = queue.receive(batchSize);
    if (messages.length > 0) void this.#book(messages);
  }

  async #book(messages: readonly HeldMessage[]): Promise<void> {
    this.#batches += 1;
    const invoked = await this.hosts["fill-accounting"].invoke(async (place) => {
      const { timing, dynamodb: client, timeLeftMs } = place;
      const pacing = { random: timing.random, wait: timing.wait };
      const table = { client, tableName: this.#input.tableName };
      return await accountBatch({ table, pacing, count: () => undefined, log: LOG }, messages, timeLeftMs);
    });
    this.#batches -= 1;
    this.#note("fill-accounting", invoked);
    if (invoked.type !== "done") return;
    const failed = new Set(invoked.result.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { messageId } of messages) if (!failed.has(messageId)) this.#input.queue.delete(messageId);
  }

  #deliver(request: OperatorRequest, deliveries: number): void {
    const { time } = this.#input.cloud;
    const { tableName, markets } = this.#input;
    const again = () => {
      if (deliveries < DELIVERIES_MAX) time.after(DELIVER_AGAIN_MS, () => this.#deliver(request, deliveries + 1));
    };
    if (this.isThrottled) {
      again();
      return;
    }
    const work = async ({ dynamodb }: Place) =>
      await applyRequest({ table: { client: dynamodb, tableName }, markets, log: LOG }, request);
    void this.hosts["operator-control"].invoke(work).then((invoked) => {
      if (invoked.type !== "done") again();
      else this.onApplied?.(String(request.detail.market ?? "ALL"), request.time.replace(/Z$/, ".000Z"));
    });
  }

  #beside({ dynamodb, eventBridge, timing }: Place) {
    return {
      table: { client: dynamodb, tableName: this.#input.tableName },
      bus: { client: eventBridge, name: "flashmm" },
      timing,
      log: LOG,
      measure: () => undefined,
    };
  }

  #venue({ fetch, timing }: Place): CambrianClientOptions {
    const { apiKey, secretKey } = this.#input.credentials();
    const keys = makeKeys({ CAMBRIAN_API_KEY: apiKey, CAMBRIAN_SECRET_KEY: secretKey });
    return { baseUrl: this.#input.venueUrl, network: "testnet", keys, fetch, timing };
  }

  #note(name: FunctionName, invoked: Invoked<unknown>): void {
    if (invoked.type === "failed" && this.errors.length < 50) this.errors.push(`${name}: ${String(invoked.error)}`);
  }

  #each(everyMs: number, act: () => void): void {
    this.#input.cloud.time.after(everyMs, () => {
      if (!this.#isRunning) return;
      if (!this.isThrottled) act();
      this.#each(everyMs, act);
    });
  }
}
