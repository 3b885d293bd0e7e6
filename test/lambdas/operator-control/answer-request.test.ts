import type { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import fc from "fast-check";
import { expect, it } from "vitest";
import { EVENT_DETAILS } from "../../../lambdas/event-schemas.ts";
import { answerRequest, type OperatorControl } from "../../../lambdas/operator-control/apply-request.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { makeControl, makeRequest, readControl } from "./make-requests.ts";

const MARKET = "SEI/USDC";

function makeAnswering() {
  const table = makeMemoryTableHost();
  const said: { readonly type: string | undefined; readonly detail: Record<string, unknown> }[] = [];
  const client = {
    send: async ({ input }: PutEventsCommand) => {
      for (const entry of input.Entries ?? []) {
        said.push({ type: entry.DetailType, detail: JSON.parse(entry.Detail ?? "") });
      }
      return { FailedEntryCount: 0 };
    },
  } as unknown as NonNullable<OperatorControl["bus"]>["client"];
  const control: OperatorControl = { ...makeControl(table, [MARKET]).control, bus: { client, name: "flashmm" } };
  return { table, control, said };
}

it("a second delivery of an event changes nothing, though another of the same second came in between", async () => {
  const { table, control } = makeAnswering();
  const halt = makeRequest("halt", { id: "event-1" });
  await answerRequest(control, halt);
  await answerRequest(control, makeRequest("resume", { id: "event-2" }));
  expect(await answerRequest(control, halt)).toBe("applied");
  expect(await readControl(table, "ALL")).toMatchObject({
    state: "running",
    eventIds: "event-1:halted event-2:running",
  });
});

it("two words that a caller gave one id are both written", async () => {
  const { table, control } = makeAnswering();
  await answerRequest(control, makeRequest("resume", { id: "event-1" }));
  await answerRequest(control, makeRequest("halt", { id: "event-1" }));
  expect(await readControl(table, "ALL")).toMatchObject({ state: "halted" });
});

it("however often and late events come again, the item is that of their first deliveries", async () => {
  const events = fc.array(fc.record({ isHalt: fc.boolean(), second: fc.integer({ min: 0, max: 2 }) }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(events, fc.array(fc.nat({ max: 5 }), { maxLength: 8 }), async (asked, again) => {
      const requests = asked.map(({ isHalt, second }, index) =>
        makeRequest(isHalt ? "halt" : "resume", { id: `e${index}`, time: `2026-01-02T03:04:0${second}Z` }),
      );
      const once = makeAnswering();
      for (const request of requests) await answerRequest(once.control, request);
      const often = makeAnswering();
      for (const [index, request] of requests.entries()) {
        await answerRequest(often.control, request);
        for (const at of again.filter((each) => each <= index)) {
          const repeated = requests[at];
          if (repeated !== undefined) await answerRequest(often.control, repeated);
        }
      }
      expect(await readControl(often.table, "ALL")).toEqual(await readControl(once.table, "ALL"));
    }),
    { numRuns: 60 },
  );
});

it("a request that cannot be applied is refused on the bus by an event that says what, expected and was", async () => {
  const { table, control, said } = makeAnswering();
  const request = makeRequest("halt", { id: "event-9", detail: { market: "BTC/USDC", reason: "odd" } });
  await expect(answerRequest(control, request)).rejects.toThrow("detail.market must be absent or one of SEI/USDC");
  expect(said).toEqual([
    {
      type: "Operator Request Refused",
      detail: {
        requested: "Quoting Halt Requested",
        eventId: "event-9",
        time: request.time,
        detail: request.detail,
        reason: expect.stringContaining('was "BTC/USDC"'),
        by: "operator-control",
      },
    },
  ]);
  expect(EVENT_DETAILS["flashmm.engine"]["Operator Request Refused"].safeParse(said[0]?.detail).success).toBe(true);
  expect(await readControl(table, "ALL")).toBeUndefined();
});

it("a halt that is older by its clock than the resume that stands there is refused on the bus, and fails nothing", async () => {
  const { table, control, said } = makeAnswering();
  await answerRequest(control, makeRequest("resume", { id: "event-1", time: "2026-01-02T03:04:06Z" }));
  expect(said).toEqual([]);
  expect(await answerRequest(control, makeRequest("halt", { id: "event-2" }))).toBe("outdated");
  const standing = "running since 2026-01-02T03:04:06.000Z by flashmm.operator of account 123456789012 (maintenance)";
  const reason = `the request of 2026-01-02T03:04:05Z changed nothing, what stands there is later: ${standing}`;
  const detail = { requested: "Quoting Halt Requested", eventId: "event-2", reason };
  expect(said).toMatchObject([{ type: "Operator Request Refused", detail }]);
  expect(EVENT_DETAILS["flashmm.engine"]["Operator Request Refused"].safeParse(said[0]?.detail).success).toBe(true);
  expect(await readControl(table, "ALL")).toMatchObject({ state: "running" });
});

it("a detail nested too deep to be written is refused on the bus all the same", async () => {
  const { control, said } = makeAnswering();
  const market: unknown = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));
  await expect(answerRequest(control, makeRequest("halt", { detail: { market } }))).rejects.toThrow(
    "detail.market must",
  );
  expect(said).toMatchObject([{ detail: { detail: "a value that cannot be written" } }]);
});

it("a refusal that cannot be said hides nothing of why the request was refused", async () => {
  const { control } = makeAnswering();
  const client = { send: async () => Promise.reject(new Error("the bus is away")) };
  const request = makeRequest("halt", { detail: { market: "BTC/USDC" } });
  await expect(answerRequest({ ...control, bus: { client, name: "flashmm" } }, request)).rejects.toThrow("BTC/USDC");
});
