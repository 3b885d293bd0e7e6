/** The operator's change of a strategy, as the command a person starts, against a table that others write to as well. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { strategyItemKey } from "../../../fargate/strategy-item.ts";
import {
  changeStrategy,
  findTarget,
  readStrategyFile,
  type StrategyTarget,
} from "../../../sim/local/operator-strategy.ts";
import { readStrategy, removeStrategy, timeAfter, writeStrategy } from "../../../sim/local/strategy-table.ts";
import { COMPILE_CACHE } from "../../compile-cache.ts";
import { startTable } from "../../fargate/driven-world.ts";
import { PLAIN_TEXT } from "../../fargate/plain-config.ts";

const SYMBOL = "SEI/USDC";
const root = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "flashmm-strategy-"));
const [market] = JSON.parse(PLAIN_TEXT).markets;
const ME = `${userInfo().username}@${hostname()}`;

let table: Awaited<ReturnType<typeof startTable>>;
beforeAll(async () => {
  table = await startTable();
  const { endpoint, tableName } = table;
  writeFileSync(join(folder, "cloud.json"), JSON.stringify({ dynamodbUrl: endpoint, tableName }));
  writeFileSync(join(folder, "config.json"), PLAIN_TEXT);
});
afterAll(async () => {
  await table.stop();
  rmSync(folder, { recursive: true, force: true });
});

function strategyFile(change: object): string {
  const path = join(folder, "new-strategy.json");
  writeFileSync(path, JSON.stringify({ ...market.strategy, ...change }));
  return path;
}

/** The command as a person starts it. */
function operator(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { cwd: root, env: { ...COMPILE_CACHE, PATH: process.env["PATH"], HOME: folder, ...env } };
  const command = ["sim/local/operator.ts", "strategy", "--market", SYMBOL, ...args];
  return new Promise<{ readonly code: unknown; readonly said: string; readonly complained: string }>((settle) => {
    execFile(process.execPath, command, options, (error, said, complained) => {
      settle({ code: error?.code ?? 0, said, complained });
    });
  });
}

const standing = () => readStrategy(table, SYMBOL);
const HERE = ["--data-dir", folder];

const AWS = () => ({
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
  AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
});

