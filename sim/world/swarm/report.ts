/** What a run of seeds has come to, for people: hours, speed, faults, coverage, and a violation in full. Owns the text. */
import { FAULT_KINDS } from "../faults/every-kind.ts";
import { CALLS, MOMENTS } from "../faults/process.ts";
import { type Counts, possiblePairs, summed } from "./coverage.ts";
import type { SeedResult } from "./run-seed.ts";
import { SYSTEM_STATES } from "./system-state.ts";

const HOUR_MS = 3_600_000;

export function seedText(result: SeedResult): string {
  const { seed, plan, simulatedMs, cpuMs, fills, placings, tasks, slowestHealMs, twoSidedShare, hash, violation } =
    result;
  const { shape, episodes } = plan;
  const facts = [
    `${(simulatedMs / HOUR_MS).toFixed(2)} h in ${(cpuMs / 1_000).toFixed(1)} s`,
    `${shape.markets.length} markets ${shape.depth}`,
    `${episodes.length} faults`,
    `${placings} placings, ${fills} fills, ${tasks} tasks`,
    `two-sided ${(100 * twoSidedShare).toFixed(0)} %`,
    `back within ${(slowestHealMs / 1_000).toFixed(0)} s`,
    hash.slice(0, 12),
  ];
  const verdict = violation === undefined ? "ok" : `VIOLATION ${violation.rule}`;
  return `seed ${seed}: ${facts.join(", ")}: ${verdict}`;
}

export function violationText({ seed, plan, violation, tail }: SeedResult): string {
  if (violation === undefined) return "";
  const episodes = plan.episodes.map(
    ({ round, atMs, lastsMs, kind, parameters }) =>
      `  round ${round + 1} +${atMs} ms for ${lastsMs} ms: ${kind} ${JSON.stringify(parameters)}`,
  );
  return [
    `seed ${seed} violates ${violation.rule} at ${violation.atMs.toFixed(3)} ms: ${violation.what}`,
    `its configuration: ${JSON.stringify(plan.shape)}`,
    `its rounds: ${JSON.stringify(plan.rounds)}`,
    `its faults (${episodes.length}):`,
    ...episodes,
    "what the venue saw last:",
    tail,
  ].join("\n");
}

export function summaryText(results: readonly SeedResult[], wallSeconds: number): string {
  const hours = results.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / HOUR_MS;
  const seconds = results.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1_000;
  const { pairs, cells, marks, episodes } = summed(results.map(({ coverage }) => coverage));
  const possible = possiblePairs();
  const hit = possible.filter((pair) => pair in pairs).length;
  const points = Object.keys(marks).filter((mark) => mark.startsWith("crash "));
  const pointsMax = CALLS.length * MOMENTS.length;
  const cellsMax = FAULT_KINDS.length * SYSTEM_STATES.length;
  const kinds = FAULT_KINDS.filter(({ name }) => name in episodes).length;
  const slowest = Math.max(0, ...results.map(({ slowestHealMs }) => slowestHealMs)) / 1_000;
  const violations = results.filter(({ violation }) => violation !== undefined);
  return [
    `${results.length} seeds, ${hours.toFixed(1)} simulated hours in ${wallSeconds.toFixed(0)} s, ${(hours / seconds).toFixed(2)} h per core-second`,
    `${total(results, "placings")} placings, ${total(results, "fills")} fills, ${total(results, "tasks")} tasks; slowest to come back ${slowest.toFixed(0)} s`,
    `faults: ${sumOf(episodes)} episodes of ${kinds} of ${FAULT_KINDS.length} kinds`,
    ...lines(episodes),
    `coverage: order state × fact ${hit} of ${possible.length}, crash points ${points.length} of ${pointsMax}, fault × state of the system ${Object.keys(cells).length} of ${cellsMax}`,
    `moments: ${
      Object.entries(marks)
        .filter(([name]) => !name.startsWith("crash "))
        .map(([name, count]) => `${name} ${count}`)
        .join(", ") || "none"
    }`,
    `seen though held for impossible: ${
      Object.keys(pairs)
        .filter((pair) => !possible.includes(pair))
        .join(", ") || "nothing"
    }`,
    `never seen: ${possible.filter((pair) => !(pair in pairs)).join(", ") || "nothing"}`,
    violations.length === 0
      ? "violations: none"
      : `violations: ${violations.map(({ seed, violation }) => `seed ${seed} ${violation?.rule}`).join(", ")}`,
  ].join("\n");
}

function lines(counts: Counts): readonly string[] {
  const entries = Object.entries(counts);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, count]) => `  ${name.padEnd(width)} ${count}`);
}

function total(results: readonly SeedResult[], what: "placings" | "fills" | "tasks"): number {
  return results.reduce((sum, result) => sum + result[what], 0);
}

function sumOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
