/** `start`: from `npm start` to the first quote, as a person meets it. Owns looking at the task's page and ending the run. */
import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import type { TaskState } from "../../fargate/status/state.ts";
import type { BenchContext } from "./context.ts";
import { makeRow, type Row } from "./row.ts";
import { quartiles } from "./statistics.ts";

const RUNS = 3;
const LOOK_MS = 50;
const WITHIN_MS = 90_000;

export async function benchStart({ root }: BenchContext): Promise<readonly Row[]> {
  const seconds: number[] = [];
  for (let run = 0; run < RUNS; run += 1) seconds.push(await secondsToQuote(root));
  return [
    makeRow({
      bench: "start",
      what: "npm start to the first quote",
      goal: undefined,
      figure: quartiles(seconds),
      unit: "s",
      notes: ["templates synthesized, local cloud and simulated venue started, lease won, books and orders agreed on"],
    }),
  ];
}

async function secondsToQuote(root: string): Promise<number> {
  const startMs = performance.now();
  const args = ["sim/local/run.ts", "--port", "0", "--report-every", "off", "--for", "5m"];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  try {
    while (performance.now() - startMs < WITHIN_MS) {
      const url = /Watch it at (http:\S+)/.exec(output)?.[1];
      if (url !== undefined && (await isQuoting(url))) return (performance.now() - startMs) / 1_000;
      await wait(LOOK_MS);
    }
    throw new Error(`npm start must quote within ${WITHIN_MS / 1_000} s: ${output}`);
  } finally {
    child.kill("SIGINT");
    await ended;
  }
}

async function isQuoting(url: string): Promise<boolean> {
  const answer = await fetch(`${url}api/state`);
  const state: TaskState = JSON.parse(await answer.text());
  return state.markets.some(({ openOrders }) => openOrders.length > 0);
}
