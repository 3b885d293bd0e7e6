/**
 * A task that beats until it is killed, its orders at the simulated order API, the ledger's table and the dead man's sweeps, in virtual
 * time. A sweep may die at any of its calls; clocks of task and function may differ.
 */
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { Fetch } from "../../../lambdas/cambrian-client.ts";
import { makeKeys } from "../../../lambdas/cambrian-keys.ts";
import { guardOrders } from "../../../lambdas/health-sweep/dead-man.ts";
import type { Outcome } from "../../../lambdas/health-sweep/integration-record.ts";
import { VenueOrders } from "../../../lambdas/health-sweep/venue-orders.ts";
import type { LedgerTable } from "../../../lambdas/ledger-table.ts";
import type { Timing } from "../../../lambdas/timing.ts";
import { makeCambrianApi } from "../../../sim/cambrian-api/cambrian-api.ts";
import { makeHandMadeExchange } from "../../../sim/exchange/hand-made-exchange.ts";
import { AWS_SETTINGS, makeRequestHandler, muteClient } from "../../../sim/world/aws-access.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";

const KEYS = { apiKey: "the-key", secretKey: "the-secret" };
/** A third of the term, as the task renews. */
const BEAT_EVERY_MS = 3_333;
const TERM_MS = 10_000;
/** What Lambda gives the function, less what it keeps. */
const INVOCATION_MS = 57_000;

/** Which of a sweep's calls to the outside kills it, counted from 1, and whether that call still arrives. */
export type Death = { readonly atCall: number; readonly arrives: boolean };

export type SweepWorldOptions = {
  readonly markets?: readonly string[];
  /** Whose lease the dead man watches; the task's is `main`. */
  readonly shard?: string;
  /** How far the task's clock is ahead of the true time, and the function's. */
  readonly taskAheadMs?: number;
  readonly functionAheadMs?: number;
  /** Time from request to answer at the order API. */
  readonly latencyMs?: number;
};

export type SweepWorld = ReturnType<typeof makeSweepWorld>;

