import { beforeAll, describe, expect, test } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import type { JournalLine, JournalStep } from "../../../fargate/recording/journal.ts";
import { toLineText } from "../../../fargate/recording/journal.ts";
import { Recorder } from "../../../fargate/recording/recorder.ts";
import { parseRecordedLine } from "../../../sim/replay/recorded-line.ts";
import { Repeater, type Repetition } from "../../../sim/replay/repeat.ts";
import { startTradedWorld } from "../../../sim/world/scenario-world.ts";
import { withStrategy } from "../../fargate/plain-config.ts";
import { startQuoting, stopped } from "../../fargate/scenarios/scenario.ts";

const markets = new Map([["SEI/USDC", makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" })]]);

/** A task in a moving market, with lost answers, a lost feed, a frozen process, other parameters, and an operator's halt and resume. */
async function record(): Promise<readonly JournalLine[]> {
  const lines: JournalLine[] = [];
  await using world = await startTradedWorld({ seed: 11 });
  const recorder = new Recorder({ write: (line) => lines.push(line) });
  const task = await startQuoting(world, { edges: { recorder } });
  await world.time.pass(10_000);
  world.configFile.text = withStrategy({ halfSpreadBps: 12, levels: 3, refreshToleranceTicks: 0 });
  await world.time.pass(10_000);
  expect(task.market()?.strategy).toMatchObject({ levels: 3 });
  task.links.venue.lose("reply", "any", 6);
  await world.time.pass(8_000);
  for (const node of task.links.nodes) node.reachability = "refused";
  await world.time.pass(3_000);
  for (const node of task.links.nodes) node.reachability = "up";
  await world.time.pass(8_000);
  task.process.freeze();
  await world.time.pass(3_000);
  task.process.thaw();
  await world.time.pass(8_000);
  await world.operator.halt("a test");
  await world.time.pass(5_000);
  await world.operator.resume("a test");
  await world.time.pass(10_000);
  expect(await stopped(world, task)).toEqual([]);
  recorder.flush();
  return lines;
}

function repeat(lines: readonly JournalLine[]): Repetition {
  const repeater = new Repeater();
  for (const [index, line] of lines.entries()) {
    repeater.take(parseRecordedLine(toLineText(line, markets), `line ${index + 1}`));
  }
  return repeater.outcome;
}

describe("a recorded run", () => {
  let lines: readonly JournalLine[];
  beforeAll(async () => {
    lines = await record();
  });

  test("is decided again as it was, bit for bit", () => {
    const outcome = repeat(lines);
    expect(outcome).toMatchObject({ different: 0, first: undefined, endedBy: undefined });
    expect(outcome.commands).toBeGreaterThan(50);
    expect(outcome.decisions).toBeGreaterThan(1_000);
    const types = new Set(
      lines.flatMap(({ steps }) => steps.map((step) => (step.type === "fact" ? step.event.type : step.type))),
    );
    expect(types).toContain("parameters-changed");
    for (const type of ["fill", "place-unknown", "feed-lost", "stalled", "quoting-halted", "operator-resumed"]) {
      expect(types).toContain(type);
    }
  });

  test("with other facts is told apart, with the first difference", () => {
    const at = lines.findIndex(({ steps }) =>
      steps.some((step) => step.type === "decision" && step.commands.length > 0),
    );
    const without = (step: JournalStep) => step.type !== "market-event";
    const changed = lines.map((line, index) => (index >= at ? { ...line, steps: line.steps.filter(without) } : line));
    const outcome = repeat(changed);
    expect(outcome.different).toBeGreaterThan(0);
    expect(outcome.first?.line).toBeGreaterThanOrEqual(at + 1);
    expect(outcome.first?.recorded).not.toEqual(outcome.first?.repeated);
  });

  test("is decided otherwise without the change of parameters that it had", () => {
    const isChange = (step: JournalStep) => step.type === "fact" && step.event.type === "parameters-changed";
    const changed = lines.map((line) => ({ ...line, steps: line.steps.filter((step) => !isChange(step)) }));
    expect(repeat(changed).different).toBeGreaterThan(0);
  });

  test("with a gap is repeated up to it and says so", () => {
    const half = lines.slice(0, lines.length / 2);
    const outcome = repeat([
      ...half,
      { atMs: half.at(-1)?.atMs ?? 0, steps: [{ type: "gap", steps: 9 }] },
      ...lines.slice(lines.length / 2),
    ]);
    expect(outcome).toMatchObject({
      different: 0,
      endedBy: `the recording has a gap of 9 steps in line ${half.length + 1}`,
    });
  });

  test("without its first file can not be repeated, and says so", () => {
    const outcome = repeat(lines.slice(lines.length / 2));
    expect(outcome).toMatchObject({ decisions: 0, endedBy: "no engine was made in it: its first file is missing" });
  });
});

test.each([
  { text: '{"atMs":1,"events":[]}', fault: "line 1: journal must be the steps of a recorded run" },
  {
    text: '{"atMs":1,"events":[],"journal":[{"type":"toString"}]}',
    fault: "line 1: journal[0] must be a step of type",
  },
  { text: '{"atMs":1,"events":[],"journal":[7]}', fault: "line 1: journal[0] must be a step of type" },
  { text: '{"events":[],"journal":[]}', fault: "line 1: atMs must be epoch milliseconds" },
])("$text is refused", ({ text, fault }) => {
  expect(() => parseRecordedLine(text, "line 1")).toThrow(fault);
});
