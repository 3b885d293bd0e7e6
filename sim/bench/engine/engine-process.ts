/**
 * The engine's process of the socket benchmarks: the real task, the floor and the usual construction on the same connections. Owns its
 * start and the carrying out of the parent's orders (`engine-order.ts`), one at a time.
 */
import { setTimeout as wait } from "node:timers/promises";
import { localEnvironment } from "../../local/local-client.ts";
import { type BenchTask, type BenchTaskOptions, makeBenchTask } from "./bench-task.ts";
import { runLive } from "./clock-round.ts";
import type { EngineOrder, EngineReport, MemoryReport } from "./engine-order.ts";
import { runFlood } from "./flood.ts";
import { Floor } from "./floor.ts";
import { MidPath } from "./mid-path.ts";
import { Profiler } from "./profiler.ts";
import { QUOTES, runRound } from "./rounds.ts";
import type { EngineAddresses } from "./task-environment.ts";
import { frame, type RoundParts } from "./ticks.ts";
import { UsualEngine } from "./usual.ts";
import { VenueLine } from "./venue-line.ts";

/** What the process is started with. */
export type EngineStart = EngineAddresses & BenchTaskOptions;

const START_BOOK_MS = 400;

const profiler = new Profiler();
let isHot = false;

async function main(start: EngineStart): Promise<void> {
  const line = await VenueLine.open(start.controlPort);
  Object.assign(process.env, localEnvironment(start.cloudUrl));
  const bench = makeBenchTask(start, start);
  const floor = await Floor.open(start.deskUrl);
  const floors = await Promise.all(Array.from({ length: QUOTES }, () => Floor.open(start.deskUrl)));
  const usual = new UsualEngine(start.deskUrl);
  const parts: RoundParts = { bench, floor, floors, line, usual, path: new MidPath() };
  await startTask(bench, () => frame(parts, "books", false));
  process.on("message", (order: EngineOrder) => {
    carryOut(order, parts).then(tell, (error: unknown) => {
      tell({ type: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    });
  });
  tell({ type: "ready", complaints: bench.complaints });
}

/** Books come meanwhile: a start needs fresh data. */
async function startTask({ task, tap, stepped }: BenchTask, book: () => Promise<void>): Promise<void> {
  let isStarting = true;
  const started = task.start().finally(() => {
    isStarting = false;
  });
  if (stepped === undefined) {
    while (isStarting) {
      if (tap.isOpen) await book();
      await wait(START_BOOK_MS);
    }
  } else {
    const next = () => {
      if (!isStarting) return;
      if (tap.isOpen) void stepped.time.hold(book);
      stepped.time.after(START_BOOK_MS, next);
    };
    next();
    await stepped.time.settled(started, "the task quotes");
  }
  if (!(await started)) throw new Error("the task must start");
}

async function carryOut(order: EngineOrder, parts: RoundParts): Promise<EngineReport> {
  switch (order.do) {
    case "round":
      setHot(order.isHot);
      return { type: "round", ...(await runRound(parts, order)) };
    case "live":
      setHot(false);
      return { type: "round", ...(await runLive(parts, order)) };
    case "memory":
      return { type: "memory", ...readMemory() };
    case "flood":
      setHot(false);
      return { type: "flood", ...(await runFlood(parts, order)) };
    case "profile":
      await profiler.start(order.path);
      return { type: "ready", complaints: [] };
    case "end-profile":
      await profiler.end();
      return { type: "ready", complaints: [] };
  }
}

function readMemory(): MemoryReport {
  // What V8 gives back by itself where a process is idle most of the time; here, at many times the pace, it never is.
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  const { rss, heapUsed: heap } = process.memoryUsage();
  return { rss, heap };
}

function setHot(hot: boolean): void {
  if (hot && !isHot) setImmediate(spin);
  isHot = hot;
}

function spin(): void {
  if (isHot) setImmediate(spin);
}

function tell(report: EngineReport): void {
  process.send?.(report);
}

process.on("disconnect", () => process.exit(0));
const [text = ""] = process.argv.slice(2);
await main(JSON.parse(text));
