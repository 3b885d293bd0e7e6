import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../../core/errors.ts";
import type { LedgerTable } from "../../../lambdas/ledger-table.ts";
import { applyRequest } from "../../../lambdas/operator-control/apply-request.ts";
import { type LedgerCloud, startLedgerCloud, TABLE_NAME } from "../fill-accounting/ledger-cloud.ts";
import { makeControl, makeRequest, readControl } from "./make-requests.ts";

let cloud: LedgerCloud;
let table: LedgerTable;
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
});
afterAll(async () => await cloud.close());

describe("a request", () => {
  it("writes the item of its market, and without a market that of all", async () => {
    const { control } = makeControl(table, ["SEI/USDC"]);
    const halt = makeRequest("halt", { detail: { market: "SEI/USDC", reason: "odd fills", color: "red" } });
    expect(await applyRequest(control, halt)).toBe("applied");
    expect(await readControl(table, "SEI/USDC")).toEqual({
      state: "halted",
      reason: "odd fills",
      by: "flashmm.operator of account 123456789012",
      at: "2026-01-02T03:04:05.000Z",
    });
    expect(await readControl(table, "ALL")).toBeUndefined();
    expect(await applyRequest(control, makeRequest("resume", { account: undefined }))).toBe("applied");
    expect(await readControl(table, "ALL")).toEqual({
      state: "running",
      reason: "maintenance",
      by: "flashmm.operator",
      at: "2026-01-02T03:04:05.000Z",
    });
  });

  it.each<[string, unknown, string]>([
    ["absent", undefined, "no reason given"],
    ["null", null, "no reason given"],
    ["empty", "", "no reason given"],
    ["blank", " \t ", "no reason given"],
    ["a number", 7, "7"],
    ["an object", { why: "odd" }, '{"why":"odd"}'],
    ["nested too deep", JSON.parse("[".repeat(20_000) + "]".repeat(20_000)), "a value that cannot be written"],
    ["of several lines", "one\r\ntwo\u2028three\u0007", "one two three"],
    ["long", "x".repeat(501), "x".repeat(500)],
    ["cut within a character", `${"x".repeat(499)}😀`, `${"x".repeat(499)}�`],
  ])("whose reason is %s is written all the same", async (what, reason, expected) => {
    const market = `R${what.length}/USDC`;
    const { control } = makeControl(table, [market]);
    const detail = reason === undefined ? { market } : { market, reason };
    expect(await applyRequest(control, makeRequest("halt", { detail }))).toBe("applied");
    expect((await readControl(table, market))?.["reason"]).toBe(expected);
  });

  it.each([["sei/usdc"], ["SEI"], [""], ["ALL"], [null], [7], ["BTC/USDC"]])(
    "for the market %j is refused by one error that names the markets there are",
    async (market) => {
      const { control, lines } = makeControl(table, ["SEI/USDC", "ETH/USDC"]);
      const asked = applyRequest(control, makeRequest("halt", { detail: { market, reason: "x" } }));
      const expected = `detail.market must be absent or one of SEI/USDC, ETH/USDC, was ${JSON.stringify(market)}`;
      await expect(asked).rejects.toThrow(expected);
      await expect(asked).rejects.toBeInstanceOf(InputError);
      expect(lines).toEqual([]);
    },
  );

  it.each(["", "yesterday", "2026-01-02", "2026-13-02T03:04:05Z", "2026-01-02T03:04:05+01:00"])(
    "of the time %j is refused",
    async (time) => {
      const { control } = makeControl(table, []);
      await expect(applyRequest(control, makeRequest("halt", { time }))).rejects.toThrow("time must be UTC");
    },
  );

  it("of a time with a fraction keeps its milliseconds", async () => {
    const { control } = makeControl(table, ["FRA/USDC"]);
    const detail = { market: "FRA/USDC" };
    await applyRequest(control, makeRequest("halt", { time: "2026-01-02T03:04:05.6789Z", detail }));
    expect((await readControl(table, "FRA/USDC"))?.["at"]).toBe("2026-01-02T03:04:05.678Z");
  });
});

describe("of two requests", () => {
  it("the older one changes nothing and says so", async () => {
    const { control, lines } = makeControl(table, ["OLD/USDC"]);
    const detail = { market: "OLD/USDC", reason: "x" };
    await applyRequest(control, makeRequest("halt", { detail, time: "2026-01-02T03:04:06Z" }));
    expect(await applyRequest(control, makeRequest("resume", { detail }))).toBe("outdated");
    expect((await readControl(table, "OLD/USDC"))?.["state"]).toBe("halted");
    expect(lines.at(-1)).toContain("older than what stands there, nothing was changed");
    expect(lines.at(-1)).toContain('"at":"2026-01-02T03:04:06.000Z"');
  });

  it("of one time the one delivered last stands", async () => {
    const { control } = makeControl(table, ["TIE/USDC"]);
    const detail = { market: "TIE/USDC" };
    for (const action of ["halt", "resume", "halt"] as const) {
      expect(await applyRequest(control, makeRequest(action, { detail }))).toBe("applied");
    }
    expect((await readControl(table, "TIE/USDC"))?.["state"]).toBe("halted");
  });

  it.each([
    ["without a time", undefined],
    ["whose time is a number", { N: "9999999999999" }],
  ])("none is stopped by a broken item %s", async (_what, at) => {
    const item = {
      pk: { S: "CONTROL" },
      sk: { S: "BAD/USDC" },
      state: { S: "?" },
      ...(at === undefined ? {} : { at }),
    };
    await table.client.send(new PutItemCommand({ TableName: TABLE_NAME, Item: item }));
    const { control } = makeControl(table, ["BAD/USDC"]);
    expect(await applyRequest(control, makeRequest("halt", { detail: { market: "BAD/USDC" } }))).toBe("applied");
  });
});

it("the item ends as the newest request says, whatever the delivery", async () => {
  let runs = 0;
  const seconds = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 6 });
  const requests = seconds.chain((times) =>
    fc.record({
      sent: fc.tuple(...times.map((second) => fc.record({ second: fc.constant(second), halts: fc.boolean() }))),
      // Each at least once, some again, in any order, some at one moment.
      extra: fc.array(fc.nat({ max: times.length - 1 }), { maxLength: 6 }),
      order: fc.infiniteStream(fc.nat()),
      atOnce: fc.boolean(),
    }),
  );
  await fc.assert(
    fc.asyncProperty(requests, async ({ sent, extra, order, atOnce }) => {
      runs++;
      const market = `L${runs}/USDC`;
      const { control } = makeControl(table, [market]);
      const deliveries = [...sent.keys(), ...extra]
        .map((index) => ({ index, place: order.next().value ?? 0 }))
        .sort((a, b) => a.place - b.place)
        .map(({ index }) => sent[index]!)
        .map(({ second, halts }) => {
          const time = `2026-01-02T03:04:${String(second).padStart(2, "0")}Z`;
          return makeRequest(halts ? "halt" : "resume", { time, detail: { market, reason: `${second}` } });
        });
      if (atOnce) await Promise.all(deliveries.map((request) => applyRequest(control, request)));
      else for (const request of deliveries) await applyRequest(control, request);
      const newest = sent.reduce((a, b) => (a.second > b.second ? a : b));
      expect(await readControl(table, market)).toMatchObject({
        state: newest.halts ? "halted" : "running",
        reason: `${newest.second}`,
      });
    }),
    { numRuns: 60 },
  );
});
