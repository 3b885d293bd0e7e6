/**
 * Which branches of a room this process has gone through, by V8's block coverage, counted as Node's own test runner does: a block that
 * V8 tells apart is a branch. Owns the counting; it slows everything down, so it is asked for.
 */
import { Session } from "node:inspector/promises";

export type BranchCounts = {
  readonly files: number;
  readonly branches: number;
  readonly reached: number;
  /** The files with the most branches that were not reached, and how many. */
  readonly least: readonly (readonly [string, number])[];
};

const LEAST_SHOWN = 12;

export class Branches {
  readonly #session = new Session();
  readonly #room: string;

  /** `room` is a part of the files' addresses, like `/core/`. */
  constructor(room: string) {
    this.#room = room;
  }

  /** Before the room is loaded: what ran earlier is not known. */
  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  async end(): Promise<BranchCounts> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    this.#session.disconnect();
    const files = result.filter(({ url }) => url.includes(this.#room) && !url.includes("node_modules"));
    const counted = files.map(({ url, functions }) => {
      const ranges = functions.flatMap((each) => each.ranges);
      return { url, all: ranges.length, missed: ranges.filter(({ count }) => count === 0).length };
    });
    const branches = counted.reduce((sum, { all }) => sum + all, 0);
    const missed = counted.reduce((sum, each) => sum + each.missed, 0);
    const least = counted.toSorted((a, b) => b.missed - a.missed).slice(0, LEAST_SHOWN);
    return {
      files: files.length,
      branches,
      reached: branches - missed,
      least: least.map(({ url, missed: count }) => [url.slice(url.lastIndexOf(this.#room) + 1), count] as const),
    };
  }
}

export function branchesText({ files, branches, reached, least }: BranchCounts): string {
  const share = branches === 0 ? 0 : (100 * reached) / branches;
  const named = least.map(([file, count]) => `${file} ${count}`).join(", ");
  return `branches of ${files} files: ${reached} of ${branches} (${share.toFixed(1)} %); most missed: ${named}`;
}
