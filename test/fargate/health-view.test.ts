import { type AttributeValue, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { beforeEach, expect, it } from "vitest";
import { HealthView } from "../../fargate/health-view.ts";
import { encodeRecord } from "../../lambdas/health-sweep/health-items.ts";
import { afterLook } from "../../lambdas/health-sweep/integration-record.ts";
import { makeMemoryTableHost, type TableHost } from "../../sim/world/table-host.ts";
import { makeDrivenClock } from "../sim/exchange/driven-clock.ts";

const NOW_MS = Date.UTC(2026, 0, 2, 12);

let host: TableHost;
let clock: ReturnType<typeof makeDrivenClock>;
let warnings: string[];
let gauges: Record<string, number>;
beforeEach(() => {
  host = makeMemoryTableHost();
  clock = makeDrivenClock(NOW_MS);
  warnings = [];
  gauges = {};
});

function makeView(tableName = host.tableName): HealthView {
  const ignore = () => undefined;
  const log = { debug: ignore, info: ignore, warn: (message: string) => void warnings.push(message), error: ignore };
  const set = (_name: string, { integration = "" }: Record<string, string>, value: number) => {
    gauges[integration] = value;
  };
  return new HealthView({ client: host.client, tableName, clock, log, metrics: { set } });
}

async function put(integration: string, item: Readonly<Record<string, AttributeValue>>): Promise<void> {
  const key = { pk: { S: "HEALTH" }, sk: { S: integration } };
  await host.client.send(new PutItemCommand({ TableName: host.tableName, Item: { ...item, ...key } }));
}

const settled = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

it("the health items are shown as the sweep writes them, and read again every fifteen seconds", async () => {
  const outcome = { kind: "not-configured", detail: "no keys of X" } as const;
  await put("x", encodeRecord(afterLook(undefined, { integration: "x", outcome, nowMs: NOW_MS, asked: true })));
  const view = makeView();
  expect(view.state()).toBeNull();
  view.start();
  await settled();
  const x = {
    integration: "x",
    healthy: true,
    configured: false,
    detail: "no keys of X",
    breaker: "closed",
    checkedAtMs: NOW_MS,
    sinceMs: NOW_MS,
  };
  expect(view.state()).toEqual([x]);
  await put("grafana", { healthy: { BOOL: false } });
  await put("odd", { detail: { S: "says nothing" } });
  clock.advance(15_000);
  await settled();
  expect(view.state()).toEqual([
    {
      integration: "grafana",
      healthy: false,
      configured: true,
      detail: "",
      breaker: "closed",
      checkedAtMs: null,
      sinceMs: null,
    },
    x,
  ]);
  expect(gauges).toEqual({ grafana: 0, "health-sweep": 1 });
  for (let reading = 0; reading < 13; reading++) {
    clock.advance(15_000);
    await settled();
  }
  expect(gauges["health-sweep"]).toBe(0);
  view.stop();
});

it("an integration that is swept no more is left out, and its gauge tells nothing any more", async () => {
  const ill = { healthy: { BOOL: false }, configured: { BOOL: true } };
  const at = (millis: number) => ({ checkedAt: { S: new Date(millis).toISOString() } });
  await put("lease-old", { ...ill, ...at(NOW_MS) });
  await put("x", { ...ill, ...at(NOW_MS) });
  const view = makeView();
  const shown = () => view.state()?.map(({ integration }) => integration);
  view.start();
  await settled();
  expect(shown()).toEqual(["lease-old", "x"]);
  expect(gauges).toEqual({ "lease-old": 0, x: 0, "health-sweep": 1 });
  for (const [laterMs, left] of [
    [180_000, ["lease-old", "x"]],
    [180_001, ["x"]],
  ] as const) {
    await put("x", { ...ill, ...at(NOW_MS + laterMs) });
    clock.advance(15_000);
    await settled();
    expect(shown()).toEqual(left);
  }
  expect(gauges).toEqual({ "lease-old": Number.NaN, x: 0, "health-sweep": 1 });
  // It comes back as soon as it is swept again.
  await put("lease-old", { ...ill, ...at(NOW_MS + 180_001) });
  clock.advance(15_000);
  await settled();
  expect(shown()).toEqual(["lease-old", "x"]);
  expect(gauges["lease-old"]).toBe(0);
  view.stop();
});

it("a table that cannot be read is told once, and tried again", async () => {
  const view = makeView("nowhere");
  view.start();
  await settled();
  clock.advance(15_000);
  await settled();
  expect(view.state()).toBeNull();
  expect(warnings).toEqual(["the health items cannot be read, the last ones are shown"]);
  view.stop();
});
