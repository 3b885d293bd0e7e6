/**
 * The registry's figures as a request of OTLP (opentelemetry-proto, `ExportMetricsServiceRequest`), compressed. Owns whose figures they are
 * and of which moment; names, labels and values go out as `/metrics` shows them.
 */
import { gzipSync } from "node:zlib";
import type { HrTime } from "@opentelemetry/api";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { type DataPoint, DataPointType, type MetricData } from "@opentelemetry/sdk-metrics";
import type { MetricsSnapshot } from "../telemetry.ts";

export type Sender = {
  readonly stage: string;
  readonly shard: string;
  /** When the registry was made: all counters stood at 0 then. Epoch milliseconds. */
  readonly startedMs: number;
};

/** Speed counts more than the last bytes: some thirty kilobytes become one and a half in a tenth of a millisecond. */
const COMPRESSION_LEVEL = 1;

/** `nowMs` is the moment of the figures, in epoch milliseconds by the task's own clock. */
export function makeMessage(snapshot: MetricsSnapshot, sender: Sender, nowMs: number): Uint8Array {
  const scopeMetrics = snapshot.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.map((metric) => stamped(metric, toHrTime(sender.startedMs), toHrTime(nowMs))),
  }));
  const bytes = ProtobufMetricsSerializer.serializeRequest({ resource: resourceOf(sender), scopeMetrics });
  if (bytes === undefined) throw new Error("the metrics can not be written as a message");
  return gzipSync(bytes, { level: COMPRESSION_LEVEL });
}

/**
 * Prometheus makes `job` of the service's name and `instance` of the instance's id. The id is the same for every task of a shard: each new
 * one would begin all series anew.
 */
function resourceOf({ stage, shard }: Sender) {
  return resourceFromAttributes({
    "service.name": "flashmm",
    "service.instance.id": `${stage}/${shard}`,
    "deployment.environment": stage,
  });
}

/** The library reads the machine's clock; the task has one of its own. */
function stamped(metric: MetricData, startTime: HrTime, endTime: HrTime): MetricData {
  const stamp = <Value>(point: DataPoint<Value>): DataPoint<Value> => ({ ...point, startTime, endTime });
  switch (metric.dataPointType) {
    case DataPointType.SUM:
    case DataPointType.GAUGE:
      return { ...metric, dataPoints: metric.dataPoints.map(stamp) };
    case DataPointType.HISTOGRAM:
      return { ...metric, dataPoints: metric.dataPoints.map(stamp) };
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      return { ...metric, dataPoints: metric.dataPoints.map(stamp) };
  }
}

function toHrTime(epochMs: number): HrTime {
  return [Math.floor(epochMs / 1_000), Math.floor(epochMs % 1_000) * 1_000_000];
}
