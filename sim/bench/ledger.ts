/**
 * `npm run bench:ledger`: how fast fills are accounted for, next to one round trip a fill in sequence; whether a batch costs more
 * after 10³, 10⁵ or 10⁶ fills; and whether the ledger is right at the end. Owns the order of the measurements and what is said of
 * them. The table is in memory, in a process of its own.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { makeDynamoDb } from "../../lambdas/aws-clients.ts";
import { readClaimIndex } from "../../lambdas/ledger-claims.ts";
import { verifyMarket } from "../../lambdas/ledger-verify.ts";
import { runCommand } from "../command-line.ts";
import { isProven, verificationText } from "../local/ledger-text.ts";
import { localEnvironment } from "../local/local-client.ts";
import { FILLS_AN_HOUR } from "./bench-fills.ts";
import { BATCH_SIZE, bookRun, type Run, TABLE_NAME, writeInSequence } from "./bench-handler.ts";
import { BENCH_HELP, type BenchOptions, parseBenchOptions } from "./bench-options.ts";
import { BenchTable } from "./bench-table.ts";

const EXIT_WRONG = 2;

const HISTORY_MARKET = "SEI/USDC";
const SPEED_MARKET = "ATOM/USDC";

/** The goals of the ledger: throughput next to the baseline at most, and growth of a batch's cost at most. */
const SPEEDUP_MIN = 5;
const GROWTH_MAX = 1.5;

/** Histories after which a batch is measured, each over one hour of fills. */
const HISTORIES = [1_000, 100_000, 1_000_000];

const WARM_ROUNDS = 3;
const ROUNDS = 8;
const SEQUENCE_FILLS = 100;
const SPEED_FILLS = 3 * BATCH_SIZE;

async function bench(options: BenchOptions): Promise<number> {
  const table = await BenchTable.start();
  Object.assign(process.env, localEnvironment(table.url));
  const client = makeDynamoDb();
  try {
    const isFast = await measureSpeed({ client, table }, options.delayMs);
    const isFlat = await measureGrowth({ client, table }, options.fills);
    const isRight = await verify(client, table);
    return isFast && isFlat && isRight ? 0 : EXIT_WRONG;
  } finally {
    client.destroy();
    await table.stop();
  }
}

type Parts = { readonly client: DynamoDBClient; readonly table: BenchTable };

/**
 * Both ways in turn, so that what else the machine does meets both; of each the quietest round counts, and the medians are said
 * beside it.
 */
async function measureSpeed({ client, table }: Parts, delayMs: number): Promise<boolean> {
  say(`Throughput: one market in batches of ${BATCH_SIZE} fills, next to one round trip a fill in sequence`);
  let booked = 0;
  let written = 0;
  const measure = async () => {
    const sequence = (await writeInSequence(client, SPEED_MARKET, written, SEQUENCE_FILLS)) / SEQUENCE_FILLS;
    const run = await bookRun({ client, table, market: SPEED_MARKET }, booked, booked + SPEED_FILLS);
    written += SEQUENCE_FILLS;
    booked += SPEED_FILLS;
    return { sequence, accounted: sum(run.wallMs) / SPEED_FILLS };
  };
  // Code that has not run some hundred times is not compiled yet.
  for (let round = 0; round < WARM_ROUNDS; round++) await measure();
  const speedups: number[] = [];
  for (const delay of [delayMs, 0]) {
    await table.delay(delay);
    const rounds: Awaited<ReturnType<typeof measure>>[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measure());
    const [sequence, accounted] = [rounds.map((round) => round.sequence), rounds.map((round) => round.accounted)];
    const speedup = Math.min(...sequence) / Math.min(...accounted);
    speedups.push(speedup);
    say(
      `  answers after ${delay} ms: in sequence ${spread(sequence)}, accounted ${spread(accounted)} ms a fill: ` +
        `${Math.round(1_000 / Math.min(...accounted))} a second, ${figure(speedup)} times as fast ` +
        `(by medians ${figure(median(sequence) / median(accounted))})`,
    );
  }
  await table.delay(0);
  return verdict(
    (speedups[0] ?? 0) >= SPEEDUP_MIN,
    `at least ${SPEEDUP_MIN} times as fast, answers after ${delayMs} ms`,
  );
}

async function measureGrowth(parts: Parts, fills: number): Promise<boolean> {
  say(`\nCost of a batch of ${BATCH_SIZE} fills in order, each over the ${FILLS_AN_HOUR} fills of an hour (medians)`);
  const market = HISTORY_MARKET;
  const started = performance.now();
  let booked = 0;
  let first: Run | undefined;
  let isFlat = true;
  for (const history of [...HISTORIES.filter((each) => each < fills), fills]) {
    // A batch begins where an hour does, and behind what has been measured.
    const from = Math.max(booked, Math.ceil(history / BATCH_SIZE) * BATCH_SIZE);
    await bookRun({ ...parts, market }, booked, from);
    booked = from + FILLS_AN_HOUR;
    const run = await bookRun({ ...parts, market }, from, booked);
    first ??= run;
    const growth = median(run.cpuMs) / median(first.cpuMs);
    isFlat &&= growth <= GROWTH_MAX && run.calls === first.calls && run.itemsRead === first.itemsRead;
    const batches = run.cpuMs.length;
    say(
      `  after ${grouped(from).padStart(9)} fills: CPU ${figure(median(run.cpuMs))} ms (ratio ${figure(growth)}), ` +
        `wall ${figure(median(run.wallMs))} ms (ratio ${figure(median(run.wallMs) / median(first.wallMs))}), ` +
        `${figure(run.calls / batches)} calls, ${figure(run.itemsRead / batches)} items read`,
    );
  }
  const seconds = (performance.now() - started) / 1_000;
  const { residentBytes } = await parts.table.figures();
  say(
    `  ${grouped(booked)} fills in ${Math.round(seconds)} s, ${Math.round(booked / seconds)} a second; ` +
      `memory: handler ${megabytes(process.memoryUsage().rss)}, table ${megabytes(residentBytes)}`,
  );
  return verdict(isFlat, `at most ${GROWTH_MAX} times the CPU of the first, and the very same calls and items read`);
}

async function verify(client: DynamoDBClient, table: BenchTable): Promise<boolean> {
  say("\nVerification, as `npm run ledger -- verify`");
  const started = performance.now();
  const ledger = { client, tableName: TABLE_NAME };
  const claims = await readClaimIndex(ledger);
  const clock = { now: () => Date.now(), wait: async (millis: number) => await wait(millis) };
  const proof = await verifyMarket({ table: ledger, clock, market: HISTORY_MARKET, claims });
  say(verificationText(proof));
  const seconds = (performance.now() - started) / 1_000;
  const { residentBytes } = await table.figures();
  say(
    `  in ${Math.round(seconds)} s; memory: verifier ${megabytes(process.memoryUsage().rss)}, table ${megabytes(residentBytes)}`,
  );
  return verdict(isProven(proof), "0 lost, 0 doubled, 0 units of drift");
}

function verdict(isMet: boolean, goal: string): boolean {
  say(`  ${isMet ? "✓" : "✗"} goal: ${goal}`);
  return isMet;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The least, and the median. */
function spread(values: readonly number[]): string {
  return `${figure(Math.min(...values))} (${figure(median(values))})`;
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

process.exit(await runCommand(process.argv.slice(2), { parse: parseBenchOptions, help: BENCH_HELP, run: bench }));
