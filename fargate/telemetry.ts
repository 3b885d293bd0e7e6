/** The task's metrics: one registry, read at `/metrics`. Owns the instruments; their names are `core/metrics.ts`'s. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type {
  CounterLabels,
  CounterName,
  GaugeLabels,
  GaugeName,
  HistogramLabels,
  HistogramName,
} from "../core/metrics.ts";

export type Metrics = {
  /** Sets a gauge. */
  set<Name extends GaugeName>(name: Name, labels: GaugeLabels[Name], value: number): void;
  /** Adds to a counter; `by` is at least 0 and defaults to 1. */
  increment<Name extends CounterName>(name: Name, labels: CounterLabels[Name], by?: number): void;
  /** Records one duration, in seconds. */
  observe<Name extends HistogramName>(name: Name, labels: HistogramLabels[Name], seconds: number): void;
  /** Answers `GET /metrics` in the Prometheus text format. */
  handle(request: IncomingMessage, response: ServerResponse): void;
};
