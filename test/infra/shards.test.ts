import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { makeApp } from "../../infra/app.ts";
import { ACKNOWLEDGEMENTS, checkApp } from "../../infra/nag.ts";
import { stageSettings } from "../../infra/stages.ts";

const folder = mkdtempSync(join(tmpdir(), "flashmm-shards-"));
const configs = pathToFileURL(`${folder}/`);
const first = JSON.parse(readFileSync(new URL("../../config/mainnet.json", import.meta.url), "utf8"));

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(new URL("../../config/mainnet.json", import.meta.url), join(folder, "mainnet.json"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a further file of the stage: the first one's with some changes. */
function addShard(file: string, changes: object): void {
  writeFileSync(join(folder, file), JSON.stringify({ ...first, ...changes }));
}

const atom = [{ ...first.markets[0], symbol: "ATOM/USDC" }];

describe("a stage", () => {
  test("has one shard a file, the first one's before all", () => {
    addShard("mainnet.a.json", { shard: "a", markets: atom });
    const settings = stageSettings("mainnet", configs);
    expect(settings.shards).toMatchObject([
      { name: "main", file: "mainnet.json", markets: ["SEI/USDC"] },
      { name: "a", file: "mainnet.a.json", markets: ["ATOM/USDC"] },
    ]);
    expect(settings.markets).toEqual(["SEI/USDC", "ATOM/USDC"]);
  });

  test.each([
    [
      "two files of one shard",
      { markets: atom },
      "each shard of a stage must be in one file of config/, main was in two",
    ],
    [
      "two shards of one market",
      { shard: "a" },
      "each market of a stage must be in one file of config/, SEI/USDC was in two",
    ],
    [
      "a shard of another order API",
      { shard: "a", markets: atom, cambrian: { ...first.cambrian, network: "testnet" } },
      "cambrian of config/mainnet.a.json must be that of the stage's first file, https://api.cambrian.com (mainnet)",
    ],
    [
      "a file of another stage",
      { shard: "a", stage: "testnet" },
      /^stage of .*mainnet\.a\.json must be mainnet, was testnet$/,
    ],
    [
      "more markets than a shard carries",
      { shard: "a", markets: ["A", "B", "C", "D"].map((base) => ({ ...first.markets[0], symbol: `${base}/USDC` })) },
      "markets of config/mainnet.a.json must be at most 3, was 4: give a further shard the rest",
    ],
    [
      "a file without markets",
      { shard: "a", markets: [] },
      /^markets of .*mainnet\.a\.json must be at least one, was none$/,
    ],
  ])("refuses %s", (_what, changes, message) => {
    addShard("mainnet.a.json", changes);
    expect(() => stageSettings("mainnet", configs)).toThrow(message);
  });

  test("whose file is absent is refused", () => {
    expect(() => stageSettings("testnet", configs)).toThrow("config/testnet.json must be there, was absent");
  });

  test("lets its tasks out to the ports of its addresses alone", () => {
    const sei = { ...first.sei, wsUrls: ["wss://node.example:26657/websocket", "ws://node.example/websocket"] };
    addShard("mainnet.json", { sei });
    expect(stageSettings("mainnet", configs).shards[0]?.ports).toEqual([80, 443, 26_657]);
  });
});

describe("two shards", () => {
  test("are two services, two keys and two deployment alarms, in nobody's way; and cdk-nag finds nothing", () => {
    addShard("mainnet.a.json", { shard: "a", markets: atom });
    const outdir = join(folder, "out");
    const app = makeApp({ outdir, deploying: false, settings: stageSettings("mainnet", configs) });
    checkApp(app);
    // A finding that is not acknowledged fails the synthesis.
    app.synth();
    // And none is acknowledged that is not there.
    for (const { appliesTo, reason } of ACKNOWLEDGEMENTS) {
      expect(app.node.findAll().some(appliesTo), reason).toBe(true);
      expect(reason).toMatch(/^[A-Za-z].{40,}\.$/);
    }
    const stack = (name: string) => {
      const found = app.node.findChild(`FlashMM-mainnet-${name}`);
      if (!Stack.isStack(found)) throw new Error(`${name} must be a stack`);
      return Template.fromStack(found);
    };
    stack("Trading").resourceCountIs("AWS::ECS::Service", 2);
    stack("Trading").resourceCountIs("AWS::ECS::Cluster", 1);
    const names = Object.values(stack("State").findResources("AWS::SecretsManager::Secret")).map(
      (each) => each["Properties"].Name,
    );
    const others = ["flashmm/grafana", "flashmm/twitter"];
    expect(names).toEqual(["flashmm/cambrian", "flashmm/cambrian-a", ...others]);
    const alarms = Object.values(stack("Trading").findResources("AWS::CloudWatch::Alarm")).map(
      (each) => each["Properties"].AlarmName,
    );
    expect(alarms).toEqual(["FlashMM-mainnet-main-deployment", "FlashMM-mainnet-a-deployment"]);
    const files = Object.values(stack("Trading").findResources("AWS::ECS::TaskDefinition")).map((each) =>
      each["Properties"].ContainerDefinitions[0].Environment.find(
        (pair: { Name: string }) => pair.Name === "FLASHMM_CONFIG",
      ),
    );
    expect(files.map((each) => each.Value)).toEqual(["config/mainnet.json", "config/mainnet.a.json"]);
  });
});

test("a shard on chain has a wallet of its own, which its task alone may read", () => {
  const markets = [{ ...first.markets[0], symbol: "ATOM/USDC", venue: "sei-chain" }];
  addShard("mainnet.a.json", { shard: "a", markets });
  const app = makeApp({ outdir: join(folder, "out"), deploying: false, settings: stageSettings("mainnet", configs) });
  const templateOf = (name: string) => {
    const found = app.node.findChild(`FlashMM-mainnet-${name}`);
    if (!Stack.isStack(found)) throw new Error(`${name} must be a stack`);
    return Template.fromStack(found);
  };
  templateOf("State").hasResourceProperties("AWS::SecretsManager::Secret", { Name: "flashmm/wallet-a" });
  const secretsOf = Object.values(templateOf("Trading").findResources("AWS::ECS::TaskDefinition")).map((each) =>
    each["Properties"].ContainerDefinitions[0].Secrets.map(({ Name }: { readonly Name: string }) => Name),
  );
  const keys = ["CAMBRIAN_API_KEY", "CAMBRIAN_SECRET_KEY"];
  expect(secretsOf).toEqual([keys, [...keys, "SEI_MNEMONIC"]]);
  expect(JSON.stringify(templateOf("Operations").toJSON())).not.toContain("WalletSecret");
});
