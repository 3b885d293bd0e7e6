import { once } from "node:events";
import type { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { makeSystemClock } from "../../fargate/clock.ts";
import { type HttpClient, makeHttpClient } from "../../fargate/fetch.ts";
import type { OriginSettings } from "../../fargate/http-origin.ts";
import { OK, Peer } from "./http-peer.ts";

let peer: Peer;
let client: HttpClient;

async function start(options: Partial<OriginSettings> = {}): Promise<string> {
  peer = new Peer();
  client = makeHttpClient(makeSystemClock(), options);
  return peer.listen();
}

afterEach(() => {
  client.close();
  peer.close();
});

const get = (url: string) => ({ method: "GET", url, headers: { accept: "x" } }) as const;

test("the path is sent as it was given, and a body with its length in bytes", async () => {
  const url = await start();
  await client.fetch({ method: "POST", url: `${url}/a%2Fb?x='%20`, headers: { "x-a": "1" }, body: "€" });
  const host = url.slice("http://".length);
  expect(peer.requests).toEqual([
    `POST /a%2Fb?x='%20 HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: identity\r\nx-a: 1\r\ncontent-length: 3\r\n\r\n€`,
  ]);
});

test("a letter whose low byte is a line end is not cut down to it, wherever it stands", async () => {
  const url = await start();
  const host = url.slice("http://".length);
  await client.fetch({ method: "POST", url, headers: { "x-\u010a": "1" }, body: "\u010a" });
  expect(peer.requests).toEqual([
    `POST / HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: identity\r\nx-\u010a: 1\r\ncontent-length: 2\r\n\r\n\u010a`,
  ]);
});

/** A peer on a thread of its own, which counts the reads of its socket in memory that both threads see. */
const COUNTING_PEER = `
  const { parentPort, workerData } = require("node:worker_threads");
  const reads = new Int32Array(workerData);
  const server = require("node:net").createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => {
      Atomics.add(reads, 0, 1);
      Atomics.notify(reads, 0);
      socket.write(${JSON.stringify(OK)});
    });
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

test("on a kept connection the request is on its way when fetch returns, before any turn of the event loop", async () => {
  await start();
  const memory = new SharedArrayBuffer(4);
  const reads = new Int32Array(memory);
  const worker = new Worker(COUNTING_PEER, { eval: true, workerData: memory });
  try {
    const [port] = await once(worker, "message");
    const url = `http://127.0.0.1:${port}/`;
    await client.fetch(get(url));
    expect(Atomics.load(reads, 0)).toBe(1);
    const second = client.fetch(get(url));
    // This thread does nothing else until the peer has read the second request.
    expect(Atomics.wait(reads, 0, 1, 10_000)).not.toBe("timed-out");
    await second;
  } finally {
    await worker.terminate();
  }
});

test("warming opens connections without a request, and opens a lost one again", async () => {
  const url = await start();
  client.warm(url, 2);
  while (peer.sockets.length < 2) await once(peer.server, "connection");
  await client.fetch(get(url));
  expect(peer.sockets).toHaveLength(2);
  peer.sockets[0]?.destroy();
  await once(peer.server, "connection");
  expect(peer.requests).toHaveLength(1);
});

test("requests at once go out on connections of their own, up to the limit, and the rest wait for an answer", async () => {
  const url = await start({ connectionsMax: 3 });
  const answered: string[] = [];
  const held: Socket[] = [];
  const threeHeld = new Promise<void>((resolve) => {
    peer.onRequest = (socket) => {
      held.push(socket);
      if (held.length === 3) resolve();
    };
  });
  const all = Promise.all(
    [1, 2, 3, 4, 5].map(async (n) => answered.push((await client.fetch(get(`${url}/${n}`))).body)),
  );
  await threeHeld;
  expect(peer.requests).toHaveLength(3);
  peer.onRequest = (socket) => socket.write(OK);
  for (const socket of held) socket.write(OK);
  await all;
  expect(answered).toHaveLength(5);
  expect(peer.sockets).toHaveLength(3);
});

