/**
 * The metrics, and beside them what the status page shows of the same records: errors by kind and the last latencies.
 * Owns those copies; the instruments are `telemetry.ts`'s.
 */
import type { CounterName } from "../../core/metrics.ts";
import { LatencyWindow } from "../latency.ts";
import type { Metrics } from "../telemetry.ts";

/** Kinds are few by design; past this many the rest is counted together. */
const KINDS_MAX = 100;

const ERROR_COUNTER = /^flashmm_(.+)_errors_total$/;

export type WatchedMetrics = {
  readonly metrics: Metrics;
  /** Frame read to orders written. */
  readonly tickToWire: LatencyWindow;
  /** Placing sent to its answer read. */
  readonly placeRoundTrip: LatencyWindow;
  /** `<what> <kind>` to how often, since the start. */
  errors(): Readonly<Record<string, number>>;
};

export function watchMetrics(metrics: Metrics): WatchedMetrics {
  const tickToWire = new LatencyWindow();
  const placeRoundTrip = new LatencyWindow();
  const counts = new Map<string, number>();
  const noteError = (name: CounterName, labels: object, by: number): void => {
    const what = ERROR_COUNTER.exec(name)?.[1];
    if (what === undefined || by === 0) return;
    const key = `${what.replaceAll("_", " ")} ${Object.values(labels).join(" ")}`.trim();
    const counted = counts.has(key) || counts.size < KINDS_MAX ? key : "other";
    counts.set(counted, (counts.get(counted) ?? 0) + by);
  };
  return {
    tickToWire,
    placeRoundTrip,
    errors: () => Object.fromEntries(counts),
    metrics: {
      ...metrics,
      increment: (name, labels, by = 1) => {
        metrics.increment(name, labels, by);
        noteError(name, labels, by);
      },
      observe: (name, labels, seconds) => {
        metrics.observe(name, labels, seconds);
        if (name === "flashmm_tick_to_wire_seconds") tickToWire.record(seconds * 1_000);
        else if ("operation" in labels && labels.operation === "place") placeRoundTrip.record(seconds * 1_000);
      },
    },
  };
}