export function makeSweepWorld(options: SweepWorldOptions = {}) {
  const { markets = ["SEI/USDC"], taskAheadMs = 0, functionAheadMs = 0, latencyMs = 20 } = options;
  const time = new VirtualTime();
  const { clock } = time;
  const host = makeMemoryTableHost();
  const exchange = makeHandMadeExchange({
    clock,
    markets: markets.map((symbol) => ({ symbol, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" })),
  });
  const api = makeCambrianApi({ ...KEYS, exchange, network: "testnet", clock, rng: { next: () => 0.5 }, latencyMs });
  const events: { readonly type: string; readonly source: string; readonly detail: Record<string, unknown> }[] = [];
  const measured: { readonly name: string; readonly value: number }[] = [];
  const lines: { readonly level: string; readonly message: string; readonly fields: Record<string, unknown> }[] = [];
  const faults = { table: 0, bus: 0 };
  let epoch = 1;
  let version = 0;
  let isTaskAlive = false;
  let lastBeatMs = Number.NEGATIVE_INFINITY;

  const say = (level: string) => (message: string, fields: Record<string, unknown>) => {
    lines.push({ level, message, fields });
  };

  const writeLease = async (
    fields: {
      readonly owner?: string;
      readonly aheadMs?: number;
      readonly shard?: string;
      readonly epoch?: number;
      readonly markets?: readonly string[];
    } = {},
  ): Promise<void> => {
    version += 1;
    if (fields.shard === undefined) lastBeatMs = time.nowMs;
    const { owner = "engine/1", aheadMs = taskAheadMs, shard = "main" } = fields;
    const item = {
      pk: { S: "LEASE" },
      sk: { S: shard },
      owner: { S: owner },
      epoch: { N: `${fields.epoch ?? epoch}` },
      ...(fields.markets === undefined ? {} : { markets: { L: fields.markets.map((S) => ({ S })) } }),
      version: { N: `${version}` },
      termMs: { N: `${TERM_MS}` },
      heartbeatAt: { S: new Date(Math.floor(time.epochMs + aheadMs)).toISOString() },
      feed: { S: "connected wss://node" },
      openOrders: { N: "2" },
    };
    await time.hold(() => host.client.send(new PutItemCommand({ TableName: host.tableName, Item: item })));
  };

  const beatOn = (): void => {
    if (!isTaskAlive) return;
    void writeLease();
    time.after(BEAT_EVERY_MS, beatOn);
  };

  /** One process of the function; dies at a call of its own when told. */
  const makeProcess = (death?: Death) => {
    let calls = 0;
    let isDead = false;
    const ended = () => new Error("the process has ended");
    const call = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      if (isDead) throw ended();
      calls += 1;
      if (calls === death?.atCall) {
        isDead = true;
        if (death.arrives) await work().catch(() => undefined);
        throw ended();
      }
      const result = await work();
      // Others of its calls may have ended it meanwhile.
      if (isDead) throw ended();
      return result;
    };
    const dynamodb = new DynamoDBClient({
      ...AWS_SETTINGS,
      requestHandler: makeRequestHandler((request) =>
        call(async () => {
          if (faults.table > 0) {
            faults.table -= 1;
            throw new Error("the table does not answer");
          }
          return await time.hold(() => host.backend(request));
        }),
      ),
    });
    muteClient(dynamodb);
    const table: LedgerTable = { client: dynamodb, tableName: host.tableName };
    const timing: Timing = {
      epochMs: () => Math.floor(time.epochMs + functionAheadMs),
      monotonicMs: () => time.nowMs,
      wait: (millis) => call(() => new Promise<void>((resolve) => time.after(millis, resolve))),
      random: () => 0.5,
    };
    const fetch: Fetch = (url, { method, headers }) =>
      call(async () => {
        const path = url.slice("http://venue.test".length);
        const reply = await api.desk.serve(api.desk.arrive(method, path), { headers, body: "" });
        if (reply.type === "answer")
          return new Response(reply.body, { status: reply.status, headers: { ...reply.headers } });
        if (reply.type === "silence") await new Promise<void>((resolve) => time.after(2_000, resolve));
        throw new TypeError("fetch failed");
      });
    const bus = {
      name: "flashmm",
      client: {
        send: (command: PutEventsCommand) =>
          call(async () => {
            if (faults.bus > 0) {
              faults.bus -= 1;
              throw new Error("the bus does not answer");
            }
            for (const { DetailType: type = "", Source: source = "", Detail = "{}" } of command.input.Entries ?? []) {
              events.push({ type, source, detail: JSON.parse(Detail) });
            }
            return { FailedEntryCount: 0, Entries: [] };
          }),
      },
    };
    const log = { info: say("info"), warn: say("warn"), error: say("error") };
    const keys = makeKeys({ CAMBRIAN_API_KEY: KEYS.apiKey, CAMBRIAN_SECRET_KEY: KEYS.secretKey });
    const venue = { baseUrl: "http://venue.test", network: "testnet", keys, fetch, timing } as const;
    const measure = (name: string, _labels: unknown, value: number) => void measured.push({ name, value });
    const orders = new VenueOrders(venue, log);
    const parts = { table, shard: options.shard, markets, bus, timing, log, measure, orders };
    return { parts, calls: () => calls };
  };

  return {
    time,
    host,
    exchange,
    api,
    events,
    measured,
    lines,
    faults,
    makeProcess,
    writeLease,
    lastBeatMs: () => lastBeatMs,
    startTask(newEpoch = epoch): void {
      epoch = newEpoch;
      isTaskAlive = true;
      beatOn();
    },
    killTask(): void {
      isTaskAlive = false;
    },
    place(clientOrderId: string, market = markets[0] ?? ""): void {
      exchange.place({
        market,
        side: "buy",
        orderType: "limit",
        price: "0.4000",
        quantity: "10",
        timeInForce: "gtc",
        clientOrderId,
      });
    },
    /** Client ids of what is open. */
    open: (): readonly string[] =>
      markets.flatMap((market) => exchange.openOrders(market).map((order) => order.clientOrderId)),
    alarms: () => events.filter((event) => event.type === "Risk Limit Breached"),
    /** One sweep of the dead man from now on; answers the error of one that dies. */
    async sweep(how: { readonly death?: Death; readonly forMs?: number } = {}): Promise<Outcome | Error> {
      const { parts } = makeProcess(how.death);
      const untilMs = time.nowMs + (how.forMs ?? INVOCATION_MS);
      return await guardOrders(parts, untilMs).catch((error: Error) => error);
    },
  };
}
