import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { InputError } from "../../core/errors.ts";
import { DeadlineError } from "../../fargate/deadline.ts";
import { type RiskMemory, RiskStore } from "../../fargate/risk-store.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { type Gate, startTable } from "./driven-world.ts";

const table = await startTable();
afterAll(() => table.stop());

function makeStore(shard: string, gate?: Gate) {
  const world = new VirtualTime();
  const client = table.makeClient(world, gate);
  return { world, store: new RiskStore({ client, tableName: table.tableName, shard, clock: world.clock }) };
}

const NOTHING: RiskMemory = { loss: undefined, baselines: new Map(), differing: [], writtenAtMs: 0 };
const MEMORY: RiskMemory = {
  differing: ["ATOM/USDC"],
  writtenAtMs: 1_767_323_045_679,
  loss: {
    peak: 1_284_512_345_678_901_234n,
    day: 20_455,
    dayStart: -1n,
    latch: { reason: "the drawdown is 6.12 %, the limit 6 %", atMs: 1_767_323_045_678 },
  },
  baselines: new Map([
    ["SEI/USDC", -7n * 10n ** 18n],
    ["ATOM/USDC", 0n],
  ]),
};

test("what was kept comes back exactly, to every start of the shard and to no other shard", async () => {
  const { store } = makeStore("round-trip");
  expect(await store.load()).toEqual(NOTHING);
  expect(await store.save(MEMORY, { epoch: 3, version: 1 })).toBe(true);
  expect(await makeStore("round-trip").store.load()).toEqual(MEMORY);
  expect(await makeStore("another").store.load()).toEqual(NOTHING);
});

test("any loss and any baselines come back as they were", async () => {
  const { store } = makeStore("any");
  const amount = fc.bigInt({ min: -(10n ** 36n), max: 10n ** 36n });
  const latch = fc.record({ reason: fc.string(), atMs: fc.nat() });
  const loss = fc.record({
    peak: amount,
    day: fc.nat(),
    dayStart: amount,
    latch: fc.option(latch, { nil: undefined }),
  });
  const memory = fc.record({
    loss: fc.option(loss, { nil: undefined }),
    baselines: fc.array(fc.tuple(fc.stringMatching(/^[A-Z]{1,12}\/[A-Z]{1,12}$/), amount)).map((all) => new Map(all)),
    differing: fc.array(fc.string()),
    writtenAtMs: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(memory, async (kept) => {
      await store.save(kept, { epoch: 1, version: 1 });
      expect(await store.load()).toEqual(kept);
    }),
    { numRuns: 30 },
  );
});

test.each([
  { epoch: 6, version: 1, outcome: true },
  { epoch: 5, version: 4, outcome: true },
  { epoch: 5, version: 3, outcome: true },
  { epoch: 5, version: 2, outcome: false },
  { epoch: 4, version: 9, outcome: false },
])(
  "over write 3 of epoch 5, write $version of epoch $epoch is heard: $outcome",
  async ({ epoch, version, outcome }) => {
    const { store } = makeStore(`write-${epoch}-${version}`);
    await store.save(MEMORY, { epoch: 5, version: 3 });
    expect(await store.save(NOTHING, { epoch, version })).toBe(outcome);
    expect(await store.load()).toEqual(outcome ? NOTHING : MEMORY);
  },
);

const LOSS = '"loss":{"peak":"1","day":1,"dayStart":"1"}';
test.each([
  ["no text", undefined],
  ["no JSON", "peak 7"],
  ["null", "null"],
  ["no baselines", `{${LOSS},"differing":[],"writtenAtMs":0}`],
  ["no moment of its writing", `{${LOSS},"differing":[],"baselines":{}}`],
  [
    "a peak that is a number",
    '{"loss":{"peak":1,"day":1,"dayStart":"1"},"differing":[],"writtenAtMs":0,"baselines":{}}',
  ],
  [
    "a peak that is NaN",
    '{"loss":{"peak":"NaN","day":1,"dayStart":"1"},"differing":[],"writtenAtMs":0,"baselines":{}}',
  ],
  ["half a day", '{"loss":{"peak":"1","day":1.5,"dayStart":"1"},"differing":[],"writtenAtMs":0,"baselines":{}}'],
  [
    "a latch without a moment",
    '{"loss":{"peak":"1","day":1,"dayStart":"1","latch":{"reason":"x"}},"differing":[],"writtenAtMs":0,"baselines":{}}',
  ],
  ["a field that nobody knows", `{${LOSS},"differing":[],"writtenAtMs":0,"baselines":{},"limit":"9"}`],
  ["a baseline in hexadecimal", `{${LOSS},"differing":[],"writtenAtMs":0,"baselines":{"SEI/USDC":"0x10"}}`],
])("an item with %s is an error that names it: a start must not count the loss anew", async (name, text) => {
  const shard = `bad ${name}`;
  const memory = text === undefined ? {} : { memory: { S: text } };
  const Item = { pk: { S: `ENGINE#${shard}` }, sk: { S: "RISK" }, epoch: { N: "1" }, ...memory };
  await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
  const failed = await makeStore(shard)
    .store.load()
    .catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(InputError);
  expect(String(failed)).toContain(`memory of ENGINE#${shard} RISK must be`);
});

test.each(["load", "save"] as const)("a %s without an answer ends after 3 s", async (call) => {
  const { world, store } = makeStore("silent", () => new Promise(() => undefined));
  const asked: Promise<unknown> = call === "load" ? store.load() : store.save(NOTHING, { epoch: 1, version: 1 });
  await expect(world.settled(asked, "the end")).rejects.toThrow(DeadlineError);
  expect(world.nowMs).toBe(3_000);
});

test("a write that the table refuses for another reason is told as it is", async () => {
  const { store } = makeStore("refused", async () => {
    throw new Error("connect ECONNREFUSED");
  });
  await expect(store.save(MEMORY, { epoch: 1, version: 1 })).rejects.toThrow("connect ECONNREFUSED");
});
