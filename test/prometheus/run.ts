/**
 * Holds what is put into Grafana against Debian's Prometheus: `node test/prometheus/run.ts`. Every expression parses; beside a running
 * `npm start` every panel shows data and no alert is true; in a second world, whose feed, market and task are made to fail, the right
 * alerts are true and no others; and so it is with whatever else may go wrong, put into a recorded scrape. Takes two minutes, and the
 * network unless Prometheus is installed. Exit code 0: all held.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { alertExpressions, annotationExpressions, LOCAL_MARKET, panelExpressions } from "./expressions.ts";
import { runWithFaults } from "./faulted-run.ts";
import { makeHistory, OTHER_MARKET, type Wrong } from "./histories.ts";
import {
  checkExpressions,
  findPrograms,
  freePort,
  importMetrics,
  type Programs,
  type RunningPrometheus,
  startPrometheus,
} from "./prometheus.ts";

const root = resolve(import.meta.dirname, "../..");
/** Ended earlier, when all is asked. */
const RUN_SECONDS = 240;
/** Markouts of 60 s, and a window of a minute after them. */
const ASKED_AFTER_MS = 80_000;
/**
 * What comes last: a sweep that has seen an audit, and the second look that finds well what was still starting at the first. On a busy
 * machine that is later.
 */
const SWEPT = 'flashmm_integration_healthy{integration="fill-audit"} and on() min(flashmm_integration_healthy) == 1';
const SWEPT_WITHIN_MS = 130_000;

const BOTH = [LOCAL_MARKET, OTHER_MARKET];

