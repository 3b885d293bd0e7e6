/** The table's process as the benchmark holds it. Owns starting, asking and ending it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { TableOrder, TableReport } from "./table-process.ts";

export type TableFigures = Exclude<TableReport, { readonly url: string }>;

/** A million fills take under two gigabytes there. */
const HEAP_MEGABYTES_MAX = 8_192;

export class BenchTable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(): Promise<BenchTable> {
    const child = fork(new URL("./table-process.ts", import.meta.url), {
      execArgv: [`--max-old-space-size=${HEAP_MEGABYTES_MAX}`],
    });
    const report = await answerOf(child);
    if (!("url" in report)) throw new Error("the table's process must say its address first");
    return new BenchTable(child, report.url);
  }

  /** How long each answer waits from now on. */
  async delay(delayMs: number): Promise<void> {
    await this.#order({ delayMs });
  }

  async figures(): Promise<TableFigures> {
    return await this.#order("report");
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.disconnect();
    await ended;
  }

  async #order(order: TableOrder): Promise<TableFigures> {
    const answered = answerOf(this.#child);
    this.#child.send(order);
    const report = await answered;
    if ("url" in report) throw new Error("the table's process says its address once");
    return report;
  }
}

/** Rejects when the process ends instead of answering. */
function answerOf(child: ChildProcess): Promise<TableReport> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the table's process ended with code ${code}`));
    child.once("exit", onExit);
    child.once("message", (report: TableReport) => {
      child.off("exit", onExit);
      resolve(report);
    });
  });
}
