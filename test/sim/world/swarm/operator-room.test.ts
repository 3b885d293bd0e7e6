import { expect, it } from "vitest";
import { writeControlItem } from "../../../../lambdas/control-item.ts";
import { mayOutlive, OperatorRoom } from "../../../../sim/world/swarm/operator-room.ts";
import { makeMemoryTableHost } from "../../../../sim/world/table-host.ts";
import { VirtualTime } from "../../../../sim/world/virtual-time.ts";

const MARKET = "SEI/USDC";

/** Operators whose requests go nowhere: what stands is what a test writes. */
function room() {
  const time = new VirtualTime();
  const table = makeMemoryTableHost("direct");
  const asked: string[] = [];
  const operator = new OperatorRoom({
    functions: () => ({ request: (type, _reason, market = "ALL") => asked.push(`${type.split(" ")[1]} ${market}`) }),
    table,
    api: { rotateKey: () => undefined },
    time,
    credentials: { apiKey: "key", secretKey: "secret" },
  });
  const halted = async (at: number, by: string) => {
    const word = { state: "halted", reason: "a test", by, at: new Date(at).toISOString() } as const;
    await writeControlItem({ client: table.client, tableName: table.tableName }, MARKET, word);
  };
  return { time, asked, operator, halted };
}

it("where nothing may have overtaken it a resume is asked for once, whatever stands there", async () => {
  const { time, asked, operator, halted } = room();
  operator.halt(MARKET);
  await halted(time.epochMs, "operator");
  await time.pass(2_500);
  asked.splice(0);
  operator.resumeAll([MARKET]);
  await time.pass(20_000);
  expect(asked).toEqual(["Resume ALL", `Resume ${MARKET}`]);
});

it("a resume in the second of a halt is asked for again, for that market alone", async () => {
  const { time, asked, operator } = room();
  await time.pass(Math.ceil(time.epochMs / 1_000) * 1_000 - time.epochMs);
  operator.halt(MARKET);
  await time.pass(300);
  asked.splice(0);
  operator.resumeAll([MARKET]);
  await time.pass(20_000);
  expect(asked).toEqual(["Resume ALL", `Resume ${MARKET}`, `Resume ${MARKET}`]);
});

it("a halt of the task's own in that second, written late, is seen and lifted, once", async () => {
  const { time, asked, operator, halted } = room();
  const atMs = time.epochMs + 200;
  operator.resumeAll([MARKET]);
  await time.pass(2_400);
  await halted(atMs, "task-1");
  await time.pass(20_000);
  expect(asked).toEqual(["Resume ALL", `Resume ${MARKET}`, `Resume ${MARKET}`]);
});

it.each([
  ["in the second before it", 9_999, false],
  ["at the beginning of its second", 10_000, true],
  ["after it, in its second", 10_900, true],
  ["in the next second, less than one later", 11_499, true],
  ["a second later, when nobody meant to lift it", 11_500, false],
])("a halt %s may stand after a resume of 10.5 s, or not", (_what, haltMs, expected) => {
  expect(mayOutlive(haltMs, 10_500)).toBe(expected);
});