/** What goes wrong beside what `faulted-run.ts` makes for real, and the alerts that must be true then, and no others. */
const CASES: readonly (readonly [what: string, wrong: Wrong, alerts: readonly string[]])[] = [
  ["nothing", { type: "nothing" }, []],
  ["a halt", { type: "gauge", name: "flashmm_quoting_state", value: 0 }, ["halted"]],
  ["a silent task beside another", { type: "silence", labels: /^(?!.*OTHER)/ }, ["silent"]],
  // It is as dead then as at first.
  ["such a task after 75 minutes", { type: "silence", labels: /^(?!.*OTHER)/, forSeconds: 4_500 }, ["silent"]],
  ["orders of unknown outcome", { type: "gauge", name: "flashmm_orders_unknown", value: 2 }, ["unknown-orders"]],
  ["an open breaker", { type: "gauge", name: "flashmm_circuit_state", value: 2 }, ["circuit-open"]],
  [
    "a ledger that differs",
    { type: "gauge", name: "flashmm_integration_healthy", labels: /"fill-audit"/, value: 0 },
    ["ledger-difference"],
  ],
  [
    "messages set aside",
    { type: "gauge", name: "flashmm_integration_healthy", labels: /"dead-letters"/, value: 0 },
    ["dead-letters"],
  ],
  [
    "an ill integration",
    { type: "gauge", name: "flashmm_integration_healthy", labels: /"grafana"/, value: 0 },
    ["integration"],
  ],
  [
    "placements that fail",
    { type: "counter", name: "flashmm_order_placement_errors_total", labels: /^/, step: 1 },
    ["order-errors"],
  ],
  [
    "an order API that contradicts itself",
    { type: "counter", name: "flashmm_cambrian_api_errors_total", labels: /"contradiction"/, step: 1 },
    ["api-errors"],
  ],
  [
    "crossed books",
    { type: "counter", name: "flashmm_sei_websocket_errors_total", labels: /"crossed-book"/, step: 2 },
    ["feed-errors"],
  ],
  [
    "late fills",
    { type: "counter", name: "flashmm_fill_processing_errors_total", labels: /"late"/, step: 1 },
    ["fill-errors"],
  ],
  [
    "orders that leave late",
    { type: "counter", name: "flashmm_tick_to_wire_seconds_bucket", labels: /le="(1|\+Inf)"/, step: 5 },
    ["latency"],
  ],
];

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "flashmm-prometheus-"));
  const faults: string[] = [];
  try {
    const programs = findPrograms(folder);
    const all = [...panelExpressions(), ...alertExpressions([]), ...alertExpressions(BOTH), ...annotationExpressions()];
    checkExpressions(
      programs,
      folder,
      all.map(({ expr }) => expr),
    );
    say(`${all.length} expressions parse`);
    const faulted = runWithFaults(programs, { root, folder: subfolder(folder, "faulted"), say });
    const beside = besideARun(programs, subfolder(folder, "run"), faults);
    // Each ends what it started, whatever becomes of the other.
    await Promise.allSettled([faulted, beside]);
    faults.push(...(await faulted));
    const scrape = await beside;
    for (const [index, [what, wrong, alerts]] of CASES.entries()) {
      const found = await alertsOf(programs, subfolder(folder, `case-${index}`), makeHistoryNow(scrape, wrong));
      const isRight = found.join() === alerts.join();
      say(`${isRight ? "held" : "NOT HELD"}: ${what} makes true: ${found.join(", ") || "no alert"}`);
      if (!isRight) faults.push(`${what} must make true ${alerts.join(", ") || "no alert"}, made ${found.join(", ")}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const fault of faults) say(`fault: ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

/** Asks every panel and alert beside a running task. Answers its metrics as they were then. */
async function besideARun(programs: Programs, folder: string, faults: string[]): Promise<string> {
  const port = await freePort();
  const scraped = `127.0.0.1:${port}`;
  const prometheus = await startPrometheus(programs, { folder, data: join(folder, "data"), scraped });
  const args = ["sim/local/run.ts", "--for", `${RUN_SECONDS}s`, "--port", `${port}`];
  const run = spawn(process.execPath, args, { cwd: root, stdio: "ignore" });
  const ended = once(run, "exit");
  try {
    await sleep(ASKED_AFTER_MS);
    const endMs = performance.now() + SWEPT_WITHIN_MS;
    while ((await prometheus.query(SWEPT)).length === 0 && performance.now() < endMs) await sleep(1_000);
    const panels = panelExpressions();
    for (const { name, expr } of panels) {
      if ((await prometheus.query(expr)).length === 0) faults.push(`panel ${name} shows nothing: ${expr}`);
    }
    say(`${panels.length} queries of panels asked`);
    const found = await trueAlerts(prometheus, [LOCAL_MARKET]);
    if (found.length > 0) faults.push(`beside a run without a fault alerts were true: ${found.join(", ")}`);
    return await (await fetch(`http://${scraped}/metrics`)).text();
  } finally {
    await prometheus.stop();
    run.kill("SIGTERM");
    await ended;
  }
}

type Imported = { readonly text: string; readonly endSeconds: number };

/** Ends a whole two-hour block ago: newer samples are not imported into one of their own. */
function makeHistoryNow(scrape: string, wrong: Wrong): Imported {
  const endSeconds = Math.floor(Date.now() / 1_000 / 7_200) * 7_200 - 3_600;
  return { text: makeHistory(scrape, wrong, endSeconds), endSeconds };
}

async function alertsOf(
  programs: Programs,
  folder: string,
  { text, endSeconds }: Imported,
): Promise<readonly string[]> {
  const data = importMetrics(programs, folder, text);
  const prometheus = await startPrometheus(programs, { folder, data, scraped: undefined });
  try {
    return await trueAlerts(prometheus, BOTH, endSeconds);
  } finally {
    await prometheus.stop();
  }
}

async function trueAlerts(
  prometheus: RunningPrometheus,
  markets: readonly string[],
  atSeconds?: number,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name, expr, isTrue } of alertExpressions(markets)) {
    if ((await prometheus.query(expr, atSeconds)).some(({ value }) => isTrue(value))) names.push(name);
  }
  return names;
}

function subfolder(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

process.exit(await main());
