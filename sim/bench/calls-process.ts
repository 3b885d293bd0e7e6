/**
 * What the task's calls to AWS take of the thread that quotes, in a process of its own: processor time of that thread and of all, and the longest turn.
 * With `thread` they are made by a thread of their own, as `fargate/process.ts` has it; else by the calling one. Says all as one line of JSON.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { makeAwsClients } from "../../fargate/aws-clients.ts";
import { AwsThread, startAwsWorker } from "../../fargate/aws-thread.ts";
import { makeSystemClock } from "../../fargate/clock.ts";
import { ControlTable } from "../../fargate/control-table.ts";
import { LeaseTable } from "../../fargate/lease-record.ts";
import { makeLog } from "../../fargate/log.ts";
import { localEnvironment } from "../local/local-client.ts";
import { makeBenchFill } from "./bench-fills.ts";
import type { CloudAddress } from "./cloud-process.ts";

/** Of one kind of call, one value each. */
export type CallFigures = {
  readonly name: string;
  /** Of the calling thread, and of the whole process, microseconds a call. */
  readonly ownMicros: number;
  readonly allMicros: number;
  /** The longest that the calling thread did nothing else, microseconds by the wall, call by call. */
  readonly turnMicros: readonly number[];
  readonly answerMicros: readonly number[];
};

/** Bytes; the heap is the calling thread's. */
export type CallsReport = { readonly calls: readonly CallFigures[]; readonly rss: number; readonly heap: number };

const MARKET = "SEI/USDC";
const WARM = 150;
const COUNT = 250;
const TURNS = 100;
const FILLS = 10;
/** An engine minute has so many figures. */
const MINUTE_FIGURES = 24;
const WITHIN_MS = 10_000;

type Call = () => Promise<unknown>;

async function main(isThreaded: boolean): Promise<void> {
  const cloud = fork(new URL("./cloud-process.ts", import.meta.url));
  try {
    report(await measure(cloud, isThreaded));
  } finally {
    cloud.disconnect();
  }
}

async function measure(cloud: ChildProcess, isThreaded: boolean): Promise<CallsReport> {
  const [address]: CloudAddress[] = await once(cloud, "message");
  if (address === undefined) throw new Error("the cloud's process must say its address first");
  Object.assign(process.env, localEnvironment(address.cloudUrl));
  const clock = makeSystemClock();
  const clients = makeAwsClients();
  const log = makeLog("ERROR", {});
  const thread = isThreaded ? new AwsThread({ clients, startWorker: startAwsWorker, clock, log }) : undefined;
  const { dynamodb: client, sqs, eventBridge } = clients;
  const table = { client, tableName: address.tableName, clock };
  const lease = new LeaseTable({ ...table, shard: "main", callTimeoutMs: WITHIN_MS });
  const control = new ControlTable(table);
  let beats = 0;
  const beat = async () => {
    const held = { owner: "bench", epoch: 1, termMs: 10_000 };
    const seen = beats === 0 ? undefined : { ...held, version: beats };
    beats += 1;
    const nobody = { owner: undefined, epoch: undefined, version: undefined, termMs: undefined };
    const told = { epochMs: beats, feed: "connected", openOrders: 4, markets: [MARKET] };
    return await lease.replace(seen ?? nobody, { ...held, version: beats }, told);
  };
  let fills = 0;
  const batch = async () => {
    fills += FILLS;
    const Entries = Array.from({ length: FILLS }, (_, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify(makeBenchFill(MARKET, fills + index)),
    }));
    return await sqs.send(new SendMessageBatchCommand({ QueueUrl: `${address.cloudUrl}/000000000000/fills`, Entries }));
  };
  const Item = {
    ...{ pk: { S: `ENGINE#${MARKET}` }, sk: { S: "MINUTE#2026-01-01T00:00" } },
    ...Object.fromEntries(Array.from({ length: MINUTE_FIGURES }, (_, index) => [`figure${index}`, { N: "12.345678" }])),
  };
  const minute = async () => await client.send(new PutItemCommand({ TableName: table.tableName, Item }));
  const detail = JSON.stringify({ market: MARKET, reason: "the book is older than 2,000 ms", heldMs: 2_000 });
  const entry = { EventBusName: "flashmm", Source: "flashmm.engine", DetailType: "Quoting Halted", Detail: detail };
  const announce = async () =>
    await eventBridge.send(new PutEventsCommand({ Entries: [{ ...entry, Time: new Date() }] }));
  const all: readonly (readonly [string, Call])[] = [
    [`${FILLS} fills to the queue`, batch],
    ["the lease renewed", beat],
    ["the control items read", () => control.read()],
    ["an engine minute written", minute],
    ["an event announced", announce],
  ];
  const calls: CallFigures[] = [];
  for (const [name, call] of all) calls.push({ name, ...(await measureCall(call)) });
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  const { rss, heapUsed: heap } = process.memoryUsage();
  await thread?.stop();
  return { calls, rss, heap };
}

/** One after the other, as a task has them; the turns apart, since looking at them takes the processor. */
async function measureCall(call: Call): Promise<Omit<CallFigures, "name">> {
  for (let i = 0; i < WARM; i += 1) await call();
  const answerMicros: number[] = [];
  const own = process.threadCpuUsage();
  const all = process.cpuUsage();
  for (let i = 0; i < COUNT; i += 1) {
    const startMs = performance.now();
    await call();
    answerMicros.push((performance.now() - startMs) * 1_000);
  }
  const ownUsed = process.threadCpuUsage(own);
  const allUsed = process.cpuUsage(all);
  const turnMicros: number[] = [];
  for (let i = 0; i < TURNS; i += 1) turnMicros.push(await longestTurn(call));
  return {
    ownMicros: (ownUsed.user + ownUsed.system) / COUNT,
    allMicros: (allUsed.user + allUsed.system) / COUNT,
    turnMicros,
    answerMicros,
  };
}

/** The longest time between two turns of a loop that never sleeps, while a call is under way. */
async function longestTurn(call: Call): Promise<number> {
  let isOver = false;
  let longestMs = 0;
  let lastMs = performance.now();
  const look = (): void => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await call();
  isOver = true;
  await new Promise((resolve) => setImmediate(resolve));
  return longestMs * 1_000;
}

function report(figures: CallsReport): void {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

await main(process.argv.includes("thread"));
