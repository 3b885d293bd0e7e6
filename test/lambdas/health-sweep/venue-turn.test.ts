import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { afterLook, type IntegrationRecord, type Outcome } from "../../../lambdas/health-sweep/integration-record.ts";
import { makeIntegrations } from "../../../lambdas/health-sweep/integrations.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { makeDrivenTiming } from "../driven-timing.ts";
import { connect } from "../fill-accounting/faulty-table.ts";

const MARKETS = ["SEI/USDC", "ETH/USDC"];
const AUDITED_AT = "2026-01-02T12:00:00.000Z";
const host = makeMemoryTableHost();

/** A sweep's look at the venue, so many seconds after an audit began of which these words are known. */
async function lookAfter(
  seconds: number,
  words: Readonly<Record<string, string>>,
  before: IntegrationRecord | undefined = WELL,
  failing = false,
) {
  const table = connect(host);
  for (const market of MARKETS) {
    const state = words[market];
    const item = { pk: { S: `AUDIT#${market}` }, sk: { S: "LATEST" }, checkedAt: { S: AUDITED_AT } };
    const Item = state === undefined ? { ...item, checkedAt: { S: "" } } : { ...item, state: { S: state } };
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
  }
  let asked = 0;
  const answer = async (): Promise<Response> => {
    asked++;
    if (failing) throw new TypeError("fetch failed");
    return new Response(JSON.stringify({ account_id: "A", balances: [] }), { status: 200 });
  };
  const integrations = makeIntegrations(
    {
      environment: {
        CAMBRIAN_BASE_URL: "http://venue.test",
        CAMBRIAN_TESTNET: "true",
        CAMBRIAN_API_KEY: "key",
        CAMBRIAN_SECRET_KEY: "secret",
      },
      table,
      sqs: { send: async () => ({}) as never },
      fetch: answer,
      timing: makeDrivenTiming(Date.parse(AUDITED_AT) + seconds * 1_000),
    },
    MARKETS,
  );
  const venue = integrations.find(({ name }) => name === "cambrian");
  if (venue === undefined) throw new Error("the venue is an integration");
  const looked = venue.look({ signal: new AbortController().signal, before });
  const outcome = await looked.catch((): Outcome => ({ kind: "failed", detail: "" }));
  return { outcome, asked };
}

const record = (before: IntegrationRecord | undefined, kind: Outcome["kind"]) =>
  afterLook(before, { integration: "cambrian", outcome: { kind, detail: "" }, nowMs: 0, asked: true });
const WELL = record(undefined, "healthy");
const CLEAN = { "SEI/USDC": "clean", "ETH/USDC": "repairing" };

describe("the sweep asks the venue of which the task leaves one request a second", () => {
  it.each([
    [0, 0, "the fill audit had an answer 0 s ago"],
    [59, 0, "the fill audit had an answer 59 s ago"],
    [60, 1, "the account answers, 0 assets"],
    [179, 1, "the account answers, 0 assets"],
    [180, 0, "the fill audit had an answer 180 s ago"],
    [359, 0, "the fill audit had an answer 359 s ago"],
    [360, 1, "the account answers, 0 assets"],
  ])("%i s after an audit began %i times, as another may be at it or not", async (seconds, times, detail) => {
    expect(await lookAfter(seconds, CLEAN)).toEqual({ asked: times, outcome: { kind: "healthy", detail } });
  });

  it.each<[string, Readonly<Record<string, string>>, IntegrationRecord | undefined]>([
    ["an audit has failed", { "SEI/USDC": "clean", "ETH/USDC": "failed" }, WELL],
    ["there was no audit", {}, WELL],
    ["the look before had no answer", CLEAN, record(WELL, "failed")],
    ["it was not well", CLEAN, record(record(record(WELL, "unhealthy"), "unhealthy"), "unhealthy")],
    ["it was not configured", CLEAN, record(undefined, "not-configured")],
  ])("at any time where %s", async (_when, words, before) => {
    expect(await lookAfter(10, words, before)).toMatchObject({ asked: 1, outcome: { kind: "healthy" } });
    expect(await lookAfter(10, words, before, true)).toMatchObject({ asked: 1, outcome: { kind: "failed" } });
  });
});
