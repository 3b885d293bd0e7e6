/** `GET /metrics` as Prometheus sees it: the text, and the samples in it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Metrics } from "../../fargate/telemetry.ts";

export async function scrape(metrics: Metrics): Promise<{ text: string; contentType: string | null; lines: string[] }> {
  const server = createServer((request, response) => metrics.handle(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("no port");
    const response = await fetch(`http://127.0.0.1:${address.port}/metrics`);
    const text = await response.text();
    return { text, contentType: response.headers.get("content-type"), lines: text.split("\n") };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Every sample by its name and sorted labels. */
export function samplesOf(lines: readonly string[]): Readonly<Record<string, number>> {
  const samples = lines.flatMap((line) => {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null || line.startsWith("#")) return [];
    const [, name = "", labels = "", value = ""] = match;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
      ([, label = "", text = ""]) => [label, text.replace(/\\(["\\])/g, "$1")] as const,
    );
    return [[seriesKey(name, Object.fromEntries(pairs)), value === "+Inf" ? Infinity : Number(value)] as const];
  });
  return Object.fromEntries(samples);
}

export function seriesKey(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name} ${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}
