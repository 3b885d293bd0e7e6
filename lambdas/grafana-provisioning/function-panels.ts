/**
 * What the functions measure: it is in CloudWatch alone, so these panels are there where Grafana has a CloudWatch data source. Owns their
 * content. The alarms on the same figures stand in CloudWatch whether it has one or not.
 */
import type { FunctionMetricName } from "../../core/metrics.ts";

export type CloudWatchQuery = {
  readonly namespace: "FlashMM" | "AWS/Lambda" | "AWS/SQS";
  readonly metric: string;
  /** Any value of a dimension is written `*`. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: "Maximum" | "Minimum" | "Sum";
  readonly legend: string;
};

export type FunctionPanelSpec = {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly queries: readonly CloudWatchQuery[];
};

const own = (metric: FunctionMetricName, service: string, label: string, statistic: CloudWatchQuery["statistic"]) =>
  ({
    namespace: "FlashMM",
    metric,
    dimensions: { service, ...(label === "" ? {} : { [label]: "*" }) },
    statistic,
    legend: label === "" ? metric : `{{${label}}}`,
  }) as const;

/** Every one of our queues of messages set aside ends so. */
const asideOf = (queue: string): CloudWatchQuery => ({
  namespace: "AWS/SQS",
  metric: "ApproximateNumberOfMessagesVisible",
  dimensions: { QueueName: `${queue}-dead-letters` },
  statistic: "Maximum",
  legend: queue,
});

const DEAD_LETTERS: readonly CloudWatchQuery[] = ["fills", "audit", "operator", "health", "report", "grafana"].map(
  asideOf,
);

const DIFFERENCES: CloudWatchQuery = {
  ...own("flashmm_audit_differences_total", "fill-audit", "kind", "Maximum"),
  dimensions: { service: "fill-audit", market: "*", kind: "*" },
};

export const FUNCTION_PANELS: readonly FunctionPanelSpec[] = [
  {
    id: 30,
    title: "Ill integrations",
    description: "0 while the health sweep finds one ill, nothing while it is well",
    unit: "none",
    queries: [own("flashmm_integration_healthy", "health-sweep", "integration", "Minimum")],
  },
  {
    id: 31,
    title: "Audit age",
    description: "Since the last clean check of the ledger against the venue",
    unit: "s",
    queries: [own("flashmm_audit_age_seconds", "fill-audit", "market", "Maximum")],
  },
  {
    id: 32,
    title: "Heartbeat seen from outside",
    description: "Age of the task's lease as the health sweep saw it, and orders that the dead man ended",
    unit: "s",
    queries: [
      own("flashmm_heartbeat_age_seconds", "health-sweep", "", "Maximum"),
      own("flashmm_dead_man_cancelled_total", "health-sweep", "", "Sum"),
    ],
  },
  {
    id: 33,
    title: "Ledger differences",
    description: "Fills that the ledger and the venue tell differently, and hours whose PnL does not add up",
    unit: "none",
    queries: [DIFFERENCES],
  },
  {
    id: 34,
    title: "Errors of functions",
    description: "Invocations that failed",
    unit: "none",
    queries: [
      {
        namespace: "AWS/Lambda",
        metric: "Errors",
        dimensions: { FunctionName: "*" },
        statistic: "Sum",
        legend: "{{FunctionName}}",
      },
    ],
  },
  {
    id: 35,
    title: "Messages set aside",
    description: "In the dead-letter queues",
    unit: "none",
    queries: DEAD_LETTERS,
  },
];
