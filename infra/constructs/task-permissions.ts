/**
 * What a task may do with what all share: its own items of the ledger's table and those it reads, its fills, its events. Owns the list;
 * the keys are those that the task's tables name (`fargate/lease-record.ts`, `control-table.ts`, `state-table.ts`, `risk-store.ts`,
 * `minute-table.ts`, and for the page `health-view.ts`, `audit-view.ts`, `report-view.ts`).
 */
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { ShardSettings } from "../stages.ts";

export type TaskPlaces = {
  readonly ledger: TableV2;
  readonly fills: IQueue;
  readonly bus: EventBus;
  /** Of Grafana's address and tokens: where the metrics are pushed to stands in it. */
  readonly grafanaSecretArn: string;
};

/** CONTRACTS 6, of source `flashmm.engine`. */
const ENGINE_EVENTS = ["Risk Limit Breached", "Quoting Halted", "Quoting Resumed", "Feed Failed Over"];

export function taskStatements(places: TaskPlaces, shard: ShardSettings): readonly PolicyStatement[] {
  const minutes = shard.markets.map((market) => `ENGINE#${market}`);
  const engine = [`ENGINE#${shard.name}`, ...minutes];
  const markets = shard.markets.map((market) => `MARKET#${market}`);
  const audits = shard.markets.map((market) => `AUDIT#${market}`);
  const ownKeys = (action: string, keys: readonly string[]) =>
    new PolicyStatement({
      actions: [`dynamodb:${action}`],
      resources: [places.ledger.tableArn],
      // A call without a key is no exception.
      conditions: {
        "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": keys },
        Null: { "dynamodb:LeadingKeys": "false" },
      },
    });
  return [
    // The control items and the operators' parameters beside them; what the health sweep and the reports say, for the page.
    ownKeys("Query", ["CONTROL", "HEALTH", "REPORT"]),
    // Lease; risk, checkpoint and minutes; the ledger's position, which it compares with its own; the audit's word, for the page.
    ownKeys("GetItem", ["LEASE", ...engine, ...markets, ...audits]),
    // Kills that outlive it; minutes and markouts.
    ownKeys("PutItem", ["CONTROL", ...minutes]),
    ownKeys("UpdateItem", ["LEASE", ...engine]),
    new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [places.fills.queueArn] }),
    // Read by the task itself: handed over at the start, a field that is not there would keep it from starting.
    new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: [places.grafanaSecretArn] }),
    new PolicyStatement({
      actions: ["events:PutEvents"],
      resources: [places.bus.eventBusArn],
      conditions: { StringEquals: { "events:source": "flashmm.engine", "events:detail-type": ENGINE_EVENTS } },
    }),
  ];
}
