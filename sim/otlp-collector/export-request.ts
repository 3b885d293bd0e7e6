/**
 * `ExportMetricsServiceRequest` of OpenTelemetry's protocol (opentelemetry-proto 1.x, metrics/v1/metrics.proto) as series of Prometheus, the
 * way Grafana Cloud translates them: `job` and `instance` from the resource, a histogram of fixed buckets as `_bucket`, `_sum` and `_count`.
 * Owns the field numbers and what FlashMM may send: anything else is refused.
 */
import { type Field, readFields, readPacked64, toDouble, toText, WireError } from "./wire.ts";

type Series = {
  readonly name: string;
  /** Sorted by name. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly type: "counter" | "gauge" | "histogram";
  readonly startMs: number;
  readonly atMs: number;
};

export type ExportRequest = {
  readonly resource: Readonly<Record<string, string>>;
  readonly series: readonly Series[];
  /** By metric. */
  readonly descriptions: Readonly<Record<string, string>>;
};

/** AGGREGATION_TEMPORALITY_CUMULATIVE. */
const CUMULATIVE = 2n;
const NAME = /^[a-z][a-z0-9_]*$/;

/** Throws `WireError` on anything that is not such a request, whole, or not as FlashMM makes it. */
export function readExportRequest(bytes: Uint8Array): ExportRequest {
  const [resourceMetrics, ...others] = all(readMessage(bytes, "request", [1]), 1);
  if (resourceMetrics === undefined || others.length > 0) throw new WireError("a request must have one resource");
  const parts = readMessage(resourceMetrics, "resource metrics", [1, 2]);
  const resource = readResource(one(parts, 1, "resource"));
  const descriptions: Record<string, string> = {};
  const series: Series[] = [];
  for (const scope of all(parts, 2)) {
    for (const metric of all(readMessage(scope, "scope metrics", [1, 2]), 2)) {
      const read = readMetric(metric);
      if (read.name in descriptions) throw new WireError(`${read.name} must come once, came twice`);
      descriptions[read.name] = read.description;
      series.push(...read.series);
    }
  }
  const from = { job: resource["service.name"] ?? "", instance: resource["service.instance.id"] ?? "" };
  if (from.job === "" || from.instance === "") throw new WireError("the resource must name service and instance");
  return {
    resource,
    descriptions,
    series: series.map((each) => ({ ...each, labels: sorted({ ...each.labels, ...from }) })),
  };
}

type Message = readonly Field[];

/** A message of which every field is known. */
function readMessage(bytes: Uint8Array, what: string, known: readonly number[]): Message {
  const fields = readFields(bytes);
  const unknown = fields.find(({ number }) => !known.includes(number));
  if (unknown !== undefined) throw new WireError(`${what} must have fields ${known.join(", ")}, has ${unknown.number}`);
  return fields;
}

function all(message: Message, number: number): readonly Uint8Array[] {
  return message
    .filter((field) => field.number === number)
    .map(({ bytes }) => {
      if (bytes === undefined) throw new WireError(`field ${number} must be of a length`);
      return bytes;
    });
}

function one(message: Message, number: number, what: string): Uint8Array {
  const [found, ...others] = all(message, number);
  if (found === undefined || others.length > 0) throw new WireError(`${what} must be there once`);
  return found;
}

function textOf(message: Message, number: number): string {
  const [found] = all(message, number);
  return found === undefined ? "" : toText(found);
}

function bitsOf(message: Message, number: number, what: string): bigint {
  const found = message.filter((field) => field.number === number);
  if (found.length !== 1 || found[0]?.bits === undefined) throw new WireError(`${what} must be one number`);
  return found[0].bits;
}

function readResource(bytes: Uint8Array): Readonly<Record<string, string>> {
  const resource = readMessage(bytes, "resource", [1, 2]);
  if (bitsOf(resource, 2, "the count of dropped attributes") !== 0n) throw new WireError("no attribute may be dropped");
  return readAttributes(all(resource, 1));
}

/** Every attribute is a text: a label of Prometheus is. */
function readAttributes(entries: readonly Uint8Array[]): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const entry of entries) {
    const pair = readMessage(entry, "attribute", [1, 2]);
    const key = toText(one(pair, 1, "an attribute's key"));
    if (key in attributes) throw new WireError(`attribute ${key} must come once, came twice`);
    attributes[key] = toText(one(readMessage(one(pair, 2, "an attribute's value"), "text", [1]), 1, "a text"));
  }
  return attributes;
}

