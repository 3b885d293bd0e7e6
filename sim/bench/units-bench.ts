/**
 * `units`: what a task and its fills ask of the table, in DynamoDB's request units: the constants of the bill (`docs/performance.md`, "Scale"). The same
 * on every machine. Owns what is asked; who asks are the task's and the function's own lines.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { emptyBooks } from "../../core/accounting/pnl.ts";
import { makeSystemClock } from "../../fargate/clock.ts";
import { ControlTable } from "../../fargate/control-table.ts";
import { LeaseTable } from "../../fargate/lease-record.ts";
import { MinuteTable } from "../../fargate/minute-table.ts";
import { RiskStore } from "../../fargate/risk-store.ts";
import { StateTable } from "../../fargate/state-table.ts";
import { accountBatch } from "../../lambdas/fill-accounting/account-batch.ts";
import { AWS_SETTINGS, makeRequestHandler } from "../world/aws-access.ts";
import { makeMemoryTableHost } from "../world/table-host.ts";
import { makeBenchFill, makeBenchRecords } from "./bench-fills.ts";
import { exactly, makeRow, type Row } from "./row.ts";
import { UnitCounter } from "./table-units.ts";

const MARKET = "SEI/USDC";
const ONE = 10n ** 18n;
/** Of a market in the middle of an hour: a position item and an hour's item have their size by then. */
const EARLIER_FILLS = 1_000;
/** What is read again after a reconnect: the fills of a minute, 200 at most. */
const OVERLAPS = [10, 200];

export async function benchUnits(): Promise<readonly Row[]> {
  const host = makeMemoryTableHost();
  const counter = new UnitCounter(host.backend);
  const client = new DynamoDBClient({ ...AWS_SETTINGS, requestHandler: makeRequestHandler(counter.backend) });
  const table = { client, tableName: host.tableName, clock: makeSystemClock() };
  return [...(await fillRows(counter, table)), ...(await taskRows(counter, table))];
}

type TableOf = {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: ReturnType<typeof makeSystemClock>;
};

async function fillRows(counter: UnitCounter, table: TableOf): Promise<readonly Row[]> {
  let booked = 0;
  const book = async (count: number) => {
    const records = makeBenchRecords(MARKET, booked, count);
    booked += count;
    await accountBatch(
      {
        table,
        pacing: { random: Math.random, wait: () => Promise.resolve() },
        count: () => undefined,
        log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      },
      records,
    );
  };
  await book(EARLIER_FILLS);
  const rows: Row[] = [];
  for (const count of [1, 10, 100, 500]) {
    const { writes, reads } = await counter.of(() => book(count));
    rows.push(
      toRow(
        `a fill, accounted for ${count === 1 ? "alone" : `with ${count} at a time`}`,
        writes / count,
        reads / count,
      ),
    );
  }
  return rows;
}

async function taskRows(counter: UnitCounter, table: TableOf): Promise<readonly Row[]> {
  const lease = new LeaseTable({ ...table, shard: "main", callTimeoutMs: 2_000 });
  const [nobody, held] = [
    { owner: undefined, epoch: undefined, version: undefined, termMs: undefined },
    { owner: "ip-10-0-0-1-1/0123abcd", epoch: 1, termMs: 10_000 },
  ];
  const told = { epochMs: 0, feed: "connected wss://rpc.sei-apis.com/websocket", openOrders: 4, markets: [MARKET] };
  await lease.replace(nobody, { ...held, version: 1 }, told);
  const renewed = await counter.of(() => lease.replace({ ...held, version: 1 }, { ...held, version: 2 }, told));
  const control = await counter.of(() => new ControlTable(table).read());
  const state = new StateTable(table);
  const rows = [toRow("the lease renewed", renewed.writes, 0), toRow("the control items read", 0, control.reads)];
  for (const [index, overlap] of OVERLAPS.entries()) {
    const fills = Array.from({ length: overlap }, (_, number) => makeBenchFill(MARKET, number));
    const checkpoint = { cursor: "F-1000", books: emptyBooks(), overlap: { cursor: "F-1", after: undefined, fills } };
    const saved = await counter.of(() => state.saveFills(MARKET, checkpoint, { epoch: 1, version: index + 1 }));
    rows.push(toRow(`a checkpoint of the fills, ${overlap} in its last minute`, saved.writes, 0));
  }
  const loss = { peak: 10n * ONE, day: 20_000, dayStart: ONE, latch: undefined };
  const memory = { loss, baselines: new Map([[MARKET, ONE]]), differing: [], writtenAtMs: 0 };
  const risk = await counter.of(() =>
    new RiskStore({ ...table, shard: "main" }).save(memory, { epoch: 1, version: 1 }),
  );
  const minute = await counter.of(() => new MinuteTable(table).addPart({ market: MARKET, minuteMs: 0 }, MINUTE));
  const ledger = await counter.of(() => state.readLedger(MARKET));
  return [
    ...rows,
    toRow("the risk item saved", risk.writes, risk.reads),
    toRow("an engine minute written", minute.writes, minute.reads),
    toRow("the ledger's position read", ledger.writes, ledger.reads),
  ];
}

const MINUTE = {
  epoch: 1,
  run: 0,
  figures: {
    measuredMs: 60_000,
    spreads: { othersMicroBps: 30_123_456, selfMicroBps: 10_000_001 },
    twoSidedMs: 59_950,
    ...{ ordersPlaced: 120, ordersCancelled: 96, ordersFilled: 12 },
    closing: {
      ...{ mid: (ONE * 42_145n) / 100_000n, position: -40n * ONE, realizedPnl: 1_500_000_000_000_000_001n },
      ...{ unrealizedPnl: -ONE / 4n, drawdownMicroPercent: 1_250_000 },
    },
  },
};

function toRow(what: string, writes: number, reads: number): Row {
  return makeRow({
    bench: "units",
    what,
    goal: undefined,
    figure: exactly(writes),
    unit: "writes",
    notes: [`${Number(reads.toFixed(2))} reads`],
  });
}
