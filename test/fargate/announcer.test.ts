import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { afterEach, describe, expect, it } from "vitest";
import { Announcer } from "../../fargate/announcer.ts";
import { startEventBus } from "../../sim/local/event-bus.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { makeRecorder } from "./driven-world.ts";

type Entry = {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  readonly Time: number;
};

/** How a bus answers one entry, or the whole request. */
type Behaviour = {
  refuses(entry: Entry): boolean;
  readonly status?: number;
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A bus that speaks PutEvents and remembers what it was asked. */
async function startBus() {
  const requests: (readonly Entry[])[] = [];
  const bus = { behaviour: { refuses: () => false } as Behaviour, requests };
  const server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      const { Entries }: { readonly Entries: readonly Entry[] } = JSON.parse(body);
      requests.push(Entries);
      const { status = 200, refuses } = bus.behaviour;
      const answers = Entries.map((entry) =>
        refuses(entry) ? { ErrorCode: "ThrottlingException", ErrorMessage: "slow down" } : { EventId: "e" },
      );
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
      response.end(
        JSON.stringify({ Entries: answers, FailedEntryCount: answers.filter((each) => "ErrorCode" in each).length }),
      );
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return Object.assign(bus, { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}` });
}

function makeAnnouncer(
  url: string,
  options: { readonly busName?: string; readonly capacity?: number } = { busName: "flashmm" },
) {
  const world = new VirtualTime();
  const recorder = makeRecorder();
  const client = new EventBridgeClient({
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  closing.push(() => client.destroy());
  // A request that hangs holds up no time: it is the deadline that ends it.
  const fault = { hangs: false };
  const never = () => new Promise<never>(() => undefined);
  client.middlewareStack.add((next) => (request) => (fault.hangs ? never() : world.hold(() => next(request))), {
    step: "initialize",
    priority: "high",
  });
  const announcer = new Announcer({
    client,
    busName: options.busName,
    clock: world.clock,
    rng: { next: () => 0.5 },
    log: recorder.log,
    ...(options.capacity === undefined ? {} : { capacity: options.capacity }),
  });
  closing.push(() => announcer.stop());
  return { announcer, world, recorder, fault };
}

const details = (entries: readonly Entry[]): unknown[] => entries.map((entry) => JSON.parse(entry.Detail).n);

describe("an event of the engine", () => {
  it("is on the bus as the contract says, with the time it was spoken", async () => {
    const bus = await startBus();
    const { announcer, world } = makeAnnouncer(bus.url);
    const at = world.clock.now().epochMs;
    announcer.announce("Quoting Halted", { market: "SEI/USDC", reason: "ALL: maintenance" });
    expect(bus.requests).toEqual([]);
    await world.until(() => announcer.counts.sent === 1, "the event");
    expect(bus.requests).toEqual([
      [
        {
          EventBusName: "flashmm",
          Source: "flashmm.engine",
          DetailType: "Quoting Halted",
          Detail: '{"market":"SEI/USDC","reason":"ALL: maintenance"}',
          Time: at / 1_000,
        },
      ],
    ]);
  });

  it("reaches a rule of the local bus", async () => {
    const world = new VirtualTime();
    const delivered: unknown[] = [];
    const server = await startEventBus({
      buses: ["flashmm"],
      rules: [
        {
          name: "r",
          bus: "flashmm",
          pattern: { source: ["flashmm.engine"] },
          targets: [{ functionName: "f", input: null }],
        },
      ],
      clock: world.clock,
      log: makeRecorder().log,
      deliver: (_name, event) => delivered.push(event) > 0,
    });
    closing.push(() => server.stop());
    const made = makeAnnouncer(server.url);
    made.announcer.announce("Feed Failed Over", { from: "a", to: "b" });
    await made.world.until(() => made.announcer.counts.sent === 1, "the event");
    expect(delivered).toEqual([
      expect.objectContaining({ "detail-type": "Feed Failed Over", detail: { from: "a", to: "b" } }),
    ]);
  });

  it("goes nowhere when no bus is named", async () => {
    const bus = await startBus();
    const { announcer, world } = makeAnnouncer(bus.url, {});
    announcer.announce("Quoting Halted", {});
    expect(announcer.counts.waiting).toBe(0);
    expect(await announcer.flush(1_000)).toBe(true);
    await world.pass(1_000);
    expect(bus.requests).toEqual([]);
  });

  it("that is too large is dropped and logged", async () => {
    const bus = await startBus();
    const { announcer, recorder } = makeAnnouncer(bus.url);
    announcer.announce("Risk Limit Breached", { text: "x".repeat(16_384) });
    expect(announcer.counts).toMatchObject({ waiting: 0, dropped: 1 });
    expect(recorder.lines).toEqual(["an event is too large to be announced"]);
  });
});

describe("many events", () => {
  it("go ten at a time, in order", async () => {
    const bus = await startBus();
    const { announcer, world } = makeAnnouncer(bus.url);
    for (let n = 0; n < 25; n++) announcer.announce("Risk Limit Breached", { n });
    await world.until(() => announcer.counts.sent === 25, "all events");
    expect(bus.requests.map((entries) => entries.length)).toEqual([10, 10, 5]);
    expect(bus.requests.flatMap(details)).toEqual(Array.from({ length: 25 }, (_, n) => n));
  });

  it("past the room drop the oldest, counted, and logged once a flood", async () => {
    const bus = await startBus();
    const { announcer, world, recorder } = makeAnnouncer(bus.url, { busName: "flashmm", capacity: 5 });
    for (let n = 0; n < 12; n++) announcer.announce("Risk Limit Breached", { n });
    expect(announcer.counts).toMatchObject({ waiting: 5, dropped: 7 });
    expect(recorder.lines).toEqual(["too many events wait to be announced, the oldest are dropped"]);
    await world.until(() => announcer.counts.waiting === 0, "the rest");
    expect(bus.requests.flatMap(details)).toEqual([7, 8, 9, 10, 11]);
  });

  it("of which the bus refuses some: those are sent again, the others are not", async () => {
    const bus = await startBus();
    const { announcer, world } = makeAnnouncer(bus.url);
    let refusals = 2;
    bus.behaviour = { refuses: (entry) => JSON.parse(entry.Detail).n % 2 === 1 && refusals-- > 0 };
    for (let n = 0; n < 4; n++) announcer.announce("Risk Limit Breached", { n });
    await world.until(() => announcer.counts.waiting === 0, "all events");
    expect(bus.requests.map(details)).toEqual([
      [0, 1, 2, 3],
      [1, 3],
    ]);
    expect(announcer.counts).toEqual({ waiting: 0, sent: 4, dropped: 0, sendFailures: 2 });
  });
});

describe("a bus that fails", () => {
  it("is tried eight times with growing pauses, then the event is given up", async () => {
    const bus = await startBus();
    const { announcer, world, recorder } = makeAnnouncer(bus.url);
    bus.behaviour = { refuses: () => false, status: 500 };
    announcer.announce("Quoting Halted", { n: 1 });
    const startedMs = world.clock.now().monotonicMs;
    await world.until(() => announcer.counts.dropped === 1, "the end of the attempts");
    expect(bus.requests).toHaveLength(8);
    const tookMs = world.clock.now().monotonicMs - startedMs;
    expect(tookMs).toBeGreaterThan(10_000);
    expect(tookMs).toBeLessThan(40_000);
    expect(announcer.counts).toEqual({ waiting: 0, sent: 0, dropped: 1, sendFailures: 8 });
    expect(recorder.lines).toContain("events could not be announced and are given up");
    // What comes later is sent once the bus is back.
    bus.behaviour = { refuses: () => false };
    announcer.announce("Quoting Resumed", { n: 2 });
    await world.until(() => announcer.counts.sent === 1, "the next event");
  });

  it("that does not answer is left after three seconds, and asked again", async () => {
    const bus = await startBus();
    const { announcer, world, fault } = makeAnnouncer(bus.url);
    fault.hangs = true;
    announcer.announce("Quoting Halted", { n: 1 });
    await world.pass(3_019);
    expect(announcer.counts.sendFailures).toBe(0);
    await world.pass(2);
    expect(announcer.counts.sendFailures).toBe(1);
    fault.hangs = false;
    await world.until(() => announcer.counts.sent === 1, "the next attempt");
  });

  it("that is not there keeps the event until it is", async () => {
    const { announcer, world, recorder } = makeAnnouncer("http://127.0.0.1:1");
    announcer.announce("Quoting Halted", { n: 1 });
    expect(await world.settled(announcer.flush(2_000), "the flush")).toBe(false);
    expect(announcer.counts.waiting).toBe(1);
    expect(recorder.lines).toContain("the bus could not be reached");
  });
});

describe("a flush", () => {
  it("sends at once what would wait for its pause, and tells when nothing is left", async () => {
    const bus = await startBus();
    const { announcer, world } = makeAnnouncer(bus.url);
    bus.behaviour = { refuses: () => true };
    announcer.announce("Quoting Halted", { n: 1 });
    await world.until(() => announcer.counts.sendFailures === 5, "pauses of seconds");
    bus.behaviour = { refuses: () => false };
    const startedMs = world.clock.now().monotonicMs;
    expect(await world.settled(announcer.flush(1_000), "the flush")).toBe(true);
    expect(world.clock.now().monotonicMs).toBe(startedMs);
  });

  it("does not outlast its time, and nothing is sent after the stop", async () => {
    const bus = await startBus();
    const { announcer, world } = makeAnnouncer(bus.url);
    bus.behaviour = { refuses: () => true };
    announcer.announce("Quoting Halted", { n: 1 });
    expect(await world.settled(announcer.flush(300), "the flush")).toBe(false);
    announcer.stop();
    const count = bus.requests.length;
    announcer.announce("Quoting Halted", { n: 2 });
    await world.pass(60_000);
    expect(bus.requests.length).toBe(count);
  });
});
