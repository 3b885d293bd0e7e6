import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { beforeEach, describe, expect, it } from "vitest";
import type { Outcome } from "../../../lambdas/health-sweep/integration-record.ts";
import { type Integration, type Look, type Sweep, sweepAll } from "../../../lambdas/health-sweep/sweep.ts";
import { AWS_SETTINGS, makeRequestHandler } from "../../../sim/world/aws-access.ts";
import { makeMemoryTableHost, type TableHost } from "../../../sim/world/table-host.ts";
import { makeDrivenTiming } from "../driven-timing.ts";

const MINUTE_MS = 60_000;
const WELL: Outcome = { kind: "healthy", detail: "it answers" };
const ILL: Outcome = { kind: "unhealthy", detail: "it is ill" };

let host: TableHost;
let timing: ReturnType<typeof makeDrivenTiming>;
let events: { readonly type: string; readonly source: string; readonly detail: unknown }[];
let measured: { readonly name: string; readonly labels: unknown; readonly value: number }[];
beforeEach(() => {
  host = makeMemoryTableHost();
  timing = makeDrivenTiming();
  events = [];
  measured = [];
});

/** `fault` is asked at each call of the table and of the bus, and throws when it is to fail. */
function makeSweep(fault: (call: string, when: "before" | "after") => void = () => undefined): Sweep {
  const calling = async <Result>(call: string, work: () => Promise<Result>): Promise<Result> => {
    fault(call, "before");
    const result = await work();
    fault(call, "after");
    return result;
  };
  const requestHandler = makeRequestHandler((request) =>
    calling(request.headers["x-amz-target"]?.split(".").at(-1) ?? "", () => host.backend(request)),
  );
  return {
    table: { client: new DynamoDBClient({ ...AWS_SETTINGS, requestHandler }), tableName: host.tableName },
    bus: {
      name: "flashmm",
      client: {
        send: (command: PutEventsCommand) =>
          calling("PutEvents", async () => {
            const [entry] = command.input.Entries ?? [];
            events.push({
              type: entry?.DetailType ?? "",
              source: entry?.Source ?? "",
              detail: JSON.parse(entry?.Detail ?? "{}"),
            });
            return { FailedEntryCount: 0 };
          }),
      },
    },
    timing,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    measure: (name, labels, value) => void measured.push({ name, labels, value }),
  };
}

function integration(
  name: string,
  look: (look: Look) => Promise<Outcome>,
  more: Partial<Integration> = {},
): Integration {
  return { name, timeoutMs: 1_000, look, ...more };
}

const says = (name: string, outcome: Outcome) => integration(name, async () => outcome);

async function itemOf(name: string) {
  const Key = { pk: { S: "HEALTH" }, sk: { S: name } };
  const { Item } = await host.client.send(new GetItemCommand({ TableName: host.tableName, Key }));
  return Item;
}

/** Sweeps once a minute, one outcome a sweep. */
async function sweepThrough(outcomes: readonly Outcome[], sweep = makeSweep()): Promise<void> {
  for (const outcome of outcomes) {
    await sweepAll(sweep, [says("grafana", outcome)]);
    timing.clock.advance(MINUTE_MS);
  }
}

describe("a sweep", () => {
  it("writes what others read of an integration", async () => {
    await sweepAll(makeSweep(), [says("grafana", WELL)]);
    expect(await itemOf("grafana")).toMatchObject({
      healthy: { BOOL: true },
      detail: { S: "it answers" },
      checkedAt: { S: "2026-01-02T12:00:00.000Z" },
      since: { S: "2026-01-02T12:00:00.000Z" },
      breaker: { S: "closed" },
      configured: { BOOL: true },
    });
    expect(measured).toEqual([]);
  });

  it("measures one that is ill for as long as it is, and one that is well not at all", async () => {
    await sweepAll(makeSweep(), [says("grafana", ILL), says("x", WELL)]);
    expect(measured).toEqual([{ name: "flashmm_integration_healthy", labels: { integration: "grafana" }, value: 0 }]);
  });

  it("finds each integration for itself: one that hangs, throws or is ill hides no other", async () => {
    const findings = await sweepAll(makeSweep(), [
      integration("hangs", () => new Promise(() => undefined), { timeoutMs: 20 }),
      integration("throws", () => Promise.reject(new Error("reset", { cause: new Error("ECONNRESET") }))),
      integration("throws-at-once", () => {
        throw new Error("a bug");
      }),
      says("ill", ILL),
      says("well", WELL),
    ]);
    expect(findings.map(({ integration: name, healthy, detail }) => [name, healthy, detail])).toEqual([
      ["hangs", false, "no answer within 20 ms"],
      ["throws", false, "reset: ECONNRESET"],
      ["throws-at-once", false, "a bug"],
      ["ill", false, "it is ill"],
      ["well", true, "it answers"],
    ]);
    expect(await itemOf("well")).toMatchObject({ healthy: { BOOL: true } });
    expect(await itemOf("hangs")).toMatchObject({ healthy: { BOOL: false } });
  });

  it("asks all at the same time", async () => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const waits = integration("waits", () => promise);
    const frees = integration("frees", async () => {
      resolve(WELL);
      return WELL;
    });
    expect(await sweepAll(makeSweep(), [waits, frees])).toHaveLength(2);
  });

  it("takes one that is not configured for no fault, and measures nothing of it", async () => {
    const [finding] = await sweepAll(makeSweep(), [says("x", { kind: "not-configured", detail: "no keys of X" })]);
    expect(finding).toMatchObject({ healthy: true, detail: "no keys of X" });
    expect(await itemOf("x")).toMatchObject({ healthy: { BOOL: true }, configured: { BOOL: false } });
    expect(measured).toEqual([]);
  });

  it("tells of a change at the second look in a row, once, and of the way back", async () => {
    await sweepThrough([WELL, ILL, WELL, ILL]);
    expect(events).toEqual([]);
    await sweepThrough([ILL, ILL, WELL, WELL, WELL]);
    const event = { type: "Integration Health Changed", source: "flashmm.health" };
    expect(events).toEqual([
      { ...event, detail: { integration: "grafana", healthy: false, detail: "it is ill" } },
      { ...event, detail: { integration: "grafana", healthy: true, detail: "it answers" } },
    ]);
    expect(await itemOf("grafana")).toMatchObject({ since: { S: "2026-01-02T12:06:00.000Z" } });
  });

  it("leaves an integration alone after five looks without an answer, and tries it again after five minutes", async () => {
    let asked = 0;
    const fails = integration("x", () => {
      asked++;
      return Promise.reject(new Error("no answer"));
    });
    const counts: number[] = [];
    for (let minute = 0; minute < 12; minute++) {
      await sweepAll(makeSweep(), [fails]);
      counts.push(asked);
      timing.clock.advance(MINUTE_MS);
    }
    expect(counts).toEqual([1, 2, 3, 4, 5, 5, 5, 5, 5, 6, 6, 6]);
    expect(await itemOf("x")).toMatchObject({ breaker: { S: "open" }, healthy: { BOOL: false } });
    expect(events).toHaveLength(1);
  });

  it("asks at every sweep what has no breaker", async () => {
    let asked = 0;
    const look = () => {
      asked++;
      return Promise.reject(new Error("no answer"));
    };
    for (let minute = 0; minute < 8; minute++) {
      await sweepAll(makeSweep(), [integration("dead-man", look, { breaks: false })]);
      timing.clock.advance(MINUTE_MS);
    }
    expect(asked).toBe(8);
  });
});

