/**
 * The engine's process of the socket benchmarks: the real task, the floor and the usual construction on the same connections. Owns its
 * start and the carrying out of the parent's orders (`engine-order.ts`), one at a time.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type BenchTask, type EngineAddresses, makeBenchTask } from "./bench-task.ts";
import type { EngineOrder, EngineReport, MemoryReport } from "./engine-order.ts";
import { runFlood } from "./flood.ts";
import { Floor } from "./floor.ts";
import { Profiler } from "./profiler.ts";
import { type RoundParts, runRound } from "./rounds.ts";
import { UsualEngine } from "./usual.ts";
import { VenueLine } from "./venue-line.ts";

/** What the process is started with. */
export type EngineStart = EngineAddresses & { readonly isStepped: boolean };

const START_BOOK_MS = 400;

const profiler = new Profiler();
let isHot = false;

async function main(start: EngineStart): Promise<void> {
  const line = await VenueLine.open(start.controlPort);
  const bench = makeBenchTask(start, start.isStepped);
  const floor = await Floor.open(start.deskUrl);
  const parts: RoundParts = { bench, floor, line, usual: new UsualEngine(start.deskUrl) };
  await startTask(bench, line);
  process.on("message", (order: EngineOrder) => {
    carryOut(order, parts).then(tell, (error: unknown) => {
      tell({ type: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    });
  });
  tell({ type: "ready", complaints: bench.complaints });
}

/** Books come meanwhile: a start needs fresh data. */
async function startTask({ task, tap, stepped }: BenchTask, line: VenueLine): Promise<void> {
  let isStarting = true;
  const started = task.start().finally(() => {
    isStarting = false;
  });
  const book = async () => {
    const framed = new Promise<void>((resolve) => tap.onNextFrame(resolve));
    line.order({ do: "tick", kind: "step", hot: false });
    await framed;
  };
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
    case "pass":
      setHot(false);
      return { type: "memory", ...(await pass(order, parts)) };
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

/** The market goes on, a book each `everyMs`, and nothing is measured of it but the memory at its end. */
async function pass(
  { forMs, everyMs }: { readonly forMs: number; readonly everyMs: number },
  { bench, line }: RoundParts,
): Promise<MemoryReport> {
  bench.tap.feed(undefined);
  for (let passedMs = 0; passedMs < forMs; passedMs += everyMs) {
    await bench.stepped?.step(everyMs);
    const framed = new Promise<void>((resolve) => bench.tap.onNextFrame(resolve));
    line.order({ do: "tick", kind: "step", hot: true });
    await framed;
    await bench.watch.quiet();
  }
  await bench.stepped?.stop();
  globalThis.gc?.();
  return { rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed };
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