describe("aborts", () => {
  test("a request given up before it had a connection is never sent", async () => {
    const url = await start({ connectionsMax: 1 });
    const arrived = new Promise<Socket>((resolve) => {
      peer.onRequest = resolve;
    });
    const first = client.fetch(get(`${url}/first`));
    const controller = new AbortController();
    const second = client.fetch({ ...get(`${url}/second`), signal: controller.signal });
    const socket = await arrived;
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: "ABORTED" });
    peer.onRequest = (each) => each.write(OK);
    socket.write(OK);
    await first;
    await client.fetch(get(`${url}/third`));
    expect(peer.requests.map((text) => text.split(" ")[1])).toEqual(["/first", "/third"]);
  });

  test("a request given up on the way ends its connection, and the next one takes another", async () => {
    const url = await start({ connectionsMax: 1 });
    const controller = new AbortController();
    peer.onRequest = () => controller.abort();
    await expect(client.fetch({ ...get(url), signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    peer.onRequest = (socket) => socket.write(OK);
    await expect(client.fetch(get(url))).resolves.toMatchObject({ status: 200, body: "ok" });
    expect(peer.sockets).toHaveLength(2);
  });
});

describe("the fence", () => {
  const fenced = { code: "FENCED", message: "the lease is lost" };

  test("a request that waited for a connection is asked at the write, and the connection stays usable", async () => {
    const url = await start({ connectionsMax: 1 });
    let reason: string | undefined;
    const asked: string[] = [];
    const fence = () => {
      asked.push(`after ${peer.requests.length} requests`);
      return reason;
    };
    const arrived = new Promise<Socket>((resolve) => {
      peer.onRequest = resolve;
    });
    const first = client.fetch(get(`${url}/first`));
    const second = client.fetch({ ...get(`${url}/second`), fence });
    const third = client.fetch(get(`${url}/third`));
    const socket = await arrived;
    expect(asked).toEqual([]);
    reason = "the lease is lost";
    peer.onRequest = (each) => each.write(OK);
    socket.write(OK);
    await expect(second).rejects.toMatchObject(fenced);
    await Promise.all([first, third]);
    expect(asked).toEqual(["after 1 requests"]);
    expect(peer.requests.map((text) => text.split(" ")[1])).toEqual(["/first", "/third"]);
    expect(peer.sockets).toHaveLength(1);
  });

  test("a request for which an idle connection is there is asked before fetch returns, and leaves it idle", async () => {
    const url = await start();
    await client.fetch(get(`${url}/first`));
    let asked = 0;
    const second = client.fetch({
      ...get(`${url}/second`),
      fence: () => {
        asked += 1;
        return "the lease is lost";
      },
    });
    expect(asked).toBe(1);
    await expect(second).rejects.toMatchObject(fenced);
    await client.fetch(get(`${url}/third`));
    expect(peer.requests.map((text) => text.split(" ")[1])).toEqual(["/first", "/third"]);
    expect(peer.sockets).toHaveLength(1);
  });

  test("a request that was the only one to wait is asked once its connection is open, which the next one then takes", async () => {
    const url = await start({ connectionsMax: 1 });
    let asked = 0;
    const fence = () => {
      asked += 1;
      return "the lease is lost";
    };
    const first = client.fetch({ ...get(`${url}/first`), fence });
    expect(asked).toBe(0);
    await expect(first).rejects.toMatchObject(fenced);
    await client.fetch(get(`${url}/second`));
    expect(asked).toBe(1);
    expect(peer.requests.map((text) => text.split(" ")[1])).toEqual(["/second"]);
    expect(peer.sockets).toHaveLength(1);
  });

  test("a fence without a reason lets the request through, and is asked once", async () => {
    const url = await start();
    let asked = 0;
    const fence = () => {
      asked += 1;
      return undefined;
    };
    await client.fetch({ ...get(url), fence });
    expect([asked, peer.requests.length]).toEqual([1, 1]);
  });

  test("a request given up while it waits is not asked at all", async () => {
    const url = await start({ connectionsMax: 1 });
    const arrived = new Promise<Socket>((resolve) => {
      peer.onRequest = resolve;
    });
    const first = client.fetch(get(url));
    const controller = new AbortController();
    let asked = 0;
    const fence = () => {
      asked += 1;
      return undefined;
    };
    const second = client.fetch({ ...get(url), signal: controller.signal, fence });
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: "ABORTED" });
    (await arrived).write(OK);
    await first;
    expect([asked, peer.requests.length]).toEqual([0, 1]);
  });
});

describe("faults", () => {
  test.each([
    ["a reset", (socket: Socket) => socket.resetAndDestroy(), "ECONNRESET"],
    ["a close without a word", (socket: Socket) => socket.end(), "ANSWER_CUT"],
    ["half an answer", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"), "ANSWER_CUT"],
    ["something else", (socket: Socket) => socket.write("hello\r\n\r\n"), "ANSWER_MALFORMED"],
    [
      "a body without end",
      (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n"),
      "ANSWER_TOO_LARGE",
    ],
  ])("%s rejects with its code", async (_, answer, code) => {
    const url = await start();
    peer.onRequest = answer;
    await expect(client.fetch(get(url))).rejects.toMatchObject({ code });
  });

  test("a peer that does not listen rejects every request", async () => {
    const url = await start();
    peer.close();
    const results = await Promise.allSettled([client.fetch(get(url)), client.fetch(get(url))]);
    expect(results.map((each) => each.status === "rejected" && each.reason.code)).toEqual([
      "ECONNREFUSED",
      "ECONNREFUSED",
    ]);
  });

  test("bytes that come unasked on an idle connection end it, and are no answer to the next request", async () => {
    const url = await start();
    await client.fetch(get(url));
    const stale = peer.sockets[0]!;
    stale.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstale");
    await once(stale, "close");
    await expect(client.fetch(get(url))).resolves.toMatchObject({ body: "ok" });
    expect(peer.sockets).toHaveLength(2);
  });

  test("a connection whose keep-alive is nearly over is not used again", async () => {
    const url = await start();
    peer.onRequest = (socket) =>
      socket.write("HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok");
    await client.fetch(get(url));
    await client.fetch(get(url));
    expect(peer.sockets).toHaveLength(2);
  });

  test.each([
    ["ftp://host/", {}],
    ["http://user@host/", {}],
    ["http://127.0.0.1/a b", {}],
    ["http://127.0.0.1/", { "x-a": "b\r\nx-evil: 1" }],
  ])("%s with %j is refused before anything is opened", async (url, headers) => {
    await start();
    await expect(client.fetch({ method: "GET", url, headers })).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  test("a closed client rejects, and ends what is on the way", async () => {
    const url = await start();
    peer.onRequest = () => client.close();
    await expect(client.fetch(get(url))).rejects.toMatchObject({ code: "CLOSED" });
    await expect(client.fetch(get(url))).rejects.toMatchObject({ code: "CLOSED" });
  });
});
