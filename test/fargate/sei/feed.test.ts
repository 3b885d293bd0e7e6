import { afterEach, describe, expect, test } from "vitest";
import type { BookFault } from "../../../sim/sei-node/book-fault.ts";
import { EVENT_SHAPES } from "../../../sim/sei-node/event-frame.ts";
import { BOOK_QUERY, bookOf, statusOf, tradeOf } from "../../sim/sei-node/hand-fed-source.ts";
import { type Harness, type HarnessInput, STALENESS_MS, startHarness } from "./feed-harness.ts";

let harness: Harness | undefined;

afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

/** A feed that delivers from the primary; the book's snapshot has sequence 1. */
async function startLive(input: HarnessInput = {}): Promise<Harness> {
  const started = await startHarness(input);
  harness = started;
  started.feed.start();
  const wanted = input.markets?.length ?? 1;
  await started.watched.until(() => started.watched.count("market-status") === wanted);
  return started;
}

describe("a feed", () => {
  test("tells that it is connected when the first book comes, and only then", async () => {
    const { feed, watched, primary, gauges } = await startLive();
    expect(watched.told).toEqual(["feed-connected", "book SEI/USDC 1", "status SEI/USDC open"]);
    expect(feed.state()).toMatchObject({
      status: "connected",
      endpoint: primary.wsUrl,
      ageMs: 0,
      reconnects: 0,
      failovers: 0,
      events: 2,
      queued: 0,
    });
    expect(gauges.get(`flashmm_feed_connected ${primary.wsUrl}`)).toBe(1);
  });

  test.each(EVENT_SHAPES)("reads the %s shape", async (eventShape) => {
    const { source, watched } = await startLive({ eventShape });
    source.emit(bookOf());
    source.emit(tradeOf("T-1"));
    source.emit(statusOf("SEI/USDC", "halted"));
    await watched.until(() => watched.count("market-status") === 2);
    expect(watched.told.slice(3)).toEqual(["book SEI/USDC 2", "trade T-1", "status SEI/USDC halted"]);
  });

  test("stamps every event with the moment of its receipt", async () => {
    const { source, watched, clock } = await startLive();
    clock.advance(1_234);
    source.emit(bookOf());
    await watched.until(() => watched.count("book-update") === 2);
    expect(watched.events.at(-1)?.at).toEqual(clock.now());
  });

  test("passes a trade on once, however often it comes", async () => {
    const { source, watched, errors } = await startLive();
    for (const id of ["T-1", "T-1", "T-2"]) source.emit(tradeOf(id));
    await watched.until(() => watched.count("trade") === 2);
    expect(watched.told.slice(3)).toEqual(["trade T-1", "trade T-2"]);
    expect(errors("repeated-trade")).toBe(1);
  });

  test("closes every connection when it is stopped, and tells nothing more", async () => {
    const { feed, watched, gauges, primary } = await startLive();
    const told = watched.told.length;
    feed.stop();
    await watched.until(() => watched.closed === watched.opened);
    expect(watched.told).toHaveLength(told);
    expect(gauges.get(`flashmm_feed_connected ${primary.wsUrl}`)).toBe(0);
  });
});

describe("a lost primary", () => {
  test("that is killed is told at once and replaced by the backup within 5 s", async () => {
    const { feed, watched, primary, backup, clock, counts } = await startLive();
    const killedMs = clock.now().monotonicMs;
    await primary.die();
    await watched.until(() => watched.count("feed-lost") === 1);
    expect(clock.now().monotonicMs).toBe(killedMs);
    expect(feed.state().status).toBe("connecting");
    clock.advance(2_000);
    await watched.until(() => watched.count("feed-connected") === 2);
    expect(clock.now().monotonicMs - killedMs).toBeLessThanOrEqual(5_000);
    await watched.until(() => watched.count("market-status") === 2);
    expect(watched.told.slice(3)).toEqual(["feed-lost", "feed-connected", "book SEI/USDC 1", "status SEI/USDC open"]);
    expect(feed.state()).toMatchObject({ status: "connected", endpoint: backup?.wsUrl, failovers: 1, reconnects: 1 });
    expect(counts.get(`flashmm_feed_reconnects_total ${backup?.wsUrl}`)).toBe(1);
  });

  test("that only blinked is taken up again after 2 s, its sequence anew and no gap counted", async () => {
    const { feed, source, watched, primary, clock } = await startLive();
    source.emit(bookOf());
    await watched.until(() => watched.count("book-update") === 2);
    primary.dropSockets();
    await watched.until(() => watched.count("feed-lost") === 1);
    clock.advance(1_999);
    await watched.until(() => watched.count("feed-connected") === 2);
    expect(watched.told.slice(4, 7)).toEqual(["feed-lost", "feed-connected", "book SEI/USDC 1"]);
    expect(feed.state()).toMatchObject({ endpoint: primary.wsUrl, failovers: 0, reconnects: 1, sequenceGaps: 0 });
  });

  test.each(["silence", "stall"] as const)("by %s is left for the backup after the staleness limit", async (way) => {
    const { feed, watched, primary, backup, clock, errors } = await startLive();
    primary[way](true);
    clock.advance(STALENESS_MS - 1);
    expect(watched.count("feed-lost")).toBe(0);
    clock.advance(1);
    expect(watched.count("feed-lost")).toBe(1);
    await watched.until(() => watched.count("feed-connected") === 2);
    expect(feed.state().endpoint).toBe(backup?.wsUrl);
    expect(errors("stale")).toBe(1);
    primary[way](false);
  });

  test("by trades alone is left too: a book that stands still is old", async () => {
    const { source, watched, clock } = await startLive();
    clock.advance(STALENESS_MS - 1);
    source.emit(tradeOf("T-1"));
    await watched.until(() => watched.count("trade") === 1);
    clock.advance(1);
    expect(watched.count("feed-lost")).toBe(1);
  });
});

