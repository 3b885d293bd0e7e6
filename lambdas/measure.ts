/** Metrics of the functions: one line in CloudWatch's embedded format a value, written at once. Owns their units, the names are `core/metrics.ts`'s. */
import type { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { FunctionMetricLabels, FunctionMetricName } from "../core/metrics.ts";

/** Writes one value of a metric. */
export type Measure = <Name extends FunctionMetricName>(
  name: Name,
  labels: FunctionMetricLabels[Name],
  value: number,
) => void;

const UNITS = {
  flashmm_audit_age_seconds: MetricUnit.Seconds,
  flashmm_audit_checked_total: MetricUnit.Count,
  flashmm_audit_differences_total: MetricUnit.Count,
  flashmm_integration_healthy: MetricUnit.Count,
  flashmm_heartbeat_age_seconds: MetricUnit.Seconds,
  flashmm_dead_man_cancelled_total: MetricUnit.Count,
} as const satisfies Record<FunctionMetricName, string>;

/** Made once for a function's life; `serviceName` is its folder. */
export function makeMeasure(serviceName: string, logger: Logger): Measure {
  const metrics = new Metrics({ namespace: "FlashMM", serviceName, logger });
  return (name, labels, value) => {
    const metric = metrics.singleMetric();
    for (const [label, text] of Object.entries(labels)) metric.addDimension(label, text);
    metric.addMetric(name, UNITS[name], value);
  };
}
