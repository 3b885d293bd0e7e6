import { describe, expect, it } from "vitest";
import { ConfigWatch, type FileVerdict } from "../../fargate/config-watch.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { loadPlainConfig, PLAIN_TEXT, withStrategy } from "./plain-config.ts";

function makeCase(first: string | Error = PLAIN_TEXT) {
  const time = new VirtualTime();
  const made = { file: first, reads: 0 };
  const verdicts: FileVerdict[] = [];
  const watch = new ConfigWatch({
    source: {
      read: () => {
        made.reads += 1;
        if (made.file instanceof Error) throw made.file;
        return made.file;
      },
      check: (text) => loadPlainConfig({}, text),
    },
    config: loadPlainConfig(),
    clock: time.clock,
    onVerdict: (verdict) => verdicts.push(verdict),
  });
  watch.start();
  return { made, time, verdicts, watch, faults: () => verdicts.at(-1)?.faults ?? [] };
}

function withValue(change: (file: ReturnType<typeof JSON.parse>) => void): string {
  const file = JSON.parse(PLAIN_TEXT);
  change(file);
  return JSON.stringify(file);
}

describe("the configuration's file", () => {
  it("is judged at the start, and not again while it says the same", async () => {
    const { time, verdicts, watch, made } = makeCase();
    expect(verdicts).toMatchObject([{ faults: [] }]);
    await time.pass(10_000);
    expect(verdicts).toHaveLength(1);
    expect(made.reads).toBeLessThanOrEqual(12);
    watch.stop();
    made.file = "{";
    await time.pass(10_000);
    expect(verdicts).toHaveLength(1);
  });

  it("that was changed before the task looked is taken at the start", () => {
    const { verdicts } = makeCase(withStrategy({ levels: 3 }));
    expect(verdicts[0]?.strategies?.get("SEI/USDC")).toMatchObject({ levels: 3 });
  });

  it("is taken two seconds after it was saved at the latest, and half of it never", async () => {
    const { made, time, verdicts } = makeCase();
    await time.pass(900);
    const text = withStrategy({ levels: 3 });
    made.file = text.slice(0, 300);
    await time.pass(200);
    made.file = text;
    await time.pass(1_900);
    expect(verdicts).toHaveLength(2);
    expect(verdicts[1]).toMatchObject({ faults: [] });
    expect(verdicts[1]?.strategies?.get("SEI/USDC")).toMatchObject({ levels: 3 });
  });

  it("is judged by what it holds, not by when it was written", async () => {
    const { made, time, verdicts } = makeCase();
    made.file = `${PLAIN_TEXT}\n`;
    await time.pass(3_000);
    expect(verdicts.map(({ faults }) => faults)).toEqual([[], []]);
    made.file = PLAIN_TEXT;
    await time.pass(3_000);
    expect(verdicts).toHaveLength(3);
  });

  it.each<[string, string | Error, readonly string[]]>([
    ["can not be read", new Error("ENOENT"), ["it can not be read: ENOENT"]],
    ["is no JSON", "{", ["config/local.json must be a readable JSON file"]],
    [
      "has two faults",
      withStrategy({ levels: 12, halfSpreadBps: 0 }),
      ["markets[0].strategy.halfSpreadBps must be", "markets[0].strategy.levels must be"],
    ],
    [
      "has parameters beyond the limits",
      withStrategy({ orderSize: "1001" }),
      ["markets[0].strategy.orderSize must be at most limits.orderSize (1000)"],
    ],
    [
      "changes a market's limit",
      withValue((file) => {
        file.markets[0].limits.position = "6000";
        file.markets[0].strategy.levels = 3;
      }),
      ['markets[0].limits.position "5000" → "6000" needs a restart: risk limits never change while the task quotes'],
    ],
    [
      "changes a limit of the shard and the venue",
      withValue((file) => {
        file.shardLimits.capital = "9";
        file.cambrian.requestTimeoutMs = 900;
      }),
      [
        'shardLimits.capital "10000" → "9" needs a restart: risk limits',
        "cambrian.requestTimeoutMs 2000 → 900 needs a restart",
      ],
    ],
    [
      "has a further market",
      withValue((file) => file.markets.push({ ...file.markets[0], symbol: "ETH/USDC" })),
      ['markets[1] absent → {"symbol":"ETH/USDC"'],
    ],
  ])("that %s is refused with every fault, once, and taken when it is mended", async (_, file, faults) => {
    const { made, time, verdicts, faults: told } = makeCase();
    made.file = file;
    await time.pass(10_000);
    expect(verdicts).toHaveLength(2);
    expect(told()).toHaveLength(faults.length);
    for (const fault of faults) expect(told()).toContainEqual(expect.stringContaining(fault));
    made.file = PLAIN_TEXT;
    await time.pass(3_000);
    expect(told()).toEqual([]);
    expect(verdicts).toHaveLength(3);
  });
});
