import { describe, expect, it } from "vitest";
import type { FillMessage } from "../../../core/messages.ts";
import { accountBatch } from "../../../lambdas/fill-accounting/account-batch.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { makeAccounting } from "./deliver.ts";
import { connect, HOW, type TableFault } from "./faulty-table.ts";
import { deliverOnce, expectItems, nextMarket, readAll } from "./ledger-laws.ts";
import { makeMessage, makeRecord } from "./make-messages.ts";

const host = makeMemoryTableHost();

function makeFills(market: string, times: readonly string[], first = 0): FillMessage[] {
  return times.map((time, index) =>
    makeMessage({
      market,
      fillId: `${market}-${first + index}`,
      venueTime: `2026-01-02T${time}Z`,
      side: index % 2 ? "sell" : "buy",
      size: `${40 + index}`,
    }),
  );
}

/**
 * Three fills of each of two markets are booked; then a process gets one batch of repeats, late fills, new ones of the next hour
 * and one message two times. What comes again is booked by another, and the items are looked at. Answers what the first one did.
 * Before its request of the number `meanwhile` a second process books fills around its own, from the first request to the last.
 */
async function run(fault: TableFault | undefined, attempts = 1, meanwhile?: number) {
  const markets = [nextMarket(), nextMarket()];
  const before = markets.map((market) => makeFills(market, ["03:10:00.000", "03:20:00.000", "04:05:00.000"]));
  const next = markets.map((market) => makeFills(market, ["03:15:00.000", "05:06:00.000"], 3));
  expect(await deliverOnce(connect(host), before.flat())).toEqual([]);
  const others = markets.flatMap((market) => makeFills(market, ["03:12:00.000", "05:07:00.000"], 5));
  const hold = async (number: number) => {
    if (number === meanwhile) expect(await deliverOnce(connect(host), others)).toEqual([]);
  };
  const process = connect(host, { fault, attempts, hold });
  const batch = [
    ...next.flat(),
    ...before.flatMap((fills) => fills.slice(0, 1)),
    ...next.flatMap((fills) => fills.slice(1)),
  ];
  const comeAgain = await deliverOnce(process, batch);
  if (comeAgain.length > 0) expect(await deliverOnce(connect(host), comeAgain)).toEqual([]);
  for (const [index, market] of markets.entries()) {
    const ofOthers = meanwhile === undefined ? [] : others.filter((fill) => fill.market === market);
    await expectItems(host, { market, messages: [...(before[index] ?? []), ...(next[index] ?? []), ...ofOthers] });
  }
  return { comeAgain, operations: process.sent.operations };
}

async function requestsOfOneRun(): Promise<number> {
  const { comeAgain, operations } = await run(undefined);
  expect(comeAgain).toEqual([]);
  // Reads, too, are places where a process can end.
  expect(new Set(operations)).toEqual(new Set(["PutItem", "GetItem", "UpdateItem", "Query"]));
  return operations.length;
}

describe("a batch of repeats, late fills and two markets", () => {
  it("loses and doubles nothing when its process ends at any request", async () => {
    const requests = await requestsOfOneRun();
    // A request that never arrived is the one before it whose answer was lost, but for the first.
    expect((await run({ at: 1, how: "lost", kills: true })).comeAgain).not.toEqual([]);
    for (let at = 1; at <= requests; at++) {
      expect((await run({ at, how: "answer-lost", kills: true })).comeAgain, `request ${at}`).not.toEqual([]);
    }
  }, 60_000);

  it("and a batch of others that another process books whole between any two of its requests end in the same books", async () => {
    const requests = await requestsOfOneRun();
    for (let meanwhile = 1; meanwhile <= requests; meanwhile++) {
      expect((await run(undefined, 1, meanwhile)).comeAgain, `before request ${meanwhile}`).toEqual([]);
    }
  }, 60_000);

  it("does not even come again when one request fails in any way, since the SDK tries it again", async () => {
    const requests = await requestsOfOneRun();
    const kinds = HOW.filter((how) => how !== "again-at-the-end");
    for (let at = 1; at <= requests; at++) {
      const how = kinds[at % kinds.length] ?? "lost";
      expect((await run({ at, how, kills: false }, 4)).comeAgain, `${how}, request ${at}`).toEqual([]);
    }
  }, 60_000);

  it("comes again in part when one request fails for good, and loses and doubles nothing", async () => {
    const requests = await requestsOfOneRun();
    for (let at = 1; at <= requests; at++) {
      const how = (["answer-lost", "throughput-exceeded"] as const)[at % 2] ?? "lost";
      await run({ at, how, kills: false });
    }
  }, 60_000);
});