function readMetric(bytes: Uint8Array) {
  const metric = readMessage(bytes, "metric", [1, 2, 3, 5, 7, 9]);
  const name = toText(one(metric, 1, "a metric's name"));
  if (!NAME.test(name)) throw new WireError(`a metric's name must be as Prometheus writes it, was ${name}`);
  // A unit would be added to the name.
  const unit = textOf(metric, 3);
  if (unit !== "") throw new WireError(`${name} must have no unit, had ${unit}`);
  const [data, ...others] = metric.filter(({ number }) => number >= 5);
  if (data?.bytes === undefined || others.length > 0) throw new WireError(`${name} must be of one kind`);
  return { name, description: textOf(metric, 2), series: readData(name, data.number, data.bytes) };
}

function readData(name: string, kind: number, bytes: Uint8Array): readonly Series[] {
  switch (kind) {
    case 5:
      return all(readMessage(bytes, "gauge", [1]), 1).map((point) => readNumber(name, "gauge", point));
    case 7: {
      const sum = readMessage(bytes, "sum", [1, 2, 3]);
      assertCumulative(name, sum);
      if (bitsOf(sum, 3, `${name} is monotonic`) !== 1n) throw new WireError(`${name} must be monotonic`);
      if (!name.endsWith("_total")) throw new WireError(`the counter ${name} must end in _total`);
      return all(sum, 1).map((point) => readNumber(name, "counter", point));
    }
    default: {
      const histogram = readMessage(bytes, "histogram", [1, 2]);
      assertCumulative(name, histogram);
      return all(histogram, 1).flatMap((point) => readHistogram(name, point));
    }
  }
}

function assertCumulative(name: string, message: Message): void {
  const temporality = bitsOf(message, 2, `the temporality of ${name}`);
  if (temporality !== CUMULATIVE) throw new WireError(`${name} must be cumulative, was ${temporality}`);
}

function readNumber(name: string, type: "counter" | "gauge", bytes: Uint8Array): Series {
  const point = readMessage(bytes, "number", [2, 3, 4, 7]);
  const value = toDouble(bitsOf(point, 4, `the value of ${name}`));
  return { name, type, value, labels: readAttributes(all(point, 7)), ...timesOf(point, name) };
}

function readHistogram(name: string, bytes: Uint8Array): readonly Series[] {
  const point = readMessage(bytes, "histogram", [2, 3, 4, 5, 6, 7, 9, 11, 12]);
  const count = Number(bitsOf(point, 4, `the count of ${name}`));
  const sum = toDouble(bitsOf(point, 5, `the sum of ${name}`));
  const counts = readPacked64(one(point, 6, `the buckets of ${name}`)).map(Number);
  const bounds = readPacked64(one(point, 7, `the bounds of ${name}`)).map(toDouble);
  if (counts.length !== bounds.length + 1) throw new WireError(`${name} must have a bucket more than bounds`);
  if (bounds.some((bound, index) => index > 0 && bound <= (bounds[index - 1] ?? 0)))
    throw new WireError(`the bounds of ${name} must ascend`);
  const labels = readAttributes(all(point, 9));
  const shared = { type: "histogram", ...timesOf(point, name) } as const;
  let below = 0;
  const buckets = counts.map((inBucket, index): Series => {
    below += inBucket;
    const le = index < bounds.length ? String(bounds[index]) : "+Inf";
    return { ...shared, name: `${name}_bucket`, labels: { ...labels, le }, value: below };
  });
  if (below !== count) throw new WireError(`the buckets of ${name} must hold ${count} in all, hold ${below}`);
  return [
    ...buckets,
    { ...shared, name: `${name}_sum`, labels, value: sum },
    { ...shared, name: `${name}_count`, labels, value: count },
  ];
}

function timesOf(point: Message, name: string): { readonly startMs: number; readonly atMs: number } {
  const startMs = Number(bitsOf(point, 2, `the start of ${name}`) / 1_000_000n);
  const atMs = Number(bitsOf(point, 3, `the time of ${name}`) / 1_000_000n);
  if (startMs > atMs) throw new WireError(`${name} must begin before its time`);
  return { startMs, atMs };
}

function sorted(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