describe("the operator's strategy", () => {
  test("is written with who, when and why, said key by key, and removed", async () => {
    const first = await operator(["--file", strategyFile({ halfSpreadBps: 8 }), "--reason", "thin market", ...HERE]);
    expect(first).toMatchObject({ code: 0, complained: "" });
    expect(first.said).toMatch(
      new RegExp(
        `^written to table ledger of the run in \\S+: strategy of SEI/USDC by ${ME}, \\S+Z\n {2}halfSpreadBps 6 → 8\n$`,
      ),
    );
    const { item } = await standing();
    if (item === undefined || item instanceof Error) throw new Error("the item must stand there");
    expect(JSON.parse(item.strategy)).toEqual({ ...market.strategy, halfSpreadBps: 8 });
    expect(item).toMatchObject({
      by: ME,
      reason: "thin market",
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    const cleared = await operator(["--clear", ...HERE]);
    expect(cleared).toMatchObject({ code: 0, complained: "" });
    expect(cleared.said).toMatch(/^removed from table ledger .*: strategy of SEI\/USDC\n {2}halfSpreadBps 8 → 6\n$/);
    expect((await standing()).item).toBeUndefined();
  });

  test("that is no good is refused with every fault before anything is sent", async () => {
    const bad = strategyFile({ levels: 12, halfSpreadBp: 1 });
    expect(await operator(["--file", bad, "--reason", "r", ...HERE])).toEqual({
      code: 64,
      said: "",
      complained: [
        "the configuration has 2 faults:",
        "- strategy.levels must be an integer from 1 to 10, was 12",
        '- strategy.halfSpreadBp is not a known key, did you mean "halfSpreadBps"?\n',
      ].join("\n"),
    });
    expect((await standing()).item).toBeUndefined();
  });

  test("goes to the table of AWS by the SDK's own variables, and says what could not be checked here", async () => {
    const args = ["--file", strategyFile({ orderSize: "1001" }), "--reason", "r"];
    const unchecked = await operator(args, { ...AWS(), TABLE_NAME: table.tableName });
    expect(unchecked).toMatchObject({ code: 0, complained: "" });
    expect(unchecked.said).toContain("what was before is not known here");
    expect(unchecked.said).toContain("Not checked against the market's limits");
    expect((await standing()).item).toMatchObject({ reason: "r" });
  });

  test("that can not be sent says so with 1", async () => {
    const gone = mkdtempSync(join(folder, "gone-"));
    writeFileSync(join(gone, "cloud.json"), '{"dynamodbUrl":"http://127.0.0.1:1","tableName":"ledger"}');
    const dead = await operator(["--clear", "--data-dir", gone]);
    expect(dead).toMatchObject({ code: 1, said: "" });
    expect(dead.complained).toMatch(/^not sent to table ledger of the run in .*ECONNREFUSED/);
  });
});

describe("what the command is made of", () => {
  const options = { action: "strategy", market: SYMBOL, file: undefined, reason: "r", dataDir: folder } as const;
  const withTarget = async (act: (target: StrategyTarget) => Promise<string>) => {
    const target = findTarget(options, {});
    const said = await act(target);
    target.client.destroy();
    return said;
  };

  test("takes the place of a broken item, and tells what differs from the one that stands, or that nothing does", async () => {
    const Item = { ...strategyItemKey(SYMBOL), at: { S: "soon" } };
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
    const write = (change: object) =>
      withTarget((target) => changeStrategy(target, options, { ...market.strategy, ...change }));
    expect(await write({ levels: 3 })).toContain("\n  levels 2 → 3");
    expect(await write({ halfSpreadBps: 8 })).toContain("\n  halfSpreadBps 6 → 8\n  levels 3 → 2");
    expect(await write({ halfSpreadBps: 8 })).toContain("\n  nothing differs from what was");
    const clear = () => withTarget((target) => changeStrategy(target, options, undefined));
    expect(await clear()).toContain("removed from table ledger");
    expect(await clear()).toContain("nothing stands in table ledger");
  });

  test("knows the markets of the run, and of a stage that is named", () => {
    expect(() => findTarget({ ...options, market: "BTC/USDC" }, {})).toThrow(
      '--market must be one of the configuration\'s: SEI/USDC, was "BTC/USDC"',
    );
    expect(() => findTarget({ ...options, dataDir: join(folder, "absent") }, {})).toThrow(
      "--data-dir must be the folder",
    );
    for (const [name, value] of Object.entries(AWS())) vi.stubEnv(name, value);
    expect(() => findTarget({ ...options, dataDir: undefined }, {})).toThrow("TABLE_NAME must be the task's table");
    vi.stubEnv("TABLE_NAME", "ledger");
    expect(findTarget({ ...options, dataDir: undefined }, {}).markets).toBeUndefined();
    vi.stubEnv("FLASHMM_STAGE", "local");
    expect(findTarget({ ...options, dataDir: undefined }, {}).markets).toMatchObject([{ symbol: SYMBOL }]);
    vi.unstubAllEnvs();
  });

  test("refuses a file that can not be read, and parameters beyond the market's limits where they are known", () => {
    const markets = [market];
    const read = (path: string) => readStrategyFile(path, { symbol: SYMBOL, markets });
    expect(() => read(join(folder, "absent.json"))).toThrow("--file must be a readable JSON file");
    expect(() => read(strategyFile({ orderSize: "1001" }))).toThrow("must be at most limits.orderSize (1000)");
    expect(read(strategyFile({ orderSize: "1000" }))).toMatchObject({ orderSize: "1000" });
  });
});

describe("two operators at once", () => {
  const item = (by: string, at: string) => ({ strategy: "{}", by, at, reason: null });

  test("never overwrite what the other has not seen", async () => {
    const seen = await standing();
    const at = timeAfter(seen, Date.now());
    expect(await writeStrategy(table, SYMBOL, { seen, item: item("ana", at) })).toBe("done");
    expect(await writeStrategy(table, SYMBOL, { seen, item: item("bob", at) })).toBe("superseded");
    expect(await removeStrategy(table, SYMBOL, seen)).toBe("superseded");
    expect((await standing()).item).toMatchObject({ by: "ana" });
  });

  test("write later than what stands, though their clocks differ", async () => {
    const ahead = await standing();
    const at = new Date(Date.now() + 60_000).toISOString();
    await writeStrategy(table, SYMBOL, { seen: ahead, item: item("ana", at) });
    const seen = await standing();
    expect(Date.parse(timeAfter(seen, Date.now()))).toBe(Date.parse(at) + 1);
    expect(timeAfter({ item: undefined, at: { S: "soon" } }, Date.parse(at))).toBe(at);
    expect(await removeStrategy(table, SYMBOL, seen)).toBe("done");
  });
});
