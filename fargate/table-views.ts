/**
 * What others write into the ledger's table and the task only shows: the health sweep's items, the audit's last word, the reports. Owns that
 * they are read while the task runs; nothing waits for them and no order depends on them.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { makeAuditView } from "./audit-view.ts";
import { HealthView } from "./health-view.ts";
import type { Log } from "./log.ts";
import { makeReportView } from "./report-view.ts";
import type { Clock } from "./seams.ts";
import type { TaskState } from "./status/state.ts";
import type { Metrics } from "./telemetry.ts";

export class TableViews {
  readonly #health: HealthView;
  readonly #audits: ReturnType<typeof makeAuditView>;
  readonly #reports: ReturnType<typeof makeReportView>;

  constructor(options: {
    readonly client: DynamoDBClient;
    readonly tableName: string;
    readonly markets: readonly string[];
    readonly reportsFolder: string | undefined;
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Pick<Metrics, "set">;
  }) {
    this.#health = new HealthView(options);
    this.#audits = makeAuditView(options);
    this.#reports = makeReportView({ ...options, folder: options.reportsFolder });
  }

  start(): void {
    for (const view of [this.#health, this.#audits, this.#reports]) view.start();
  }

  stop(): void {
    for (const view of [this.#health, this.#audits, this.#reports]) view.stop();
  }

  state(): Pick<TaskState, "integrations" | "audits" | "reports"> {
    return { integrations: this.#health.state(), audits: this.#audits.value, reports: this.#reports.value };
  }
}
