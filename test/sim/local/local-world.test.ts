import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { localClientSettings } from "../../../sim/local/local-client.ts";
import { type LocalWorld, type LocalWorldInput, startLocalWorld } from "../../../sim/local/local-world.ts";
import type { RunOptions } from "../../../sim/local/options.ts";
import { COMPILE_CACHE } from "../../compile-cache.ts";
import { childOf } from "./local-run.ts";

const root = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "flashmm-world-"));
const ignore = () => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const options: RunOptions = {
  forMs: undefined,
  seed: 7,
  markets: ["SEI/USDC", "ETH/USDC"],
  tape: undefined,
  venue: "cambrian",
  chainFaultsPercent: 0,
  speed: 1,
  record: undefined,
  reportEveryMs: undefined,
  port: 0,
  dataDir: undefined,
};
const input: LocalWorldInput = { options, root, folder, log };

let world: LocalWorld;
beforeAll(async () => {
  for (const [name, value] of Object.entries(COMPILE_CACHE)) vi.stubEnv(name, value);
  world = await startLocalWorld(input);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A heartbeat, as the task writes it. */
async function beat(): Promise<void> {
  const client = new DynamoDBClient(localClientSettings(world.cloud.dynamodbUrl));
  const lease = {
    owner: { S: "engine/1" },
    epoch: { N: "1" },
    version: { N: "1" },
    heartbeatAt: { S: new Date().toISOString() },
    feed: { S: "connected wss://node" },
  };
  const Item = { pk: { S: "LEASE" }, sk: { S: "main" }, ...lease };
  await client.send(new PutItemCommand({ TableName: world.cloud.tableName, Item }));
  client.destroy();
}

const sweepAnswer = z.object({
  integrations: z.array(z.object({ integration: z.string(), healthy: z.boolean(), detail: z.string() })),
});

const variable = (name: string): string => world.environment[name] ?? "";
const readConfig = () => JSON.parse(readFileSync(variable("FLASHMM_CONFIG"), "utf8"));

async function balancesOf(address: string): Promise<unknown> {
  const [rest] = variable("SEI_REST_URL").split(",");
  const answer = await fetch(`${rest}/cosmos/bank/v1beta1/balances/${address}`);
  return JSON.parse(await answer.text()).balances;
}

describe("the local world", () => {
  test("leads the task to each of its parts by the variables of the contract", () => {
    expect(variable("SEI_WS_URLS").split(",")).toEqual(world.node.endpoints.map((endpoint) => endpoint.wsUrl));
    expect(world.node.endpoints).toHaveLength(3);
    expect(world.environment).toMatchObject({
      CAMBRIAN_BASE_URL: world.api.url,
      CAMBRIAN_TESTNET: "true",
      FILLS_QUEUE_URL: world.cloud.queueUrls["fills"],
      TABLE_NAME: world.cloud.tableName,
      AWS_ENDPOINT_URL_DYNAMODB: world.cloud.dynamodbUrl,
      AWS_ENDPOINT_URL_SQS: world.cloud.sqsUrl,
      EVENT_BUS_NAME: "flashmm",
      AWS_ENDPOINT_URL_EVENTBRIDGE: world.cloud.eventsUrl,
      STATUS_PORT: "0",
      // The page of a local run halts and resumes, and shows the charts of its reports.
      STATUS_OPERATION: "on",
      STATUS_REPORTS_FOLDER: join(folder, "reports"),
    });
  });

  test("configures the task with the markets of the run and leaves the rest as in config/local.json", () => {
    const { $schema: _, ...local } = JSON.parse(readFileSync(join(root, "config/local.json"), "utf8"));
    expect(readConfig()).toEqual({
      ...local,
      reportsUrl: world.x.url,
      markets: JSON.parse(JSON.stringify(world.markets.files)),
    });
    expect(world.markets.settings.map((setting) => setting.symbol)).toEqual(options.markets);
  });

  test("shows the exchange's account under our address on the chain, and nothing under another", async () => {
    expect(await balancesOf(readConfig().sei.address)).toEqual(
      expect.arrayContaining([
        { denom: "usei", amount: "1000000000000" },
        { denom: "uusdc", amount: "1000000000000" },
      ]),
    );
    expect(await balancesOf("sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg")).toEqual([]);
  });

  test("has every integration looked at, and finds them well", async () => {
    await beat();
    // As often as the task: a function may take long to load on a machine that does much else.
    const beating = setInterval(() => void beat(), 3_000);
    const result = await world.cloud.invoke("health-sweep", {}).finally(() => clearInterval(beating));
    if (result.kind !== "returned") throw new Error(`the sweep must return, ${JSON.stringify(result)}`);
    const { integrations } = sweepAnswer.parse(result.value);
    const ill = integrations.filter(({ healthy }) => !healthy);
    expect(ill).toEqual([]);
    const details = Object.fromEntries(integrations.map(({ integration, detail }) => [integration, detail]));
    expect(details).toMatchObject({
      "sei-rest": expect.stringContaining("answers"),
      // Or what an audit that had just run was answered, where this is not the world's first look.
      cambrian: expect.stringMatching(/^(the account answers, 3 assets|the fill audit had an answer \d+ s ago)$/),
      grafana: "version 13.3.0 answers",
      x: "@flashmm may be posted as",
      "fills-queue": "no message waits",
      "dead-letters": expect.stringMatching(/^\d queues, all empty$/),
      "sei-websocket": expect.stringContaining("connected wss://node"),
      "dead-man": expect.stringContaining("the task's heartbeat is"),
    });
  });

  test("has its dashboard put into its Grafana", async () => {
    expect(await world.cloud.invoke("grafana-provisioning", {})).toMatchObject({
      kind: "returned",
      value: { provisioned: true, dashboard: "created" },
    });
    expect([...world.grafana.store.dashboards.keys()]).toEqual(["flashmm-overview"]);
  });

  test("refuses a second world on its folder before it writes anything there", async () => {
    const before = readConfig();
    const other = { ...input, options: { ...options, markets: ["BTC/USDC"] } };
    await expect(startLocalWorld(other)).rejects.toThrow(`${folder} cannot be locked: is another run using it?`);
    expect(readConfig()).toEqual(before);
    expect(world.exchange.markets).toEqual(options.markets);
  });

  test("refuses a page port in use by name", async () => {
    const port = Number(new URL(world.api.url).port);
    await expect(startLocalWorld({ ...input, options: { ...options, port } })).rejects.toThrow(
      `--port must be a port of 127.0.0.1 that is free, or 0 to pick one, was ${port}`,
    );
  });

  test("starts no program when the market is unknown", async () => {
    const fresh = mkdtempSync(join(folder, "fresh-"));
    const wrong = { ...input, folder: fresh, options: { ...options, markets: ["FOO/BAR"] } };
    await expect(startLocalWorld(wrong)).rejects.toThrow("FOO/BAR");
    // One that runs on would write into a folder that the run has already removed.
    expect(childOf(process.pid, "infra/app.ts")).toBeUndefined();
  });

  test("gives its folder back when a start fails, and answers no more once it is stopped", async () => {
    await world.stop();
    await expect(fetch(world.api.url)).rejects.toThrow("fetch failed");
    await expect(startLocalWorld({ ...input, options: { ...options, markets: ["FOO/BAR"] } })).rejects.toThrow(
      "FOO/BAR",
    );
    world = await startLocalWorld(input);
    expect(world.exchange.journal?.records).toBeGreaterThan(0);
  });
});
