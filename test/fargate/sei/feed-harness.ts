/** A real feed on real sockets against a simulated node, on a clock the test drives. What the feed tells is awaited. */
import type { EngineEvent } from "../../../core/events.ts";
import { makeMarket } from "../../../core/market.ts";
import { connectWebSocket } from "../../../fargate/connect.ts";
import type { Connect } from "../../../fargate/seams.ts";
import { EventQueue } from "../../../fargate/sei/event-queue.ts";
import { type Feed, makeFeed } from "../../../fargate/sei/feed.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import { type SeiNodeInput, startSeiNode } from "../../../sim/sei-node/node.ts";
import { makeDrivenClock } from "../../sim/exchange/driven-clock.ts";
import { makeSource } from "../../sim/sei-node/hand-fed-source.ts";

export const STALENESS_MS = 5_000;

export type HarnessInput = Partial<Omit<SeiNodeInput, "source" | "clock" | "rng">> & {
  readonly markets?: readonly string[];
  readonly unreadMax?: number;
  readonly stalenessMs?: number;
};

export type Harness = Awaited<ReturnType<typeof startHarness>>;

export async function startHarness(input: HarnessInput = {}) {
  const { markets = ["SEI/USDC"], unreadMax, stalenessMs = STALENESS_MS, ...nodeInput } = input;
  const clock = makeDrivenClock();
  const source = makeSource(markets);
  const node = await startSeiNode({ source, clock, rng: makeSeededRng(7, "node"), endpoints: 2, ...nodeInput });
  const queue = new EventQueue(unreadMax);
  const watched = new Watched(queue);
  const counts = new Map<string, number>();
  const gauges = new Map<string, number>();
  const logged: string[] = [];
  const say = (message: string) => logged.push(message);
  const feed: Feed = makeFeed({
    endpoints: node.endpoints.map((endpoint) => endpoint.wsUrl),
    markets: new Map(markets.map((symbol) => [symbol, makeMarket({ symbol, tickSize: "0.0001", lotSize: "1" })])),
    stalenessMs,
    clock,
    rng: { next: () => 0.5 },
    connect: watched.watch(connectWebSocket),
    log: { debug: say, info: say, warn: say, error: say },
    metrics: {
      increment: (name, labels, by = 1) => {
        const key = `${name} ${Object.values(labels).join()}`;
        counts.set(key, (counts.get(key) ?? 0) + by);
      },
      set: (name, labels, value) => gauges.set(`${name} ${Object.values(labels).join()}`, value),
    },
    queue,
    onEvents: () => watched.note(),
  });
  const close = async (): Promise<void> => {
    feed.stop();
    await node.close();
  };
  const errors = (kind: string): number => counts.get(`flashmm_sei_websocket_errors_total ${kind}`) ?? 0;
  const [primary, backup] = node.endpoints;
  if (primary === undefined) throw new Error("a node has an endpoint");
  return { clock, source, node, primary, backup, queue, feed, counts, errors, gauges, logged, watched, close };
}

/** Sees every event in order, and every frame and end of a socket, so that a test can await what it needs. */
class Watched {
  readonly events: EngineEvent[] = [];
  readonly #queue: EventQueue;
  #held = false;
  opened = 0;
  closed = 0;
  pongs = 0;
  #waiting: (() => void)[] = [];

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  /** While held nothing is taken from the queue, as if the engine were busy. */
  hold(on: boolean): void {
    this.#held = on;
    if (!on) this.note();
  }

  note(): void {
    if (!this.#held) this.events.push(...this.#queue.drain());
    this.#wake();
  }

  /** Resolves once the condition holds; it is looked at after everything that a socket brought. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The kinds of events seen, with what tells them apart. */
  get told(): readonly string[] {
    return this.events.map((event) => {
      switch (event.type) {
        case "book-update":
          return `book ${event.market} ${event.sequence}`;
        case "trade":
          return `trade ${event.tradeId}`;
        case "market-status":
          return `status ${event.market} ${event.status}`;
        default:
          return event.type;
      }
    });
  }

  count(type: EngineEvent["type"]): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** The real connect, with a look at what it brings. */
  watch(connect: Connect): Connect {
    return (url, handlers) =>
      connect(url, {
        onOpen: () => {
          this.opened += 1;
          handlers.onOpen();
          this.#wake();
        },
        onMessage: (data) => {
          handlers.onMessage(data);
          this.#wake();
        },
        onPong: () => {
          this.pongs += 1;
          handlers.onPong();
          this.#wake();
        },
        onClose: (reason) => {
          this.closed += 1;
          handlers.onClose(reason);
          this.#wake();
        },
      });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
