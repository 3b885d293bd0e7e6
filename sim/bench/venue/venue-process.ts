/**
 * The venue of the socket benchmarks, a process of its own: a Sei node's WebSocket and Cambrian's order desk. Owns both ends of a
 * tick-to-wire time, the sending of the tick and the arrival of the order, on one monotonic clock.
 */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { type WebSocket, WebSocketServer } from "ws";
import { toMonotonicMicros } from "../monotonic.ts";
import { benchMarkets } from "./books.ts";
import { FeedDesk } from "./feed-desk.ts";
import { OrderDesk } from "./order-desk.ts";
import type { VenueOrder, VenueReport } from "./venue-order.ts";

/** To the parent once it listens. */
export type VenueAddress = { readonly feedUrl: string; readonly deskUrl: string; readonly controlPort: number };

/** So long nothing happens before a tick: both processes sleep then, as they do between blocks. */
const PAUSE_MS = 1;
/** Where both loops are hot, up to this long. */
const HOT_PAUSE_MS_MAX = 0.1;
/** From a tick on; spinning while the engine works beside its ticks would only use up this process's share of the machine. */
const HOT_FOR_MS = 3;
/** What comes of a tick are a few requests; whatever comes in the seconds after it is none of its. */
const TICK_REQUESTS_MAX = 32;
const FLOOD_UNSENT_BYTES_MAX = 262_144;
const HOST = "127.0.0.1";

let fillSide: "buy" | "sell" = "buy";
let ticks: { readonly sentMs: number; readonly requestsMs: number[] }[] = [];
let hotUntilMs = 0;
let isHot = false;
const streams = new Set<WebSocket>();

const desk = new OrderDesk(benchMarkets(Number(process.argv[2])), {
  onRequest: (atMs) => {
    const requestsMs = ticks.at(-1)?.requestsMs;
    if (requestsMs !== undefined && requestsMs.length < TICK_REQUESTS_MAX) requestsMs.push(atMs);
  },
  onStream: (frame) => {
    for (const stream of streams) stream.send(JSON.stringify(frame));
  },
  onUpgrade: (socket, bytes) => {
    socket.unshift(bytes);
    upgrades.emit("connection", socket);
  },
});

const acceptor = new WebSocketServer({ noServer: true, perMessageDeflate: false });

/** Of the desk's port: the stream of our account. */
const upgrades = createHttpServer();
upgrades.on("upgrade", (request, socket, head) => {
  acceptor.handleUpgrade(request, socket, head, (stream) => {
    streams.add(stream);
    stream.on("error", () => stream.terminate());
    stream.on("close", () => streams.delete(stream));
  });
});

const subscribers = new FeedDesk();
const feed = createHttpServer();
feed.on("upgrade", (request, socket: Socket, head) => {
  socket.setNoDelay(true);
  acceptor.handleUpgrade(request, socket, head, (client) => subscribers.accept(client, socket));
});

/** The engine's process asks for ticks and for what was measured. */
const control = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  createInterface({ input: socket }).on("line", (line) => {
    const order: VenueOrder = JSON.parse(line);
    void carryOut(order, socket);
  });
});

async function carryOut(order: VenueOrder, socket: Socket): Promise<void> {
  if (order.do === "report") {
    const report: VenueReport = {
      ticks: ticks.map(({ sentMs, requestsMs }) => ({
        sentMicros: toMonotonicMicros(sentMs),
        requestsMicros: requestsMs.map(toMonotonicMicros),
      })),
    };
    ticks = [];
    socket.write(`${JSON.stringify(report)}\n`);
    return;
  }
  while (subscribers.first === undefined) await wait(1);
  if (order.do === "flood") return await flood(order.count, order.perSecond);
  if (order.do === "fills") return await stream(order.perSecond, order.forMs);
  if (order.hot) {
    keepHot();
    spinFor(Math.random() * HOT_PAUSE_MS_MAX);
  } else await wait(PAUSE_MS);
  tick(order);
}

function tick({ kind, level }: VenueOrder & { readonly do: "tick" }): void {
  const { first } = subscribers;
  if (first === undefined) throw new Error("a tick needs a subscriber");
  const { frames, socket } = first;
  if (kind === "books") {
    for (const each of subscribers.listeners) each.socket.write(each.frames.book(level));
    return;
  }
  const frame = kind === "halt" ? frames.halt() : kind === "open" ? frames.open(level) : frames.book(level);
  ticks.push({ sentMs: performance.now(), requestsMs: [] });
  socket.write(frame);
}

async function stream(perSecond: number, forMs: number): Promise<void> {
  const startMs = performance.now();
  for (let sent = 0, nowMs = startMs; nowMs < startMs + forMs; nowMs = performance.now()) {
    for (const due = ((nowMs - startMs) / 1_000) * perSecond; sent < due; sent += 1) {
      desk.fillOne(fillSide);
      fillSide = fillSide === "buy" ? "sell" : "buy";
    }
    await wait(1);
  }
}

/** Books one after the other; at a rate, from their due times, so that a stall of ours is made up for. */
async function flood(count: number, perSecond: number): Promise<void> {
  const startMs = performance.now();
  for (let sent = 0; sent < count; ) {
    const due = perSecond === 0 ? count : Math.floor(((performance.now() - startMs) / 1_000) * perSecond);
    let full: Socket | undefined;
    for (; sent < Math.min(due, count) && full === undefined; sent += 1) {
      const { socket, frames } = subscribers.next();
      socket.write(frames.book(0));
      if (socket.writableLength >= FLOOD_UNSENT_BYTES_MAX) full = socket;
    }
    await (full === undefined ? wait(1) : once(full, "drain"));
  }
}

function spinFor(delayMs: number): void {
  const endMs = performance.now() + delayMs;
  while (performance.now() < endMs);
}

/** The loop does not sleep for a while, so that what is measured has no wake-up of the kernel in it. */
function keepHot(): void {
  hotUntilMs = performance.now() + HOT_FOR_MS;
  if (!isHot) setImmediate(spin);
  isHot = true;
}

function spin(): void {
  isHot = performance.now() < hotUntilMs;
  if (isHot) setImmediate(spin);
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, HOST), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server must have a port");
  return address.port;
}

process.on("disconnect", () => process.exit(0));
const [feedPort, deskPort, controlPort] = [await listen(feed), await listen(desk.server()), await listen(control)];
const address: VenueAddress = {
  feedUrl: `ws://${HOST}:${feedPort}/websocket`,
  deskUrl: `http://${HOST}:${deskPort}`,
  controlPort,
};
process.send?.(address);