describe("a table that throttles", () => {
  it("one fill holds up no other: it alone comes again, and is counted", async () => {
    const market = nextMarket();
    const fills = makeFills(market, ["03:10:00.000", "03:20:00.000", "04:05:00.000"]);
    const [first, blocked, last] = fills;
    if (first === undefined || blocked === undefined || last === undefined) throw new Error("three fills");
    const records = fills.map(makeRecord);
    const accounting = makeAccounting(
      connect(host, { attempts: 4, refuses: ({ body }) => body.includes(`FILLID#${blocked.fillId}`) }),
    );
    const { batchItemFailures } = await accountBatch(accounting, records);
    expect(batchItemFailures).toEqual([{ itemIdentifier: records[1]?.messageId }]);
    expect(accounting.troubles).toEqual(["storage"]);
    expect(accounting.lines.join()).toContain(blocked.fillId);
    await expectItems(host, { market, messages: [first, last] });
    await deliverOnce(connect(host), [blocked]);
    await expectItems(host, { market, messages: fills });
  });

  it("one market holds up no other", async () => {
    const markets = [nextMarket(), nextMarket()];
    const fills = markets.map((market) => makeFills(market, ["03:10:00.000", "03:20:00.000"]));
    const refuses = ({ body }: { readonly body: string }) => body.includes(`MARKET#${markets[0]}`);
    expect(await deliverOnce(connect(host, { refuses }), fills.flat())).toEqual(fills[0]);
    await expectItems(host, { market: markets[1] ?? "", messages: fills[1] ?? [] });
    await deliverOnce(connect(host), fills.flat());
    await expectItems(host, { market: markets[0] ?? "", messages: fills[0] ?? [] });
  });

  it("all of it, for a while: every message comes again, none is taken for one that can never succeed", async () => {
    const market = nextMarket();
    const fills = makeFills(market, ["03:10:00.000", "03:20:00.000"]);
    const accounting = makeAccounting(connect(host, { attempts: 4, refuses: () => true }));
    const { batchItemFailures } = await accountBatch(accounting, fills.map(makeRecord));
    expect(batchItemFailures).toHaveLength(fills.length);
    expect(accounting.troubles).toEqual(["storage", "storage"]);
    await deliverOnce(connect(host), fills);
    await expectItems(host, { market, messages: fills });
  });
});

describe("a batch with one message of each kind", () => {
  it("tells them apart: one is never read, one kept aside, one tried again, one booked", async () => {
    const market = nextMarket();
    const [booked, other, slow] = makeFills(market, ["03:10:00.000", "03:20:00.000", "03:30:00.000"]);
    if (booked === undefined || other === undefined || slow === undefined) throw new Error("three fills");
    await deliverOnce(connect(host), [booked]);
    const conflicting = { ...booked, price: "0.5" };
    const records = [{ ...other, size: "0" }, conflicting, slow, other].map(makeRecord);
    const accounting = makeAccounting(
      connect(host, { attempts: 4, refuses: ({ body }) => body.includes(`FILLID#${slow.fillId}`) }),
    );
    const { batchItemFailures } = await accountBatch(accounting, records);
    // The first comes until the queue sets it aside, its reason is in the log; the third until it is booked.
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
      records[0]?.messageId,
      records[2]?.messageId,
    ]);
    expect(accounting.troubles).toEqual(["undecodable", "conflict", "storage"]);
    expect(accounting.lines[0]).toContain('size must be above 0, was \\"0\\"');
    await expectItems(host, { market, messages: [booked, other] });
  });

  it("keeps what contradicts aside, whole, whatever fails on the way", async () => {
    const market = nextMarket();
    const [booked] = makeFills(market, ["03:10:00.000"]);
    if (booked === undefined) throw new Error("a fill");
    await deliverOnce(connect(host), [booked]);
    const conflicting = { ...booked, price: "0.5" };
    for (const how of ["lost", "answer-lost", "throttled"] as const) {
      for (let at = 1; at <= 3; at++) {
        const comeAgain = await deliverOnce(connect(host, { fault: { at, how, kills: false } }), [conflicting]);
        if (comeAgain.length > 0) expect(await deliverOnce(connect(host), comeAgain)).toEqual([]);
      }
    }
    const asides = await readAll(host, market, "CONFLICT#");
    expect(asides).toHaveLength(1);
    expect(asides[0]).toMatchObject({ fillId: { S: booked.fillId }, price: { N: "0.5" } });
    await expectItems(host, { market, messages: [booked] });
  });
});
