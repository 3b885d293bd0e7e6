import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emptyBooks } from "../../../core/accounting/pnl.ts";
import type { Command } from "../../../core/commands.ts";
import { type JournalLine, toLineText } from "../../../fargate/recording/journal.ts";
import { limits, settings, shardLimits } from "../../core/desk.ts";
import { instant } from "../../core/make-events.ts";

const { market } = settings;
const start = {
  markets: [{ ...settings, limits }],
  limits: shardLimits,
  inFlightMax: 5,
  fillsUnreadMsMax: 20_000,
  epoch: 1,
  books: new Map([[market.symbol, emptyBooks()]]),
  loss: undefined,
  baselines: new Map<string, bigint>(),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flashmm-replay-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An engine that was made and decided twice: before its start-up it wants nothing. */
function recording(commands: readonly Command[]): Buffer {
  const lines: readonly JournalLine[] = [
    {
      atMs: 1_000,
      steps: [
        { type: "budget-made", limits: {} },
        { type: "engine-made", start },
        { type: "decision", now: instant(0), commands: [] },
      ],
    },
    { atMs: 2_000, steps: [{ type: "decision", now: instant(1_000), commands }] },
  ];
  return gzipSync(lines.map((line) => `${toLineText(line, new Map([[market.symbol, market]]))}\n`).join(""));
}

function replay(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["sim/replay/run.ts", ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

function replayBytes(bytes: Buffer) {
  const file = join(folder, "run.jsonl.gz");
  writeFileSync(file, bytes);
  return replay(file);
}

test("a run that comes out as recorded ends with 0", () => {
  const { status, stdout } = replayBytes(recording([]));
  expect(stdout).toContain("2 decisions, 0 commands, 0 different");
  expect(status).toBe(0);
});

test("a run that comes out otherwise ends with 1 and shows where", () => {
  const cancel = {
    type: "cancel-order",
    requestId: 1,
    market: market.symbol,
    clientOrderId: "fm-1",
    orderId: "O-1",
  } as const;
  const { status, stdout } = replayBytes(recording([cancel]));
  expect(stdout).toContain("first difference: line 2, decision 2, 1970-01-01T00:00:02.000Z");
  expect(stdout).toContain('recorded [{"type":"cancel-order"');
  expect(status).toBe(1);
});

test("a file that a killed process left is repeated as far as it goes, and says so", () => {
  const { status, stdout } = replayBytes(recording([]).subarray(0, -6));
  expect(stdout).toContain("0 different");
  expect(stdout).toContain("its last file ends in the middle, as a killed process leaves it");
  expect(status).toBe(1);
});

test("no file, one that is not there, and an option that a repetition has no use for are told, with 64", () => {
  expect(replay()).toMatchObject({
    status: 64,
    stderr: expect.stringContaining("FILE must be at least one recording or tape"),
  });
  expect(replay("absent.gz")).toMatchObject({ status: 64, stderr: expect.stringContaining("absent.gz") });
  const file = join(folder, "run.jsonl.gz");
  writeFileSync(file, recording([]));
  expect(replay(file, "--png", "x.png")).toMatchObject({
    status: 64,
    stderr: expect.stringContaining("must be a tape without decisions, or --simulate"),
  });
});

test("a recording is a market to trade in where that is asked for", () => {
  const file = join(folder, "run.jsonl.gz");
  writeFileSync(file, recording([]));
  expect(replay(file, "--simulate")).toMatchObject({
    status: 64,
    stderr: expect.stringContaining("markets of the tape must be at least one"),
  });
});