describe("sweeps that fail or meet", () => {
  it("without a table look and measure all the same", async () => {
    const noTable = makeSweep((call) => {
      if (call !== "PutEvents") throw new Error("the table does not answer");
    });
    const findings = await sweepAll(noTable, [says("grafana", ILL), says("x", WELL)]);
    expect(findings.map(({ healthy, item }) => [healthy, item])).toEqual([
      [false, "lost"],
      [true, "lost"],
    ]);
    expect(measured).toEqual([{ name: "flashmm_integration_healthy", labels: { integration: "grafana" }, value: 0 }]);
  });

  it("two at once count as one look, and tell of a change once", async () => {
    await sweepThrough([WELL]);
    const two = async () => await Promise.all([1, 2].map(() => sweepAll(makeSweep(), [says("grafana", ILL)])));
    const items = (await two()).flat().map(({ item }) => item);
    expect(items.sort()).toEqual(["superseded", "written"]);
    expect(await itemOf("grafana")).toMatchObject({ healthy: { BOOL: true } });
    timing.clock.advance(MINUTE_MS);
    await two();
    expect(await itemOf("grafana")).toMatchObject({ healthy: { BOOL: false } });
    expect(events).toHaveLength(1);
  });

  it("over an item without a version keep since when it is so, and of two at once one writes", async () => {
    const item = {
      pk: { S: "HEALTH" },
      sk: { S: "grafana" },
      healthy: { BOOL: false },
      detail: { S: "it was ill" },
      checkedAt: { S: "2026-01-02T11:58:00Z" },
      since: { S: "2026-01-02T11:00:00.000Z" },
    };
    await host.client.send(new PutItemCommand({ TableName: host.tableName, Item: item }));
    const findings = await Promise.all([1, 2].map(() => sweepAll(makeSweep(), [says("grafana", ILL)])));
    expect(findings.flat().map((each) => each.item)).toEqual(["written", "superseded"]);
    expect(await itemOf("grafana")).toMatchObject({
      healthy: { BOOL: false },
      detail: { S: "it is ill" },
      since: { S: "2026-01-02T11:00:00.000Z" },
      version: { N: expect.any(String) },
    });
  });

  it("that end late never write over what a later one saw, also where it is of the dead man", async () => {
    await sweepThrough([WELL]);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const slow = sweepAll(makeSweep(), [integration("grafana", () => promise, { breaks: false })]);
    timing.clock.advance(30_000);
    await sweepThrough([ILL, ILL]);
    resolve(WELL);
    expect((await slow).map(({ item }) => item)).toEqual(["superseded"]);
    expect(await itemOf("grafana")).toMatchObject({ healthy: { BOOL: false }, detail: { S: "it is ill" } });
  });

  const DEATHS = ["Query", "PutItem", "PutEvents", "UpdateItem"].flatMap((call) =>
    (["before", "after"] as const).map((when) => [call, when] as const),
  );
  it.each(DEATHS)("one that dies at its %s, %s it took effect, loses no change", async (call, when) => {
    await sweepThrough([WELL, ILL]);
    let isDead = false;
    const dying = makeSweep((each, moment) => {
      isDead ||= each === call && moment === when;
      if (isDead) throw new Error("the process has ended");
    });
    await sweepThrough([ILL], dying);
    await sweepThrough([ILL, ILL]);
    expect(await itemOf("grafana")).toMatchObject({ healthy: { BOOL: false } });
    expect(events.length).toBeGreaterThanOrEqual(1);
    expect(events.length).toBeLessThanOrEqual(2);
    const told = events.length;
    await sweepThrough([ILL, ILL, ILL]);
    expect(events).toHaveLength(told);
  });
});
