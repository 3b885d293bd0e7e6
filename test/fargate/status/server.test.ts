import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { LogFields } from "../../../fargate/log.ts";
import type { StatusServer } from "../../../fargate/status/server.ts";
import { startServer } from "./status-server.ts";
import { makeHistoryPoints, makeTaskState, NOW_MS } from "./task-state.ts";

const servers: StatusServer[] = [];
const logged: { message: string; fields: LogFields | undefined }[] = [];

afterEach(async () => {
  logged.length = 0;
  for (const server of servers.splice(0)) await server.close();
});

function note(message: string, fields?: LogFields): void {
  logged.push({ message, fields });
}

async function start(changes: Parameters<typeof startServer>[0] = {}): Promise<string> {
  const server = await startServer({ log: { debug: note, info: note, warn: note, error: note }, ...changes });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

/** Sends bytes as they are and reads until the server ends the connection. */
function exchange(base: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(base).port), "127.0.0.1", () => socket.write(request));
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

describe("status server", () => {
  test.each([
    { path: "/", type: "text/html; charset=utf-8", holds: "<title>FlashMM</title>" },
    { path: "/page.js", type: "text/javascript; charset=utf-8", holds: "pollState" },
    { path: "/page.css", type: "text/css; charset=utf-8", holds: "prefers-color-scheme" },
    { path: "/head.css", type: "text/css; charset=utf-8", holds: ".hero" },
    { path: "/console.css", type: "text/css; charset=utf-8", holds: ".alarms" },
    { path: "/operate.js", type: "text/javascript; charset=utf-8", holds: "startOperating" },
    { path: "/why.js", type: "text/javascript; charset=utf-8", holds: "drawWhy" },
    { path: "/favicon.svg", type: "image/svg+xml", holds: "<svg" },
    { path: "/uplot.js", type: "text/javascript; charset=utf-8", holds: "uPlot" },
    { path: "/uplot.css", type: "text/css; charset=utf-8", holds: ".uplot" },
    { path: "/api/state", type: "application/json; charset=utf-8", holds: '"engineId":"task-7f3a"' },
    { path: "/healthz", type: "application/json; charset=utf-8", holds: '{"healthy":true,"reasons":[]}' },
    { path: "/livez", type: "application/json; charset=utf-8", holds: '{"healthy":true,"reasons":[]}' },
    {
      path: "/metrics",
      type: "text/plain; version=0.0.4; charset=utf-8",
      holds: "flashmm_twitter_publish_errors_total 0",
    },
  ])("GET $path answers 200 with its type, HEAD the same without a body", async ({ path, type, holds }) => {
    const base = await start();
    const answer = await fetch(base + path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe(type);
    expect(await answer.text()).toContain(holds);
    const head = await fetch(base + path, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type"), await head.text()]).toEqual([200, type, ""]);
  });

  test("every file the page asks for is served", async () => {
    const base = await start();
    const html = await (await fetch(base)).text();
    const pending = [...html.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map((match) => match[1] ?? "");
    const seen = new Set<string>();
    for (const path of pending) {
      if (seen.has(path)) continue;
      seen.add(path);
      const answer = await fetch(base + path);
      expect([path, answer.status]).toEqual([path, 200]);
      if (!path.endsWith(".js") || path === "/uplot.js") continue;
      for (const match of (await answer.text()).matchAll(/from "(\/[^"]+)"/g)) pending.push(match[1] ?? "");
    }
    expect(seen.size).toBeGreaterThan(10);
  });

  test.each(["/", "/api/state", "/metrics", "/nothing"])(
    "%s carries the headers that keep other origins out",
    async (path) => {
      const { headers } = await fetch((await start()) + path);
      expect(headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
      expect(headers.get("content-security-policy")).not.toMatch(/unsafe|https?:|data:|\*/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("server")).toBeNull();
    },
  );

  test("the state is the newest at each request", async () => {
    let epoch = 1;
    const base = await start({ state: () => makeTaskState({ epoch: epoch++ }) });
    expect(await (await fetch(`${base}/api/state`)).json()).toMatchObject({ epoch: 1 });
    expect(await (await fetch(`${base}/api/state`)).json()).toMatchObject({ epoch: 2 });
  });

  test("an amount that was left a bigint is written as decimal text", async () => {
    const detail = Object.assign(makeTaskState(), { raw: 12_345_678_901_234_567_890n });
    const answer = await fetch(`${await start({ state: () => detail })}/api/state`);
    expect(await answer.json()).toMatchObject({ raw: "12345678901234567890" });
  });

  test("an unhealthy task answers 503 with its reasons", async () => {
    const reasons = ["book is stale: 6.2 s old", "circuit open"];
    const answer = await fetch(`${await start({ health: () => ({ healthy: false, reasons }) })}/healthz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ healthy: false, reasons });
  });

  test("a task that is unhealthy and of use answers 200 to whoever restarts it, and 503 where it is of none", async () => {
    const ill = { healthy: false, reasons: ["SEI/USDC: book is stale: 6.2 s old"] };
    const useful = await start({ health: () => ill });
    expect([(await fetch(`${useful}/healthz`)).status, (await fetch(`${useful}/livez`)).status]).toEqual([503, 200]);
    const answer = await fetch(`${await start({ health: () => ill, liveness: () => ill })}/livez`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual(ill);
  });

  test("the history answers the points after the one a page already has", async () => {
    const base = await start();
    const all = await (await fetch(`${base}/api/history?market=SEI/USDC`)).json();
    expect(all).toEqual({ market: "SEI/USDC", points: makeHistoryPoints(1_800) });
    const rest = await fetch(`${base}/api/history?market=SEI%2FUSDC&after=${NOW_MS - 2_000}`);
    expect(await rest.json()).toEqual({ market: "SEI/USDC", points: makeHistoryPoints(1_800).slice(-2) });
  });

  test.each([
    { path: "/nothing", status: 404, code: "NOT_FOUND" },
    { path: "/../../package.json", status: 404, code: "NOT_FOUND" },
    { path: "/page/page.js", status: 404, code: "NOT_FOUND" },
    { path: "/api/history", status: 400, code: "BAD_REQUEST" },
    { path: "/api/history?market=NO/PE", status: 404, code: "NOT_FOUND" },
    { path: "/api/history?market=SEI/USDC&after=-1", status: 400, code: "BAD_REQUEST" },
    { path: "/api/history?market=SEI/USDC&after=0x10", status: 400, code: "BAD_REQUEST" },
  ])("GET $path is refused with $status as JSON", async ({ path, status, code }) => {
    const answer = await fetch((await start()) + path);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { code, message: expect.any(String) } });
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])(
    "%s is refused with 405 and the methods that work",
    async (method) => {
      const answer = await fetch(`${await start()}/api/state`, { method });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(await answer.json()).toMatchObject({ error: { code: "METHOD_NOT_ALLOWED" } });
    },
  );

  test("a request that announces a body is refused before the body is read", async () => {
    const answer = await exchange(
      await start(),
      "GET /api/state HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9000000000\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 .*connection: close/is);
  });

  test.each([
    {
      what: "headers past the limit",
      request: `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"a".repeat(9_000)}\r\n\r\n`,
      status: 431,
    },
    {
      what: "an address past the limit",
      request: `GET /${"a".repeat(9_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
      status: 431,
    },
    { what: "what is not HTTP", request: "hello\r\n\r\n", status: 400 },
    {
      what: "an address that does not parse",
      request: "GET // HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
      status: 404,
    },
  ])("$what is answered $status and the connection ends", async ({ request, status }) => {
    expect(await exchange(await start(), request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test.each([
    { host: "evil.example:8080", status: 421 },
    { host: "127.0.0.1.evil.example", status: 421 },
    { host: "127.0.0.2", status: 421 },
    { host: "localhost:18080", status: 200 },
    { host: "127.0.0.1", status: 200 },
  ])("a request for $host is answered $status: a name of another site may lead here", async ({ host, status }) => {
    const request = `GET /api/state HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
    expect(await exchange(await start(), request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test("a program that names no host, as the health check of ECS, is answered", async () => {
    expect(await exchange(await start(), "GET /healthz HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 200 /);
  });

  test("a chart is served as the PNG of its report, by a report's id alone", async () => {
    const png = Buffer.from("the chart");
    const asked: string[] = [];
    const chart = async (id: string) => {
      asked.push(id);
      return id === "2026-01-02T03" ? png : undefined;
    };
    const base = await start({ chart });
    const answer = await fetch(`${base}/api/reports/2026-01-02T03/chart`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(png);
    const others = ["2026-01-02T04", "2026-01-02T03:04_2026-01-02T03:07:12", "..%2f..%2fetc", "2026-01-02", "x"];
    for (const id of others) expect((await fetch(`${base}/api/reports/${id}/chart`)).status).toBe(404);
    expect(asked).toEqual(["2026-01-02T03", "2026-01-02T04", "2026-01-02T03:04_2026-01-02T03:07:12"]);
  });

  test("a fault while the state is taken answers 500, is logged, and the next request is answered", async () => {
    let broken = true;
    const base = await start({
      state: () => {
        if (broken) throw new Error("book is half built");
        return makeTaskState();
      },
    });
    const answer = await fetch(`${base}/api/state`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("half built");
    expect(logged).toMatchObject([{ message: "status request failed", fields: { url: "/api/state" } }]);
    broken = false;
    expect((await fetch(`${base}/api/state`)).status).toBe(200);
  });

  test("a port in use is refused by name and number", async () => {
    const port = Number(new URL(await start()).port);
    await expect(start({ port })).rejects.toMatchObject({
      code: "STATUS_PORT_UNAVAILABLE",
      message: expect.stringMatching(new RegExp(`^STATUS_PORT must be a free port .* was ${port}: .*EADDRINUSE`)),
    });
  });

  test("closing ends open connections and frees the port", async () => {
    const base = await start();
    const port = Number(new URL(base).port);
    const idle = exchange(base, "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await fetch(`${base}/healthz`);
    await servers.pop()?.close();
    expect(await idle).toContain("200 OK");
    expect(await start({ port })).toBe(base);
  });
});
