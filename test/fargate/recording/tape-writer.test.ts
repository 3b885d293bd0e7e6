import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import type { JournalLine } from "../../../fargate/recording/journal.ts";
import { TapeWriter } from "../../../fargate/recording/tape-writer.ts";
import { describeTape, readTapeAs } from "../../../sim/exchange/tape.ts";
import { parseRecordedLine } from "../../../sim/replay/recorded-line.ts";
import { EPOCH_MS, makeBook } from "../../core/make-events.ts";
import { ManualClock } from "../../sim/local/manual-clock.ts";

const markets = new Map([["SEI/USDC", makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" })]]);
const MINUTE_MS = 60_000;

let folder: string;
let clock: ManualClock;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flashmm-tapes-"));
  clock = new ManualClock(EPOCH_MS);
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function makeWriter(filesMax = 10, at = folder): TapeWriter {
  const say = (message: string) => said.push(message);
  const log = { debug: say, info: say, warn: say, error: say };
  return new TapeWriter({ folder: at, markets, rotateMs: MINUTE_MS, filesMax, clock, log });
}

function makeLine(ms: number): JournalLine {
  const event = makeBook({ ms, bids: [[4_213, 100]], asks: [[4_216, 50]] });
  return { atMs: event.at.epochMs, steps: [{ type: "market-event", event, own: [] }] };
}

const names = () => readdirSync(folder).sort();

test("what was recorded is a tape, with a new file after each period", async () => {
  const writer = makeWriter();
  for (let ms = 0; ms < 2.5 * MINUTE_MS; ms += 10_000) {
    writer.write(makeLine(ms));
    clock.advance(10_000);
  }
  await writer.close(1_000);
  expect(names()).toEqual([
    "20260102T030405-0001.jsonl.gz",
    "20260102T030405-0002.jsonl.gz",
    "20260102T030405-0003.jsonl.gz",
  ]);
  const lines = await Promise.all(names().map(async (name) => (await describeTape(join(folder, name))).lines));
  expect(lines.reduce((sum, each) => sum + each, 0)).toBe(15);
  expect(writer.lost).toBe(0);
});

test("only the newest files are kept, and what is no recording is left alone", async () => {
  writeFileSync(join(folder, "notes.jsonl.gz"), "mine");
  const writer = makeWriter(2);
  for (let ms = 0; ms < 4 * MINUTE_MS; ms += MINUTE_MS) {
    writer.write(makeLine(ms));
    clock.advance(MINUTE_MS);
  }
  await writer.close(1_000);
  expect(names()).toEqual(["20260102T030405-0003.jsonl.gz", "20260102T030405-0004.jsonl.gz", "notes.jsonl.gz"]);
});

test("a writer that is never given time drops what waits, says so once, and leaves a gap", async () => {
  const writer = makeWriter();
  for (let i = 0; i < 20_000; i += 1) writer.write(makeLine(i));
  expect(writer.lost).toBeGreaterThan(8_000);
  expect(said.filter((message) => message.includes("gap"))).toHaveLength(1);
  await writer.close(1_000);
  const [name = ""] = names();
  for await (const line of readTapeAs([join(folder, name)], parseRecordedLine)) {
    expect(line.steps[0]).toMatchObject({ type: "gap" });
    break;
  }
});

test("a file that can not be written ends the recording, not the task", async () => {
  const writer = makeWriter();
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "a file stands where the folder was");
  writer.write(makeLine(0));
  expect(() => clock.advance(2_000)).not.toThrow();
  await writer.close(1_000);
  expect(said).toContain("recording has ended, its file could not be written");
  writer.write(makeLine(1));
});