describe("an endpoint that was never good", () => {
  test("acknowledges, says nothing, and is no connection: the backup is", async () => {
    harness = await startHarness();
    const { feed, watched, primary, backup, clock } = harness;
    primary.silence(true);
    feed.start();
    await watched.until(() => primary.state().subscriptions === 3);
    expect(watched.told).toEqual([]);
    expect(feed.state().status).toBe("connecting");
    clock.advance(2_000);
    await watched.until(() => watched.count("feed-connected") === 1);
    expect(feed.state()).toMatchObject({ endpoint: backup?.wsUrl, failovers: 1, reconnects: 0 });
  });

  test("refuses, and the backup is dialled at once", async () => {
    harness = await startHarness();
    const { feed, watched, primary, backup, clock } = harness;
    await primary.die();
    feed.start();
    await watched.until(() => watched.count("feed-connected") === 1);
    expect(feed.state().endpoint).toBe(backup?.wsUrl);
    expect(clock.now().monotonicMs).toBe(0);
  });

  test("is one of all: the feed has failed, and comes back with the first that lives", async () => {
    harness = await startHarness({ endpoints: 1 });
    const { feed, watched, primary, clock } = harness;
    await primary.die();
    feed.start();
    await watched.until(() => watched.closed === 1);
    expect(feed.state().status).toBe("failed");
    await primary.revive();
    clock.advance(2_000);
    await watched.until(() => watched.count("feed-connected") === 1);
    expect(feed.state().status).toBe("connected");
  });
});

describe("sequences", () => {
  test.each<[string, BookFault, readonly string[], number]>([
    [
      "a gap is counted and the newer book taken",
      { type: "sequence-gap", by: 3 },
      ["book SEI/USDC 5", "book SEI/USDC 6"],
      1,
    ],
    ["a repeat is dropped", { type: "sequence-repeat" }, ["book SEI/USDC 2"], 0],
    ["a step back is dropped", { type: "sequence-step-back", by: 1 }, ["book SEI/USDC 2"], 0],
  ])("%s", async (_law, fault, told, gaps) => {
    const { source, watched, primary, feed, counts, errors } = await startLive();
    primary.disturbNextBook("SEI/USDC", fault);
    source.emit(bookOf());
    source.emit(bookOf());
    source.emit(tradeOf("T-1"));
    await watched.until(() => watched.count("trade") === 1);
    expect(watched.told.slice(3, -1)).toEqual(told);
    expect(feed.state().sequenceGaps).toBe(gaps);
    expect(counts.get("flashmm_feed_sequence_gaps_total SEI/USDC") ?? 0).toBe(gaps);
    expect(errors("repeated-book")).toBe(1 - gaps);
  });
});

describe("bad frames", () => {
  test.each<[BookFault["type"] & ("not-json" | "cut-json" | "nan-price" | "bids-not-json" | "wrong-types"), string]>([
    ["not-json", "malformed-frame"],
    ["cut-json", "malformed-frame"],
    ["nan-price", "malformed-event"],
    ["bids-not-json", "malformed-event"],
    ["wrong-types", "malformed-event"],
  ])("one that is %s is counted as %s, and the next one is taken", async (type, kind) => {
    const { source, watched, primary, feed, errors } = await startLive();
    primary.disturbNextBook("SEI/USDC", { type });
    source.emit(bookOf());
    source.emit(bookOf());
    await watched.until(() => watched.count("book-update") === 2);
    expect(errors(kind)).toBe(1);
    expect(feed.state()).toMatchObject({ status: "connected", malformed: 1 });
  });

  test("a crossed book is passed on: the engine judges it", async () => {
    const { source, watched, primary, feed } = await startLive();
    primary.disturbNextBook("SEI/USDC", { type: "crossed" });
    source.emit(bookOf());
    await watched.until(() => watched.count("book-update") === 2);
    expect(watched.events.at(-1)).toMatchObject({
      bids: { prices: [4217, 4213, 4212] },
      asks: { prices: [4216, 4217] },
    });
    expect(feed.state().malformed).toBe(0);
  });

  test("fifty of them are counted one by one and logged once", async () => {
    const { watched, primary, feed, logged, source } = await startLive();
    for (let i = 0; i < 50; i += 1) primary.sendRaw("<html>");
    source.emit(bookOf());
    await watched.until(() => feed.state().malformed === 50 && watched.count("book-update") === 2);
    expect(logged.filter((message) => message === "feed error")).toHaveLength(1);
  });
});

