import { describe, expect, test } from "vitest";
import { type AttemptHandlers, Failover } from "../../../fargate/sei/failover.ts";
import type { End } from "../../../fargate/sei/node-connection.ts";
import { makeDrivenClock } from "../../sim/exchange/driven-clock.ts";

const CLOSED: End = { kind: "closed", detail: "ECONNREFUSED" };
const STALE: End = { kind: "stale", detail: "no book" };

type Open = { readonly endpoint: string; readonly atMs: number; readonly handlers: AttemptHandlers; closed: boolean };

/** A failover whose sessions end when the test says so, or at once while their endpoint is down. */
function race(endpoints: readonly string[] = ["a", "b", "c"], jitter = 1) {
  const clock = makeDrivenClock();
  const opens: Open[] = [];
  const down = new Set<string>();
  const told: string[] = [];
  const failover = new Failover({
    endpoints,
    clock,
    rng: { next: () => jitter },
    open: (endpoint, handlers) => {
      const open: Open = { endpoint, atMs: clock.now().monotonicMs, handlers, closed: false };
      opens.push(open);
      if (down.has(endpoint)) {
        clock.after(0, () => {
          if (!open.closed) handlers.onEnd(CLOSED);
        });
      }
      return {
        close: () => {
          open.closed = true;
        },
      };
    },
    onConnected: (endpoint) => told.push(`connected ${endpoint}`),
    onLost: (endpoint, end) => told.push(`lost ${endpoint} ${end.kind}`),
    onFailedAttempt: (endpoint, attempt) => told.push(`failed ${endpoint} ${attempt}`),
  });
  const attempts = (): readonly string[] => opens.map(({ endpoint, atMs }) => `${endpoint} ${atMs}`);
  return { clock, failover, opens, down, told, attempts };
}

describe("start", () => {
  test("the first endpoint is dialled at once and alone", () => {
    const { failover, clock, attempts } = race();
    failover.start();
    clock.advance(1_999);
    expect(attempts()).toEqual(["a 0"]);
    expect(failover.status).toBe("connecting");
    expect(failover.endpoint).toBe("a");
  });

  test("an endpoint that does not deliver within 2 s gets the next beside it, and the first to deliver wins", () => {
    const { failover, clock, opens, told, attempts } = race();
    failover.start();
    clock.advance(2_000);
    expect(attempts()).toEqual(["a 0", "b 2000"]);
    opens[0]?.handlers.onLive();
    expect(told).toEqual(["connected a"]);
    expect(opens.map(({ closed }) => closed)).toEqual([false, true]);
    expect(failover.status).toBe("connected");
    clock.advance(100_000);
    expect(opens).toHaveLength(2);
  });

  test("an endpoint that refuses gives way to the next at once", () => {
    const { failover, clock, down, attempts } = race();
    down.add("a");
    failover.start();
    clock.advance(0);
    expect(attempts()).toEqual(["a 0", "b 0"]);
  });
});

describe("a round", () => {
  test("has 5 attempts on each endpoint, 2 s doubling apart, and the next round begins with the first endpoint", () => {
    const { failover, clock, down, attempts } = race(["a"]);
    down.add("a");
    failover.start();
    clock.advance(40_000);
    expect(attempts()).toEqual(["a 0", "a 2000", "a 6000", "a 14000", "a 30000", "a 32000", "a 36000"]);
  });

  test("with all endpoints down is failed after the last one's first attempt, and connected again when one delivers", () => {
    const { failover, clock, down, opens, told } = race();
    for (const endpoint of ["a", "b", "c"]) down.add(endpoint);
    failover.start();
    clock.advance(1);
    expect(failover.status).toBe("failed");
    clock.advance(29_998);
    expect(opens).toHaveLength(12);
    clock.advance(1);
    expect(opens.map(({ endpoint }) => endpoint).filter((endpoint) => endpoint === "c")).toHaveLength(5);
    expect(failover.status).toBe("connecting");
    down.clear();
    clock.advance(2_000);
    expect(opens[15]?.endpoint).toBe("a");
    opens[15]?.handlers.onLive();
    expect(failover.status).toBe("connected");
    expect(told.at(-1)).toBe("connected a");
  });

  test("an endpoint that answers and stays silent is not asked again in the same round", () => {
    const { failover, clock, opens, down, attempts } = race(["a", "b"]);
    down.add("b");
    failover.start();
    clock.advance(3_000);
    opens[0]?.handlers.onEnd(STALE);
    clock.advance(28_999);
    expect(attempts()).toEqual(["a 0", "b 2000", "b 4000", "b 8000", "b 16000"]);
    clock.advance(2_001);
    expect(attempts().slice(5, 7)).toEqual(["b 32000", "a 34000"]);
  });
});

