import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HttpClient, makeHttpClient } from "../../fargate/fetch.ts";
import type { OriginSettings } from "../../fargate/http-origin.ts";
import type { Clock } from "../../fargate/seams.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { Peer } from "./http-peer.ts";

const CONNECT_TIMEOUT_MS = 5_000;

let time: VirtualTime;
let peer: Peer;
let client: HttpClient;
let url: string;
/** How often a connection was tried, whether the peer listened or not. */
let attempts: number;

beforeEach(() => {
  time = new VirtualTime();
  peer = new Peer();
  attempts = 0;
});

afterEach(() => {
  client.close();
  peer.close();
});

async function start(options: Partial<OriginSettings> = {}): Promise<void> {
  url = await peer.listen();
  const clock: Clock = {
    ...time.clock,
    after: (delayMs, callback) => {
      if (delayMs === CONNECT_TIMEOUT_MS) attempts += 1;
      return time.after(delayMs, callback);
    },
  };
  client = makeHttpClient(clock, { connectTimeoutMs: CONNECT_TIMEOUT_MS, ...options });
}

const openSockets = () => peer.sockets.filter((socket) => !socket.destroyed).length;

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await setImmediate();
}

/** The kernel's part of what happened, while time stands. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await setImmediate();
}

/** Whether the request was on its way when `fetch` returned, and its answer. */
function ask(): { readonly isWrittenAtOnce: boolean; readonly answer: Promise<unknown> } {
  let isWrittenAtOnce = false;
  const fence = () => {
    isWrittenAtOnce = true;
    return undefined;
  };
  const answer = client.fetch({ method: "GET", url, headers: {}, fence });
  return { isWrittenAtOnce, answer };
}

/** Holds `count` open, each of which has carried a request. */
async function warmed(count: number): Promise<void> {
  client.warm(url, count);
  await until(() => peer.sockets.length === count);
  await Promise.all(Array.from({ length: count }, () => ask().answer));
  expect(peer.sockets).toHaveLength(count);
}

test("warm connections are renewed before they expire, so that no order after a quiet minute waits for one to open", async () => {
  await start();
  await warmed(2);
  let openLeast = 2;
  for (const socket of peer.sockets) {
    socket.on("close", () => {
      openLeast = Math.min(openLeast, openSockets());
    });
  }
  await time.pass(50_000);
  await until(() => peer.sockets.length === 4 && openSockets() === 2);
  // An old one goes only when the new one is there.
  expect(openLeast).toBe(2);
  expect(attempts).toBe(4);
  await time.pass(15_000);
  const [first, second] = [ask(), ask()];
  expect([first.isWrittenAtOnce, second.isWrittenAtOnce]).toEqual([true, true]);
  await Promise.all([first.answer, second.answer]);
  expect(peer.sockets).toHaveLength(4);
});

test("connections that were there before they were asked to be kept warm are renewed too", async () => {
  await start();
  await ask().answer;
  client.warm(url, 1);
  await time.pass(50_000);
  await until(() => peer.sockets.length === 2 && openSockets() === 1);
});

test("a connection that only met what was held back grows old all the same", async () => {
  await start();
  await warmed(1);
  for (let second = 0; second < 50; second += 10) {
    await time.pass(10_000);
    const held = client.fetch({ method: "GET", url, headers: {}, fence: () => "the lease is lost" });
    await expect(held).rejects.toMatchObject({ code: "FENCED" });
  }
  await until(() => peer.sockets.length === 2 && openSockets() === 1);
});

test("a connection that is in use is not renewed", async () => {
  await start();
  await warmed(1);
  for (let second = 0; second < 120; second += 10) {
    await time.pass(10_000);
    expect(ask().isWrittenAtOnce).toBe(true);
    await until(() => peer.requests.length === second / 10 + 2);
    await settle();
  }
  expect(peer.sockets).toHaveLength(1);
});

test("the renewals are spread by chance between 60 and 90 % of the time", async () => {
  const shares = [0, 1];
  await start({ rng: { next: () => shares[attempts % 2] ?? 0 } });
  client.warm(url, 1);
  await until(() => peer.sockets.length === 1);
  await settle();
  await time.pass(49_499);
  expect(attempts).toBe(1);
  await time.pass(1);
  expect(attempts).toBe(2);
  await until(() => peer.sockets.length === 2 && openSockets() === 1);
  await time.pass(32_999);
  expect(attempts).toBe(2);
  await time.pass(1);
  expect(attempts).toBe(3);
});

test("a peer that takes no new connection is asked once a second, and the old ones serve until they expire", async () => {
  await start();
  await warmed(2);
  peer.server.close();
  const before = attempts;
  for (let second = 0; second < 50; second += 1) {
    await time.pass(1_000);
    await settle();
  }
  expect(attempts - before).toBeGreaterThan(2);
  expect(attempts - before).toBeLessThanOrEqual(10);
  const { isWrittenAtOnce, answer } = ask();
  expect(isWrittenAtOnce).toBe(true);
  await expect(answer).resolves.toMatchObject({ status: 200 });
});

test("what the peer says of its patience holds for the connections that have carried nothing as well", async () => {
  await start();
  peer.onRequest = (socket) => socket.write("HTTP/1.1 200 OK\r\nkeep-alive: timeout=11\r\ncontent-length: 2\r\n\r\nok");
  client.warm(url, 2);
  await until(() => peer.sockets.length === 2);
  await ask().answer;
  await time.pass(8_000);
  await until(() => peer.sockets.length === 4 && openSockets() === 2);
});

test("a peer that keeps connections for a moment only is not asked for new ones all the time", async () => {
  await start();
  peer.onRequest = (socket) => socket.write("HTTP/1.1 200 OK\r\nkeep-alive: timeout=3\r\ncontent-length: 2\r\n\r\nok");
  await warmed(1);
  await time.pass(60_000);
  await settle();
  expect(attempts).toBe(1);
  await ask().answer;
  expect(attempts).toBe(2);
});

test("as many as may be open are renewed too, each then closed before the next one opens", async () => {
  await start({ connectionsMax: 2 });
  await warmed(2);
  await time.pass(45_000);
  await until(() => peer.sockets.length === 4 && openSockets() === 2);
  expect(attempts).toBe(4);
});

test("a closed client renews nothing", async () => {
  await start();
  await warmed(1);
  client.close();
  await time.pass(120_000);
  expect(attempts).toBe(1);
});
