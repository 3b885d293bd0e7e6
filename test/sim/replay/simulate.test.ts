import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { InputError } from "../../../core/errors.ts";
import { readSettings, runJob } from "../../../sim/compare/job.ts";
import { isRecording } from "../../../sim/replay/recorded-line.ts";
import { simulate } from "../../../sim/replay/simulate.ts";
import { makeJob } from "../compare/compared.ts";
import { newFolder } from "../local/local-run.ts";
import { tapeLine, writeTape } from "../local/made-tape.ts";

const CONFIG = "config/local.json";

/** Half a minute of a market around 2000 whose trades reach every quote near its top. */
const LINES = Array.from({ length: 150 }, (_, index) => tapeLine(index));

async function play(files: readonly [string, ...string[]], png = join(newFolder(), "run.png"), symbol?: string) {
  let text = "";
  await simulate(files, { symbol, config: CONFIG, roundTripMs: 5, png }, (more) => {
    text += more;
  });
  return { text, png };
}

test("the engine trades in a tape's market, and the report and the picture say how", async () => {
  const { text, png } = await play([writeTape(LINES)]);
  expect(text).toContain("ETH/USDT, 30 s from 2024-08-08T23:54:10.000Z");
  expect(text).toMatch(/^PnL +-?[\d.,]+ USDT$/m);
  const [, fills] = /in (\d+) fills/.exec(text) ?? [];
  expect(Number(fills)).toBeGreaterThan(10);
  for (const label of ["drawdown", "markout 60 s", "spread improved by", "two-sided", "inventory", "fill rate"]) {
    expect(text).toMatch(new RegExp(`^${label} +\\S`, "m"));
  }
  expect(text.split("\n").every((line) => line.length <= 100)).toBe(true);
  const bytes = readFileSync(png);
  // The signature of a PNG, and its width: RFC 2083, 3.1 and 4.1.1.
  expect(bytes.subarray(0, 8).toString("hex")).toBe("89504e470d0a1a0a");
  expect(bytes.readUInt32BE(16)).toBe(1_600);
});

test("a tape in several files is the same market", async () => {
  const figuresOf = (...files: readonly [string, ...string[]]) =>
    runJob(makeJob("ours", { market: { type: "tape", files }, config: CONFIG }));
  const parts = [writeTape(LINES.slice(0, 70)), writeTape(LINES.slice(70))] as const;
  expect(await figuresOf(...parts)).toEqual(await figuresOf(writeTape(LINES)));
  await expect(figuresOf(parts[1], parts[0])).rejects.toThrow("the line before");
});

test("a market that the configuration has is traded as it stands there", async () => {
  const own = writeTape(LINES.map((line) => line.replaceAll("ETH/USDT", "SEI/USDC")));
  const { market } = await readSettings(CONFIG, { type: "tape", files: [own] });
  const configured: { readonly markets: readonly { readonly tickSize: string }[] } = JSON.parse(
    readFileSync(CONFIG, "utf8"),
  );
  expect(market.market.symbol).toBe("SEI/USDC");
  expect(market.market.tick.text).toBe(configured.markets[0]?.tickSize);
});

test("a tape is none of the recordings, and is told apart by its first line", async () => {
  expect(await isRecording([writeTape(LINES.slice(0, 2))])).toBe(false);
  expect(await isRecording([writeTape(['{"atMs":1,"events":[],"journal":[]}\n', "not read\n"])])).toBe(true);
});

test("a market the tape does not have, and a picture that can not be written, are told", async () => {
  const tape = writeTape(LINES.slice(0, 10));
  await expect(play([tape], "x.png", "A/B")).rejects.toThrow("among those of the tape: ETH/USDT");
  const nowhere = join(newFolder(), "absent", "x.png");
  await expect(play([tape], nowhere)).rejects.toThrow(InputError);
  await expect(play([tape], nowhere)).rejects.toThrow(`--png ${nowhere} must be a file that can be written`);
});