describe("a loss", () => {
  test("is told at once; the endpoint is retried after 2 s and the next one tried beside it", () => {
    const { failover, clock, opens, down, told, attempts } = race();
    failover.start();
    opens[0]?.handlers.onLive();
    clock.advance(60_000);
    down.add("a");
    opens[0]?.handlers.onEnd(CLOSED);
    expect(told).toEqual(["connected a", "lost a closed"]);
    expect(failover.status).toBe("connecting");
    clock.advance(2_000);
    expect(attempts()).toEqual(["a 0", "a 62000", "b 62000"]);
    opens[2]?.handlers.onLive();
    expect(told.slice(2)).toEqual(["failed a 1", "connected b"]);
    expect(failover.endpoint).toBe("b");
  });

  test.each([0, 0.5, 1])("moves to a healthy backup within 2 s, with chance at %d", (jitter) => {
    const { failover, clock, opens, down } = race(["a", "b", "c"], jitter);
    failover.start();
    opens[0]?.handlers.onLive();
    down.add("a");
    opens[0]?.handlers.onEnd(CLOSED);
    clock.advance(2_000);
    expect(opens.map(({ endpoint }) => endpoint)).toContain("b");
  });

  test("of a blink costs no failover", () => {
    const { failover, clock, opens, told } = race(["a", "b"], 0);
    failover.start();
    opens[0]?.handlers.onLive();
    opens[0]?.handlers.onEnd(CLOSED);
    clock.advance(1_600);
    opens[1]?.handlers.onLive();
    expect(told).toEqual(["connected a", "lost a closed", "connected a"]);
  });

  test("by silence means the next endpoint at once", () => {
    const { failover, clock, opens, attempts } = race(["a", "b", "c"]);
    failover.start();
    opens[0]?.handlers.onLive();
    clock.advance(10_000);
    opens[0]?.handlers.onEnd(STALE);
    expect(attempts()).toEqual(["a 0", "b 10000"]);
    clock.advance(4_000);
    expect(attempts()).toEqual(["a 0", "b 10000", "c 12000", "a 14000"]);
  });

  test("twice within 30 s of delivering puts the endpoint last", () => {
    const { failover, clock, opens, attempts } = race(["a", "b"]);
    failover.start();
    opens[0]?.handlers.onLive();
    opens[0]?.handlers.onEnd(CLOSED);
    clock.advance(2_000);
    opens[1]?.handlers.onLive();
    opens[1]?.handlers.onEnd(CLOSED);
    clock.advance(4_000);
    expect(attempts().slice(-2)).toEqual(["b 4000", "a 4000"]);
  });

  test("of the only endpoint waits 2 s, silence or not", () => {
    const { failover, clock, opens, attempts } = race(["a"]);
    failover.start();
    opens[0]?.handlers.onLive();
    opens[0]?.handlers.onEnd(STALE);
    clock.advance(2_000);
    expect(attempts()).toEqual(["a 0", "a 2000"]);
  });
});

test("a stopped failover closes what it has and opens nothing more", () => {
  const { failover, clock, opens, down } = race();
  down.add("a");
  failover.start();
  clock.advance(1);
  failover.stop();
  const count = opens.length;
  clock.advance(100_000);
  expect(opens).toHaveLength(count);
  expect(opens.at(-1)?.closed).toBe(true);
});
