/**
 * A report over a table in memory with books that the accounting made and the audit proved, a bucket in memory, and the simulated X. Time is
 * the test's. A run can be made to end at any of its effects: before it, or after it took place.
 */

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { MinuteTable } from "../../../fargate/minute-table.ts";
import { type ReportAnswer, type Reporter, runReport } from "../../../lambdas/hourly-report/make-report.ts";
import { readReport } from "../../../lambdas/hourly-report/report-items.ts";
import { parseReportRequest } from "../../../lambdas/hourly-report/report-request.ts";
import { reportWords } from "../../../lambdas/hourly-report/report-text.ts";
import { makeXClient, type XClient } from "../../../lambdas/hourly-report/x-client.ts";
import { AWS_SETTINGS, makeRequestHandler, muteClient } from "../../../sim/world/aws-access.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";
import { startXServer } from "../../../sim/x-api/server.ts";
import { makePart, ONE } from "../../fargate/minute-cases.ts";
import { makeAuditWorld } from "../fill-audit/audit-world.ts";

const ACCOUNT = { appKey: "app", appSecret: "app-secret", accessToken: "token", accessSecret: "token-secret" };

/** The hour that is booked, and when its report is due. */
export const HOUR = "2026-01-02T11";
const DUE_MS = Date.UTC(2026, 0, 2, 12, 15);

/** The smallest image that X takes for one. */
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

const RUN_MS = 840_000;

/** At the n-th effect of a run, counted from 1. */
export type Strike = { readonly at: number; readonly how: "before" | "after" };

type Effect = <Value>(act: () => Promise<Value>) => Promise<Value>;

export type ReportWorld = Awaited<ReturnType<typeof makeReportWorld>>;

/** With one market whose hour is booked and proven, unless `isEmpty`. It is a quarter past noon. */
export async function makeReportWorld(options: { readonly isEmpty?: boolean; readonly gapMs?: number } = {}) {
  const host = makeMemoryTableHost();
  const table = { client: host.client, tableName: host.tableName };
  const audit = makeAuditWorld(table);
  const { timing, clock, market } = audit;
  const x = await startXServer(ACCOUNT, { now: timing.epochMs, signedAt: Date.now });
  const files = new Map<string, Uint8Array>();
  const errors: number[] = [];
  const minutes = new MinuteTable({ ...table, clock: new VirtualTime().clock });
  // One client for all runs, since to make one costs more than a run: its calls are of the run that was begun last.
  let onCall: Effect = (act) => act();
  const requestHandler = makeRequestHandler(host.backend);
  const client = new DynamoDBClient({ ...AWS_SETTINGS, requestHandler, cacheMiddleware: true });
  muteClient(client);
  client.middlewareStack.add((next) => async (args) => await onCall(() => next(args)), { step: "initialize" });
  const world = {
    ...audit,
    table,
    x,
    files,
    /** When publishing errors were counted. */
    errors,
    /** No keys, keys that cannot be read, or those of the account. */
    keys: "account" as "account" | "none" | "broken",
    gapMs: options.gapMs ?? 3_600_000,
    writeMinute: async (minute: string, mid: bigint, position = 0n) => {
      const closing = { mid, position, realizedPnl: 0n, unrealizedPnl: 0n, drawdownMicroPercent: 0 };
      await minutes.addPart({ market, minuteMs: Date.parse(`${minute}:00.000Z`) }, makePart(1, { closing }));
    },
    /** The hour's fills and minutes, and what the audit says of it. */
    bookHour: async (hour = HOUR) => {
      const fills = [
        audit.history.add(`${hour}-1`, `${hour}:05:00.000Z`, { side: "buy", price: "0.4200", quantity: "100" }),
        audit.history.add(`${hour}-2`, `${hour}:35:00.000Z`, { side: "sell", price: "0.4230", quantity: "60" }),
      ];
      await audit.book(fills);
      for (const minute of ["04", "20", "59"]) {
        await world.writeMinute(`${hour}:${minute}`, (ONE * (4_210n + BigInt(minute))) / 10_000n, 100n * ONE);
      }
    },
    /** Moves the clock on to a moment. */
    goTo: (atMs: number) => clock.advance(Math.max(0, atMs - timing.epochMs())),
    /** A run of `runMs`, asked for with this detail; `time` is the event's, now unless told. */
    run: async (
      detail: Readonly<Record<string, unknown>> = { hour: HOUR },
      how: { readonly strike?: Strike; readonly runMs?: number; readonly time?: string } = {},
    ): Promise<ReportAnswer> => {
      const { strike, runMs = RUN_MS, time } = how;
      const { reporter } = connect(strike);
      const request = parseReportRequest({ detail, time }, timing.epochMs());
      return await runReport(reporter, request, timing.monotonicMs() + runMs);
    },
    report: async (id = HOUR) => await readReport(table, id),
    stop: async () => {
      await x.close();
      host.stop();
    },
  };

  function connect(strike: Strike | undefined): { readonly reporter: Reporter } {
    let count = 0;
    let isDead = false;
    const effect: Effect = async (act) => {
      if (isDead) throw new Error("the process has ended");
      count++;
      if (count !== strike?.at) return await act();
      isDead = true;
      if (strike.how === "after") await act();
      throw new Error("the process has ended");
    };
    onCall = effect;
    const api = makeXClient(ACCOUNT, x.url, 10_000);
    const dying: XClient = {
      upload: (png) => effect(() => api.upload(png)),
      describe: (id, text) => effect(() => api.describe(id, text)),
      post: (text, id) => effect(() => api.post(text, id)),
    };
    const silent = () => undefined;
    const reporter: Reporter = {
      table: { client, tableName: table.tableName },
      bucket: { name: "reports", client: { send: (command: unknown) => effect(() => answerFiles(files, command)) } },
      markets: [market],
      word: async (figures) => reportWords(figures),
      draw: async () => PNG,
      openX: async () => {
        if (world.keys === "broken") throw new Error("the keys cannot be read");
        return world.keys === "none" ? undefined : dying;
      },
      timing: { ...timing, wait: (millis) => effect(() => timing.wait(millis)) },
      gapMs: world.gapMs,
      log: { info: silent, warn: silent, error: silent },
      countError: () => errors.push(timing.epochMs()),
    };
    return { reporter };
  }

  if (options.isEmpty !== true) {
    await world.bookHour();
    world.goTo(DUE_MS);
    await audit.audit();
  }
  return world;
}

async function answerFiles(files: Map<string, Uint8Array>, command: unknown): Promise<unknown> {
  if (command instanceof PutObjectCommand) {
    const { Key = "", Body } = command.input;
    files.set(Key, Body instanceof Uint8Array ? Body : new TextEncoder().encode(String(Body)));
    return {};
  }
  const key = command instanceof GetObjectCommand ? (command.input.Key ?? "") : "";
  const bytes = files.get(key);
  if (bytes === undefined) throw new Error(`NoSuchKey ${key}`);
  return { Body: { transformToByteArray: async () => bytes } };
}
