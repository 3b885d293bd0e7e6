/** On what was measured: machine, Node and commit. Owns the reading of them; a figure without them is none. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";

export type Machine = {
  readonly commit: string;
  /** Files differ from the commit. */
  readonly isChanged: boolean;
  readonly node: string;
  readonly v8: string;
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  /** Processes that ran or waited to, over the last minute. */
  readonly load: number;
  readonly at: string;
};

export function readMachine(root: string): Machine {
  const processors = cpus();
  return {
    commit: git(root, ["rev-parse", "--short=12", "HEAD"]),
    isChanged: git(root, ["status", "--porcelain"]) !== "",
    node: process.version,
    v8: process.versions.v8,
    system: `${process.platform} ${release()}`,
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0] ?? Number.NaN,
    at: new Date().toISOString(),
  };
}

export function machineText({ commit, isChanged, node, processor, cores, load, system }: Machine): string {
  const changed = isChanged ? ", with changes" : "";
  return `commit ${commit}${changed}; ${node}, ${system}, ${cores} × ${processor}; load ${load.toFixed(1)}`;
}

/** Whether processes can be given a core: Linux with `taskset`, and a core for each of two. */
export function canPin(): boolean {
  if (process.platform !== "linux" || cpus().length < 2) return false;
  try {
    execFileSync("taskset", ["-c", "0", "true"], { stdio: "ignore" });
    return true;
  } catch {
    // Without it the system places the processes, which the output says.
    return false;
  }
}

function git(root: string, args: readonly string[]): string {
  try {
    return execFileSync("git", [...args], { cwd: root, encoding: "utf8" }).trim();
  } catch {
    // A copy without its history can be measured too.
    return "unknown";
  }
}
