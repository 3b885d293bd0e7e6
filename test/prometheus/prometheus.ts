/**
 * Debian's Prometheus: found on the path, or fetched from Debian and unpacked into a folder, and run for a while. Owns its processes; what
 * it is asked is the caller's.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { localAddress } from "../../sim/local/local-client.ts";

export type Programs = { readonly prometheus: string; readonly promtool: string };

type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

export type RunningPrometheus = {
  /** An instant query; rejects on an expression that is none. */
  query(expr: string, atSeconds?: number): Promise<readonly Sample[]>;
  stop(): Promise<void>;
};

const READY_WITHIN_MS = 30_000;

export function findPrograms(folder: string): Programs {
  const onPath = (process.env["PATH"] ?? "").split(":").find((each) => existsSync(join(each, "promtool")));
  if (onPath !== undefined) return programsIn(onPath);
  execFileSync("apt-get", ["download", "prometheus"], { cwd: folder, stdio: "ignore" });
  const archive = readdirSync(folder).find((name) => name.startsWith("prometheus_"));
  if (archive === undefined) throw new Error("Debian's Prometheus could not be fetched");
  execFileSync("dpkg-deb", ["-x", archive, "unpacked"], { cwd: folder });
  return programsIn(join(folder, "unpacked/usr/bin"));
}

/** Parses every expression; throws with promtool's own words. */
export function checkExpressions({ promtool }: Programs, folder: string, exprs: readonly string[]): void {
  const rules = exprs.map((expr, index) => ({ record: `checked:${index}`, expr }));
  const file = join(folder, "rules.yml");
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ groups: [{ name: "checked", rules }] }));
  execFileSync(promtool, ["check", "rules", file], { stdio: ["ignore", "ignore", "inherit"] });
}

/** Fills a data folder from text in OpenMetrics' format. */
export function importMetrics({ promtool }: Programs, folder: string, text: string): string {
  const file = join(folder, "metrics.txt");
  const data = join(folder, "data");
  writeFileSync(file, text);
  execFileSync(promtool, ["tsdb", "create-blocks-from", "openmetrics", file, data], { stdio: "ignore" });
  return data;
}

/** A port of this machine that is free now: others may run this, too. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = new URL(await localAddress(server));
  server.close();
  return Number(port);
}

/** `scraped` is an address that is scraped each second; without one it only answers from its data. */
export async function startPrometheus(
  { prometheus }: Programs,
  options: {
    readonly folder: string;
    readonly data: string;
    readonly scraped: string | undefined;
  },
): Promise<RunningPrometheus> {
  const { folder, data, scraped } = options;
  const config = join(folder, "prometheus.yml");
  const jobs = scraped === undefined ? [] : [{ job_name: "flashmm", static_configs: [{ targets: [scraped] }] }];
  writeFileSync(config, JSON.stringify({ global: { scrape_interval: "1s" }, scrape_configs: jobs }));
  const address = `127.0.0.1:${await freePort()}`;
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${address}`];
  const child = spawn(prometheus, [...args, "--storage.tsdb.retention.time=10y"], { stdio: "ignore" });
  const endMs = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(address))) {
    if (performance.now() > endMs || child.exitCode !== null) {
      child.kill("SIGKILL");
      throw new Error("Prometheus did not become ready");
    }
    await sleep(200);
  }
  return {
    query: async (expr, atSeconds) => {
      const query = new URLSearchParams({ query: expr, ...(atSeconds === undefined ? {} : { time: `${atSeconds}` }) });
      const response = await fetch(`http://${address}/api/v1/query?${query}`);
      const answer: { readonly error?: string; readonly data?: { readonly result: readonly RawSample[] } } = JSON.parse(
        await response.text(),
      );
      if (answer.data === undefined) throw new Error(`${expr}: ${answer.error}`);
      return answer.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

type RawSample = { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] };

async function isReady(address: string): Promise<boolean> {
  try {
    return (await fetch(`http://${address}/-/ready`)).ok;
  } catch {
    return false;
  }
}

function programsIn(folder: string): Programs {
  return { prometheus: join(folder, "prometheus"), promtool: join(folder, "promtool") };
}
