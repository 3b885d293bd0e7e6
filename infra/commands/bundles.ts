/**
 * `npm run bench:bundles [-- --rounds 15]`: how large each function's bundle is, and how long it takes from the start of a process to its
 * handler, next to an empty handler with the same SDK clients. Exit code 1 when a bundle is too large or too slow. What is measured are
 * the bundles that would be deployed, on this machine: the ratio says something, the milliseconds are not Lambda's.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { buildSync } from "esbuild";
import { makeApp } from "../app.ts";
import { STACK_TRACES } from "../bundled/path.ts";
import { REQUIRE_BANNER, UNUSED_CREDENTIALS } from "../constructs/node-function.ts";
import { PROJECT_ROOT } from "./run-command.ts";

type Bundle = {
  readonly name: string;
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
};

/** Kilobytes of 1,000 bytes. */
const KILOBYTES_MAX: Readonly<Record<string, number>> = { "grafana-provisioning": 1_000, "hourly-report": 5_000 };
const KILOBYTES_MAX_ELSE = 450;

const START_RATIO_MAX = 1.5;

/** Without it an error's stack names lines of the bundle. */
const STACK_TRACES_NAME = basename(STACK_TRACES);

/** The class of each SDK client, by its package. */
const CLIENTS: Readonly<Record<string, string>> = {
  "client-dynamodb": "DynamoDBClient",
  "client-eventbridge": "EventBridgeClient",
  "client-s3": "S3Client",
  "client-secrets-manager": "SecretsManagerClient",
  "client-sqs": "SQSClient",
};

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const folder = mkdtempSync(join(tmpdir(), "flashmm-bundles-"));
try {
  const results = bundlesIn(folder).map((bundle) => measure(bundle, Number(values.rounds)));
  for (const { line } of results) process.stdout.write(`${line}\n`);
  process.exitCode = results.every((each) => each.isGood) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What a deployment of the testnet would upload. */
function bundlesIn(outdir: string): readonly Bundle[] {
  const assembly = makeApp({ outdir, deploying: true, rules: false, stage: "testnet" }).synth();
  const { Resources } = assembly.getStackByName("FlashMM-testnet-Operations").template;
  return Object.values(Resources as Record<string, FunctionResource>)
    .filter(({ Type }) => Type === "AWS::Lambda::Function")
    .map(({ Metadata, Properties }) => ({
      name: Metadata["flashmm:entry"].split("/")[1] ?? "",
      file: join(outdir, `asset.${Properties.Code.S3Key.replace(/\.zip$/, "")}`, "index.mjs"),
      environment: toEnvironment(Properties.Environment.Variables),
    }));
}

type FunctionResource = {
  readonly Type: string;
  readonly Metadata: { readonly "flashmm:entry": string };
  readonly Properties: {
    readonly Code: { readonly S3Key: string };
    readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
  };
};

function toEnvironment(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  const told = Object.entries(variables).map(([name, value]) => [
    name,
    typeof value === "string" ? value : "https://x.example/x",
  ]);
  return { PATH: process.env["PATH"] ?? "", AWS_REGION: "us-east-1", ...Object.fromEntries(told) };
}

function measure(
  { name, file, environment }: Bundle,
  rounds: number,
): { readonly line: string; readonly isGood: boolean } {
  const beside = bundlesBeside(file);
  for (const each of beside) assertLoads(each, environment);
  const kilobytes = [file, ...beside].reduce((bytes, each) => bytes + statSync(each).size, 0) / 1_000;
  const kilobytesMax = KILOBYTES_MAX[name] ?? KILOBYTES_MAX_ELSE;
  const pair = { file, empty: emptyHandler(file, name), environment };
  const first = timeStarts(pair, rounds);
  // What else the machine does can make one such comparison wrong: whoever is too slow is asked once more, for longer.
  const { own, baseline, ratio } = first.ratio < START_RATIO_MAX ? first : timeStarts(pair, 2 * rounds);
  const isGood = kilobytes < kilobytesMax && ratio < START_RATIO_MAX;
  const size = `${kilobytes.toFixed(0)} kB (below ${kilobytesMax})`;
  const start = `${own.toFixed(0)} ms to the handler, empty ${baseline.toFixed(0)} ms, ${ratio.toFixed(2)} times (below ${START_RATIO_MAX})`;
  return { line: `${isGood ? "good" : "BAD "}  ${name.padEnd(20)}  ${size}  ${start}`, isGood };
}

/** Medians of the milliseconds of both, and what one is of the other. */
function timeStarts(
  { file, empty, environment }: { readonly file: string; readonly empty: string } & Pick<Bundle, "environment">,
  rounds: number,
): { readonly own: number; readonly baseline: number; readonly ratio: number } {
  const times = { own: [] as number[], empty: [] as number[] };
  // In turn, so that whatever else the machine does falls on both; the first of each only fills the caches.
  for (let round = 0; round <= rounds; round += 1) {
    const pair = [startMs(file, environment), startMs(empty, environment)] as const;
    if (round > 0) [times.own[round - 1], times.empty[round - 1]] = pair;
  }
  const [own, baseline] = [median(times.own), median(times.empty)];
  return { own, baseline, ratio: own / baseline };
}

/** Those of a function's modules that are loaded late. */
function bundlesBeside(file: string): readonly string[] {
  const place = dirname(file);
  const names = readdirSync(place).filter((name) => name.endsWith(".mjs"));
  return names.map((name) => join(place, name)).filter((each) => each !== file);
}

/** No start loads them: what is wrong with one would show at the hour's post. */
function assertLoads(file: string, environment: Readonly<Record<string, string>>): void {
  const source = `await import(${JSON.stringify(pathToFileURL(file).href)}); process.exit(0)`;
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", source], {
    env: environment,
    encoding: "utf8",
  });
  if (child.status !== 0) throw new Error(`${file} must load:\n${child.stderr}`);
}

/** A handler that does nothing but hold the same clients, bundled in the same way. */
function emptyHandler(file: string, name: string): string {
  const { sources }: { readonly sources: readonly string[] } = JSON.parse(readFileSync(`${file}.map`, "utf8"));
  if (!sources.some((source) => source.endsWith(STACK_TRACES_NAME)))
    throw new Error(`${file} must come with ${STACK_TRACES_NAME}, was without`);
  const clients = Object.entries(CLIENTS).filter(([client]) =>
    sources.some((source) => source.includes(`@aws-sdk/${client}/`)),
  );
  const lines = clients.map(
    ([client, made], index) =>
      `import { ${made} } from "@aws-sdk/${client}"; export const c${index} = new ${made}({});`,
  );
  const place = join(folder, "empty", name);
  const outfile = join(place, "index.mjs");
  buildSync({
    stdin: { contents: [...lines, "export const handler = async () => {};"].join("\n"), resolveDir: PROJECT_ROOT },
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    banner: { js: REQUIRE_BANNER },
    external: [...UNUSED_CREDENTIALS],
  });
  return outfile;
}

function startMs(file: string, environment: Readonly<Record<string, string>>): number {
  const source = `const { handler } = await import(${JSON.stringify(pathToFileURL(file).href)}); process.exit(typeof handler === "function" ? 0 : 1)`;
  const startedMs = performance.now();
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", source], {
    env: environment,
    encoding: "utf8",
  });
  const tookMs = performance.now() - startedMs;
  if (child.status !== 0) throw new Error(`${file} must load and export its handler:\n${child.stderr}`);
  return tookMs;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
