/** Halts and resumes over the status server's own sockets, to a bus behind the real wire protocol. */
import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StatusServer } from "../../../fargate/status/server.ts";
import { type EventBusServer, startEventBus } from "../../../sim/local/event-bus.ts";
import { makeDrivenClock } from "../../sim/exchange/driven-clock.ts";
import { busAt, makeOperatorApi, quiet, startServer } from "./status-server.ts";

const HALT = { action: "halt", market: "SEI/USDC", reason: "odd fills" };

const clock = makeDrivenClock();
let bus: EventBusServer;
let server: StatusServer;
let delivered: unknown[];

beforeEach(async () => {
  delivered = [];
  const rule = { name: "all", bus: "flashmm", pattern: { source: ["flashmm.operator"] } };
  bus = await startEventBus({
    buses: ["flashmm"],
    rules: [{ ...rule, targets: [{ functionName: "operator-control", input: null }] }],
    clock,
    log: quiet,
    deliver: (_, event) => delivered.push(event) > 0,
  });
  server = await startServer({ operator: makeOperatorApi({ bus: busAt(bus.url, clock) }) });
});
afterEach(async () => {
  await server.close();
  await bus.stop();
});

type Said = { readonly status: number | undefined; readonly headers: object; readonly body: unknown };

/** A POST with these headers over those of the page's own; an undefined one is left out. */
function post(body: string | Buffer, changes: Record<string, string | undefined> = {}, port = server.port) {
  const host = `127.0.0.1:${port}`;
  const page = {
    host,
    origin: `http://${host}`,
    "sec-fetch-site": "same-origin",
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
  };
  const all: Record<string, string | undefined> = { ...page, ...changes };
  const headers = Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return new Promise<Said>((resolve, reject) => {
    const path = "/api/operator";
    const request = httpRequest({ port, host: "127.0.0.1", path, method: "POST", headers }, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: JSON.parse(text) }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

describe("the operator's part of the page", () => {
  test("puts the contract's event on the bus and answers its id", async () => {
    const answer = await post(JSON.stringify(HALT));
    const detail = { market: "SEI/USDC", reason: "odd fills" };
    expect(answer).toMatchObject({
      status: 202,
      body: { eventId: expect.any(String), detailType: "Quoting Halt Requested", detail },
    });
    const id = Reflect.get(Object(answer.body), "eventId");
    expect(delivered).toMatchObject([
      { id, source: "flashmm.operator", "detail-type": "Quoting Halt Requested", detail },
    ]);
  });

  test("takes the name localhost as well, and no sec-fetch-site from browsers that send none", async () => {
    const host = `localhost:${server.port}`;
    const headers = { host, origin: `http://${host}`, "sec-fetch-site": undefined };
    expect(await post(JSON.stringify({ action: "resume", reason: "looked" }), headers)).toMatchObject({ status: 202 });
    expect(delivered).toMatchObject([{ "detail-type": "Quoting Resume Requested", detail: { reason: "looked" } }]);
  });

  test.each([
    {
      what: "another site's name",
      change: { host: "evil.example:8080", origin: "http://evil.example:8080" },
      status: 421,
      code: "WRONG_HOST",
    },
    {
      what: "another port",
      change: { host: "127.0.0.1:1", origin: "http://127.0.0.1:1" },
      status: 421,
      code: "WRONG_HOST",
    },
    { what: "another origin", change: { origin: "https://evil.example" }, status: 403, code: "WRONG_ORIGIN" },
    {
      what: "another program of this machine",
      change: { origin: "http://localhost:3000" },
      status: 403,
      code: "WRONG_ORIGIN",
    },
    { what: "no origin", change: { origin: undefined }, status: 403, code: "WRONG_ORIGIN" },
    { what: "an opaque origin", change: { origin: "null" }, status: 403, code: "WRONG_ORIGIN" },
    { what: "a cross-site fetch", change: { "sec-fetch-site": "cross-site" }, status: 403, code: "WRONG_SITE" },
    { what: "a same-site fetch", change: { "sec-fetch-site": "same-site" }, status: 403, code: "WRONG_SITE" },
    {
      what: "a form",
      change: { "content-type": "application/x-www-form-urlencoded" },
      status: 415,
      code: "WRONG_TYPE",
    },
    { what: "plain text", change: { "content-type": "text/plain" }, status: 415, code: "WRONG_TYPE" },
    { what: "no type", change: { "content-type": undefined }, status: 415, code: "WRONG_TYPE" },
    {
      what: "a body of unknown length",
      change: { "content-length": undefined, "transfer-encoding": "chunked" },
      status: 411,
      code: "LENGTH_REQUIRED",
    },
  ])("refuses $what with $status", async ({ change, status, code }) => {
    expect(await post(JSON.stringify(HALT), change)).toMatchObject({ status, body: { error: { code } } });
    expect(delivered).toEqual([]);
  });

  test.each([
    {
      what: "too much",
      body: JSON.stringify({ ...HALT, reason: "a".repeat(2_100) }),
      status: 413,
      says: "at most 2048",
    },
    { what: "no JSON", body: "{", status: 400, says: "the body must be JSON" },
    { what: "broken UTF-8", body: Buffer.from([0x22, 0xff, 0x22]), status: 400, says: "the body must be JSON" },
    {
      what: "an unknown key",
      body: JSON.stringify({ ...HALT, force: true }),
      status: 400,
      says: "the request must be",
    },
    { what: "no reason", body: '{"action":"halt","reason":""}', status: 400, says: "reason must be" },
    {
      what: "another market",
      body: '{"action":"halt","reason":"x","market":"BTC/USDC"}',
      status: 400,
      says: "market must be",
    },
  ])("refuses $what with $status and says why", async ({ body, status, says }) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status, body: { error: { message: expect.stringContaining(says) } } });
    expect(delivered).toEqual([]);
  });

  test("takes ten halts in a minute, and says when the next one may come", async () => {
    const other = await startServer({ operator: makeOperatorApi({ bus: busAt(bus.url, clock) }) });
    for (let count = 0; count < 10; count++) {
      expect(await post(JSON.stringify(HALT), {}, other.port)).toMatchObject({ status: 202 });
    }
    clock.advance(20_000);
    expect(await post(JSON.stringify(HALT), {}, other.port)).toMatchObject({
      status: 429,
      headers: { "retry-after": "40" },
      body: { error: { code: "TOO_MANY_REQUESTS" } },
    });
    clock.advance(40_000);
    expect(await post(JSON.stringify(HALT), {}, other.port)).toMatchObject({ status: 202 });
    expect(delivered).toHaveLength(11);
    await other.close();
  });

  test("takes a halt however many resumes and malformed requests were made before it", async () => {
    for (let count = 0; count < 11; count++) await post(JSON.stringify({ action: "resume", reason: "looked" }));
    for (let count = 0; count < 11; count++) expect(await post("{")).toMatchObject({ status: 400 });
    expect(await post(JSON.stringify({ action: "resume", reason: "looked" }))).toMatchObject({
      status: 429,
      body: { error: { message: "requests to resume must be at most 10 in 60 s, were more" } },
    });
    expect(await post(JSON.stringify(HALT))).toMatchObject({ status: 202 });
  });

  test("says that the bus refused it, or that nobody knows whether it came", async () => {
    const nowhere = await startServer({ operator: makeOperatorApi({ bus: busAt(bus.url, clock, "nowhere") }) });
    expect(await post(JSON.stringify(HALT), {}, nowhere.port)).toMatchObject({
      status: 502,
      body: { error: { code: "BUS_REFUSED", message: expect.stringContaining("ResourceNotFoundException") } },
    });
    await nowhere.close();
    const dead = await startServer({ operator: makeOperatorApi({ bus: busAt("http://127.0.0.1:1", clock) }) });
    expect(await post(JSON.stringify(HALT), {}, dead.port)).toMatchObject({
      status: 504,
      body: { error: { code: "OUTCOME_UNKNOWN" } },
    });
    await dead.close();
  });

  test.each(["PUT", "DELETE", "PATCH", "OPTIONS"])("knows no %s, and a POST nowhere else", async (method) => {
    const base = `http://127.0.0.1:${server.port}`;
    const answer = await fetch(`${base}/api/operator`, { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
    const elsewhere = await fetch(`${base}/api/state`, { method: "POST" });
    expect([elsewhere.status, elsewhere.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("says to its page whether it operates", async () => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/api/operator`);
    expect(await answer.json()).toEqual({ operation: "on", markets: ["SEI/USDC", "ATOM/USDC"] });
  });

  test("is read-only where operation is off: no POST, and the command in its place", async () => {
    const off = await startServer();
    const answer = await post(JSON.stringify(HALT), {}, off.port);
    expect(answer).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    const base = `http://127.0.0.1:${off.port}/api/operator`;
    expect(await (await fetch(base)).json()).toMatchObject({ operation: "off" });
    const asked = await fetch(`${base}/command?${new URLSearchParams(HALT)}`);
    expect(await asked.json()).toEqual({
      command: expect.stringMatching(/^aws events put-events --region eu-west-1 /),
    });
    const refused = await fetch(`${base}/command?action=halt&reason=`);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining("reason must be") } });
    expect(delivered).toEqual([]);
    await off.close();
  });
});