describe("subscriptions", () => {
  test.each([2, 5])("that a node limits to %d on a connection go on further connections", async (limit) => {
    const markets = ["SEI/USDC", "ETH/USDC", "BTC/USDC"];
    const { source, watched, primary, feed } = await startLive({
      markets,
      limits: { subscriptionsPerClientMax: limit },
    });
    await watched.until(() => primary.state().subscriptions === 9);
    expect(primary.state().connections).toBe(Math.ceil(9 / limit));
    for (const market of markets) source.emit(tradeOf(`T-${market}`, market));
    await watched.until(() => watched.count("trade") === 3);
    expect(watched.count("book-update")).toBe(3);
    expect(feed.state()).toMatchObject({ status: "connected", sequenceGaps: 0 });
  });

  test("of more than ten are spread without being told", async () => {
    const markets = ["AA/USDC", "BB/USDC", "CC/USDC", "DD/USDC"];
    const { watched, primary } = await startLive({ markets });
    await watched.until(() => primary.state().subscriptions === 12);
    expect(primary.state().connections).toBe(2);
  });

  test("that a node refuses altogether are an endpoint that has failed", async () => {
    harness = await startHarness({ endpoints: 1, limits: { subscriptionsPerClientMax: 0 } });
    const { feed, watched, errors } = harness;
    feed.start();
    await watched.until(() => errors("subscription-refused") === 1);
    expect(feed.state().status).toBe("failed");
  });

  test("that the node ends are asked for again while the socket stays open", async () => {
    const { watched, primary, clock, errors } = await startLive();
    primary.endSubscriptions(BOOK_QUERY);
    await watched.until(() => errors("subscription-ended") === 1);
    clock.advance(250);
    await watched.until(() => watched.count("book-update") === 2);
    expect(primary.state()).toMatchObject({ connectionsAccepted: 1, subscriptions: 3 });
    expect(watched.count("feed-lost")).toBe(0);
  });

  test("that end again and again cost the endpoint its place", async () => {
    const { watched, primary, clock, errors } = await startLive();
    for (let ended = 1; ended <= 5; ended += 1) {
      primary.endSubscriptions(BOOK_QUERY);
      await watched.until(() => errors("subscription-ended") === ended);
      clock.advance(250 * 2 ** (ended - 1));
      await watched.until(() => watched.count("book-update") === ended + 1);
    }
    primary.endSubscriptions(BOOK_QUERY);
    await watched.until(() => watched.count("feed-lost") === 1);
    expect(errors("subscription-ended")).toBe(6);
  });

  test("of one silent market are asked for again while another delivers", async () => {
    const { source, watched, clock, primary } = await startLive({ markets: ["SEI/USDC", "ETH/USDC"] });
    clock.advance(STALENESS_MS - 1_000);
    source.emit(bookOf("ETH/USDC"));
    await watched.until(() => watched.told.includes("book ETH/USDC 2"));
    clock.advance(1_000);
    await watched.until(() => watched.told.includes("book SEI/USDC 2"));
    expect(watched.count("feed-lost")).toBe(0);
    expect(primary.state().subscriptions).toBe(6);
  });
});

describe("the heartbeat", () => {
  const patient = { stalenessMs: 1_000_000, limits: { readTimeoutMs: 1_000_000 } };

  test("pings every 30 s and is content with a pong", async () => {
    const { watched, clock } = await startLive(patient);
    for (let beat = 1; beat <= 3; beat += 1) {
      clock.advance(30_000);
      await watched.until(() => watched.pongs === beat);
    }
    clock.advance(10_000);
    expect(watched.count("feed-lost")).toBe(0);
  });

  test("drops a connection without a pong for 10 s", async () => {
    const { watched, clock, primary, errors } = await startLive(patient);
    primary.stall(true);
    clock.advance(39_999);
    expect(watched.count("feed-lost")).toBe(0);
    clock.advance(1);
    expect(watched.count("feed-lost")).toBe(1);
    expect(errors("no-pong")).toBe(1);
    primary.stall(false);
  });
});

test("trades that an engine leaves unread past the bound are lost loudly: the feed starts anew", async () => {
  const { source, watched, errors, queue, clock } = await startLive({ unreadMax: 4 });
  watched.hold(true);
  for (let i = 0; i < 5; i += 1) source.emit(tradeOf(`T-${i}`));
  await watched.until(() => errors("trades-lost") === 1);
  expect(queue.lostTrades).toBeGreaterThan(0);
  watched.hold(false);
  expect(watched.told.at(-1)).toBe("feed-lost");
  clock.advance(2_000);
  await watched.until(() => watched.count("feed-connected") === 2);
});
