/** The operator's way as a whole: command, bus, rule, function, table, and the task's reader at its end. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { makeSystemClock, makeSystemRng } from "../../../fargate/clock.ts";
import { Control, type MarketControl } from "../../../fargate/control.ts";
import { localClientSettings } from "../../../sim/local/local-client.ts";
import { type LocalWorld, startLocalWorld } from "../../../sim/local/local-world.ts";
import { COMPILE_CACHE } from "../../compile-cache.ts";
import { until } from "./local-run.ts";

const root = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "flashmm-operator-"));
const ignore = () => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const MARKETS = ["SEI/USDC", "ETH/USDC"] as const;
const [SEI, ETH] = MARKETS;
const clock = makeSystemClock();
/** The contract's two seconds, the start of the function's environment, and a machine that runs other tests beside. */
const OBEYED_WITHIN_MS = 10_000;

let world: LocalWorld;
let control: Control;
const changes: { readonly market: string; readonly control: MarketControl }[] = [];
beforeAll(async () => {
  for (const [name, value] of Object.entries(COMPILE_CACHE)) vi.stubEnv(name, value);
  const run = {
    forMs: undefined,
    seed: 7,
    tape: undefined,
    venue: "cambrian" as const,
    chainFaultsPercent: 0,
    speed: 1,
    record: undefined,
    port: 0,
    dataDir: folder,
    reportEveryMs: undefined,
  };
  world = await startLocalWorld({ options: { ...run, markets: MARKETS }, root, folder, log });
  control = new Control({
    client: new DynamoDBClient(localClientSettings(world.cloud.dynamodbUrl)),
    tableName: world.cloud.tableName,
    markets: MARKETS,
    engineId: "engine-1",
    clock,
    rng: makeSystemRng(),
    log,
    onChange: (market, told) => changes.push({ market, control: told }),
  });
  // It has a second and a half for a reading, which a machine that runs other tests beside may not give it the first time.
  await until("the control items", OBEYED_WITHIN_MS, () => control.readOnce().catch(() => undefined));
  control.start();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  control.stop();
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The command as a person starts it. */
function operator(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { cwd: root, env: { ...COMPILE_CACHE, PATH: process.env["PATH"], HOME: folder, ...env } };
  return new Promise<{ readonly code: unknown; readonly said: string; readonly complained: string }>((settle) => {
    execFile(process.execPath, ["sim/local/operator.ts", ...args], options, (error, said, complained) => {
      settle({ code: error?.code ?? 0, said, complained });
    });
  });
}

const reasonOf = (market: string) => control.reasonNotToPlace(market, clock.now());
const obeyed = (what: string, test: () => boolean) => until(what, OBEYED_WITHIN_MS, () => (test() ? true : undefined));

/** Events have whole seconds, and of one second the order of delivery decides: the next word waits for the next second. */
async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1_000);
  await until("the next second", 2_000, () => (Math.floor(Date.now() / 1_000) > second ? true : undefined));
}

describe("the operator", () => {
  test("halts all markets of a run and lets them go on, each by one command", async () => {
    expect(reasonOf(SEI)).toBeUndefined();
    const halt = await operator(["halt", "--reason", "odd fills", "--data-dir", folder]);
    expect(halt).toMatchObject({ code: 0, complained: "" });
    expect(halt.said).toMatch(
      /^sent to bus flashmm of the run in \S+: Quoting Halt Requested {"reason":"odd fills"}, event \S+\n$/,
    );
    await obeyed("the halt", () => reasonOf(SEI) !== undefined && reasonOf(ETH) !== undefined);
    expect(reasonOf(ETH)).toBe("halted by flashmm.operator of account 000000000000, ALL: odd fills");
    await nextSecond();
    await operator(["resume", "--reason", "looked at", "--data-dir", folder]);
    await obeyed("the resume", () => reasonOf(SEI) === undefined && reasonOf(ETH) === undefined);
    // On a machine that stands still for seconds the items may have been unreadable in between.
    const told = changes.filter((change) => change.market === SEI && change.control.state !== "unreadable");
    expect(told.map((change) => change.control.state)).toEqual(["running", "halted", "running"]);
  });

  test("halts one market that only this run has, on a bus found by the SDK's own variables", async () => {
    const { AWS_REGION = "", AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "" } = world.environment;
    const env = { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    const halt = await operator(["halt", "--market", ETH], { ...env, AWS_ENDPOINT_URL: world.cloud.eventsUrl });
    expect(halt.said).toContain(`sent to bus flashmm: Quoting Halt Requested {"market":"${ETH}"}`);
    await obeyed("the halt", () => reasonOf(ETH) !== undefined);
    expect(reasonOf(ETH)).toContain(`${ETH}: no reason given`);
    expect(reasonOf(SEI)).toBeUndefined();
  });

  test("lifts a kill of the engine by a later resume", async () => {
    control.latch(SEI, "daily loss");
    expect(reasonOf(SEI)).toBe(`halted by engine-1, ${SEI}: daily loss`);
    expect(await control.settle(OBEYED_WITHIN_MS)).toBe(true);
    await nextSecond();
    await operator(["resume", "--market", SEI, "--reason", "limit raised", "--data-dir", folder]);
    await obeyed("the resume", () => reasonOf(SEI) === undefined);
  });

  test("is told what was wrong: bad usage by 64, a run that is gone by 64 or, after a kill -9, by 1", async () => {
    expect(await operator(["stop"])).toEqual({
      code: 64,
      said: "",
      complained: 'the action must be halt, resume or strategy, was "stop"\n',
    });
    const empty = mkdtempSync(join(folder, "empty-"));
    const absent = await operator(["halt", "--data-dir", empty]);
    expect(absent).toMatchObject({ code: 64, said: "" });
    expect(absent.complained).toContain("--data-dir must be the folder of a local run that is running");
    writeFileSync(join(empty, "cloud.json"), '{"eventsUrl":"http://127.0.0.1:1","eventBusName":"flashmm"}');
    const dead = await operator(["halt", "--data-dir", empty]);
    expect(dead).toMatchObject({ code: 1, said: "" });
    expect(dead.complained).toMatch(/^not sent to bus flashmm of the run in .*ECONNREFUSED/);
  });

  test("who names a market that the run does not trade makes the function fail, by name", async () => {
    const answer = await world.cloud.invoke("operator-control", {
      "detail-type": "Quoting Halt Requested",
      source: "flashmm.operator",
      time: "2026-01-02T03:04:05Z",
      detail: { market: "BTC/USDC" },
    });
    expect(answer).toMatchObject({
      kind: "failed",
      error: expect.stringContaining('detail.market must be absent or one of SEI/USDC, ETH/USDC, was "BTC/USDC"'),
    });
  });

  test("finds the addresses of a run only while it runs", async () => {
    expect(existsSync(join(folder, "cloud.json"))).toBe(true);
    control.stop();
    await world.stop();
    expect(existsSync(join(folder, "cloud.json"))).toBe(false);
  });
});
