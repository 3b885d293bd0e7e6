/**
 * What the health sweep says of every integration (CONTRACTS 5), read now and then, shown on the page, among the alarms and the metrics. Owns
 * the reading, and that what is swept no more is nowhere; nothing waits for it and no order depends on it: the sweep is not the task's, and may be silent while the task is well.
 */
import { type AttributeValue, type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { readIsoTime } from "../core/sei/iso-time.ts";
import type { Log } from "./log.ts";
import { PeriodicReading } from "./periodic-reading.ts";
import type { Clock } from "./seams.ts";
import type { IntegrationState } from "./status/state.ts";
import type { Metrics } from "./telemetry.ts";

/** A sweep comes each minute. */
const READ_INTERVAL_MS = 15_000;
/** A sweep has about ten integrations. */
const SHOWN_MAX = 50;

export type HealthViewOptions = {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "set">;
};

/** Three sweeps. */
const SWEEP_OLD_AFTER_MS = 180_000;

export class HealthView {
  readonly #options: HealthViewOptions;
  readonly #reading: PeriodicReading<readonly IntegrationState[]>;
  /** Integrations that have a gauge: one that is not configured any more must not stay at what it was. */
  readonly #measured = new Set<string>();

  constructor(options: HealthViewOptions) {
    this.#options = options;
    this.#reading = new PeriodicReading({
      ...options,
      what: "the health items",
      everyMs: READ_INTERVAL_MS,
      read: (abortSignal) => this.#read(abortSignal),
      onRead: (integrations) => this.#measure(integrations),
    });
  }

  /** Reads at once and then every fifteen seconds. */
  start(): void {
    this.#reading.start();
  }

  stop(): void {
    this.#reading.stop();
  }

  /** By name; null before the first reading. The last good one stays when one fails. */
  state(): readonly IntegrationState[] | null {
    return this.#reading.value;
  }

  async #read(abortSignal: AbortSignal): Promise<readonly IntegrationState[]> {
    const { client, tableName } = this.#options;
    const command = new QueryCommand({
      TableName: tableName,
      KeyConditionExpression: "#pk = :pk",
      ExpressionAttributeNames: { "#pk": "pk" },
      ExpressionAttributeValues: { ":pk": { S: "HEALTH" } },
      Limit: SHOWN_MAX,
    });
    const { Items = [] } = await client.send(command, { abortSignal });
    return stillSwept(Items.flatMap(toState));
  }

  #measure(integrations: readonly IntegrationState[]): void {
    const { clock, metrics } = this.#options;
    for (const { integration, healthy, configured } of integrations) {
      if (!configured && !this.#measured.has(integration)) continue;
      this.#measured.add(integration);
      metrics.set("flashmm_integration_healthy", { integration }, healthy ? 1 : 0);
    }
    const told = new Set(integrations.map(({ integration }) => integration));
    for (const integration of this.#measured) {
      // A gauge stays once it is there: no number is neither well nor ill.
      if (!told.has(integration)) metrics.set("flashmm_integration_healthy", { integration }, Number.NaN);
    }
    const newestMs = Math.max(...integrations.map(({ checkedAtMs }) => checkedAtMs ?? 0), 0);
    // Before the first sweep nothing is known of it.
    if (newestMs === 0) return;
    const isLate = clock.now().epochMs - newestMs > SWEEP_OLD_AFTER_MS;
    metrics.set("flashmm_integration_healthy", { integration: "health-sweep" }, isLate ? 0 : 1);
  }
}

/** Without what later sweeps have left out, a shard or a function that is gone: its item stays as it was. */
function stillSwept(integrations: readonly IntegrationState[]): readonly IntegrationState[] {
  const newestMs = Math.max(...integrations.map(({ checkedAtMs }) => checkedAtMs ?? 0), 0);
  return integrations.filter(({ checkedAtMs }) => newestMs - (checkedAtMs ?? newestMs) <= SWEEP_OLD_AFTER_MS);
}

/** None for an item that says nothing of health. */
function toState(item: Readonly<Record<string, AttributeValue>>): readonly IntegrationState[] {
  const integration = item["sk"]?.S;
  const healthy = item["healthy"]?.BOOL;
  if (integration === undefined || healthy === undefined) return [];
  const timeOf = (name: string) => {
    const atMs = readIsoTime(item[name]?.S ?? "");
    return atMs < 0 ? null : atMs;
  };
  return [
    {
      integration,
      healthy,
      configured: item["configured"]?.BOOL ?? true,
      detail: item["detail"]?.S ?? "",
      breaker: item["breaker"]?.S ?? "closed",
      checkedAtMs: timeOf("checkedAt"),
      sinceMs: timeOf("since"),
    },
  ];
}
