import { GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { startTable } from "./driven-world.ts";
import { LeaseWorld } from "./lease-world.ts";

const TERM_MS = 10_000;
/** A record must have stood still for the term and 5 %, and is looked at when that is over. */
const TAKE_OVER_MS = 10_500;

const table = await startTable();
const worlds: LeaseWorld[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.end();
});
afterAll(() => table.stop());

let shards = 0;

function makeWorld() {
  shards += 1;
  const shard = `shard-${shards}`;
  const world = new LeaseWorld(table, shard, TERM_MS);
  worlds.push(world);
  const key = { pk: { S: "LEASE" }, sk: { S: shard } };
  return {
    world,
    put: (item: Record<string, { readonly S: string } | { readonly N: string }>) =>
      table.client.send(new PutItemCommand({ TableName: table.tableName, Item: { ...key, ...item } })),
    read: async () =>
      (await table.client.send(new GetItemCommand({ TableName: table.tableName, Key: key, ConsistentRead: true })))
        .Item,
    /** Another process takes it, whatever stands there. */
    seize: () =>
      table.client.send(
        new UpdateItemCommand({
          TableName: table.tableName,
          Key: key,
          UpdateExpression: "SET #owner = :other ADD epoch :one, version :one",
          ExpressionAttributeNames: { "#owner": "owner" },
          ExpressionAttributeValues: { ":other": { S: "task-z/0000000f" }, ":one": { N: "1" } },
        }),
      ),
  };
}

/** A world in which `task-a` holds the lease since just now. */
async function makeHeld() {
  const made = makeWorld();
  const a = made.world.start("task-a");
  await made.world.passUntil(() => a.isPlacing(), 1_000);
  return { ...made, a };
}

describe("acquiring the lease", () => {
  it("a free lease is taken at once, with epoch 1, and the item says by whom", async () => {
    const { a, read } = await makeHeld();
    expect(a.acquired).toEqual({ type: "acquired", epoch: 1, isTakenOver: false });
    expect(a.lease.owner).toMatch(/^task-a\/[0-9a-f]{8}$/);
    expect(await read()).toMatchObject({
      owner: { S: a.lease.owner },
      epoch: { N: "1" },
      version: { N: "1" },
      heartbeatAt: { S: expect.stringMatching(/^2026-01-02T00:00:0\d\.\d{3}Z$/) },
      feed: { S: "connected" },
      openOrders: { N: "4" },
    });
    expect(a.lease.state()).toMatchObject({ heldBy: a.lease.owner, epoch: 1, status: "held" });
    expect(a.eventTypes).toEqual(["held"]);
  });

  it.each([
    { was: "only an epoch, as earlier versions left it", item: { epoch: { N: "41" } }, epoch: 42 },
    { was: "an empty owner", item: { owner: { S: "" }, epoch: { N: "5" }, version: { N: "9" } }, epoch: 6 },
    { was: "none of the attributes", item: { feed: { S: "connected" } }, epoch: 1 },
  ])("an item with $was is free, and its epoch goes on growing", async ({ item, epoch }) => {
    const { world, put } = makeWorld();
    await put(item);
    const a = world.start("task-a");
    await world.passUntil(() => a.isPlacing(), 1_000);
    expect(a.acquired).toEqual({ type: "acquired", epoch, isTakenOver: false });
  });

  it("an item that cannot be read is told and waited for, never overwritten", async () => {
    const { world, put } = makeWorld();
    await put({ epoch: { N: "1.5" } });
    const a = world.start("task-a");
    await world.pass(30_000);
    expect(a.isPlacing()).toBe(false);
    expect(a.waits.at(-1)).toMatch(
      /^the table cannot be read: epoch of LEASE shard-\d+ must be a non-negative integer/,
    );
    await put({ epoch: { N: "1" } });
    await world.passUntil(() => a.isPlacing(), 8_000);
  });

  it("of two started at once exactly one wins, also with the same engine id", async () => {
    const { world } = makeWorld();
    const hosts = [world.start("task-a"), world.start("task-a")];
    expect(hosts[0]?.lease.owner).not.toBe(hosts[1]?.lease.owner);
    await world.pass(60_000);
    expect(hosts.filter((host) => host.isPlacing())).toHaveLength(1);
    expect(hosts.filter(({ acquired }) => acquired !== undefined)).toHaveLength(1);
  });

  it("the lease of a holder that crashed is taken over after the term and not before", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(2_000);
    a.crash();
    const renewals = a.requests.length;
    const tookMs = await world.passUntil(() => b.isPlacing(), 20_000);
    expect(a.requests).toHaveLength(renewals);
    expect(b.acquired).toEqual({ type: "acquired", epoch: 2, isTakenOver: true });
    // First seen at most 0.1 s after `b` began to look, two seconds before the crash.
    expect(tookMs).toBeGreaterThan(TAKE_OVER_MS - 2_100);
    expect(tookMs).toBeLessThanOrEqual(TAKE_OVER_MS + 100);
    expect(b.waits[0]).toBe(`held by ${a.lease.owner}, epoch 1, unchanged for 0.0 s of 10.5 s`);
    expect(b.waits).toContainEqual(expect.stringMatching(/epoch 1, unchanged for 9\.\d s of 10\.5 s$/));
  });

  it("a standby never takes the lease of a holder that renews", async () => {
    const { world, a, read } = await makeHeld();
    const b = world.start("task-b");
    for (let second = 0; second < 300; second += 1) {
      await world.pass(1_000);
      expect(a.reasonNotToPlace()).toBeUndefined();
    }
    expect(b.acquired).toBeUndefined();
    expect(b.reasonNotToPlace()).toBe("the lease is not ours yet");
    expect(b.lease.state()).toMatchObject({ status: "waiting", heldBy: a.lease.owner, epoch: null, validForMs: null });
    expect(a.eventTypes).toEqual(["held"]);
    const item = await read();
    expect(Number(item?.["version"]?.N)).toBeGreaterThanOrEqual(90);
    expect(item?.["epoch"]).toEqual({ N: "1" });
  });

  it.each(["answers-lost", "answers-hang"] as const)(
    "a grant whose answer is lost is found in the record (%s)",
    async (network) => {
      const { world, read } = makeWorld();
      const a = world.start("task-a");
      a.failNextWrite(network);
      await world.pass(150);
      expect((await read())?.["owner"]).toEqual({ S: a.lease.owner });
      expect(a.acquired).toBeUndefined();
      await world.passUntil(() => a.isPlacing(), 4_000);
      expect(a.acquired).toEqual({ type: "acquired", epoch: 1, isTakenOver: false });
      // The term began when the write was sent.
      expect(a.lease.state().validForMs).toBeLessThan(TERM_MS - 150);
    },
  );

  it("a standby that cannot read the table says so, and its waiting goes on", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(500);
    a.crash();
    b.network = "refused";
    await world.pass(60_000);
    expect(b.acquired).toBeUndefined();
    expect(b.waits.at(-1)).toBe("the table cannot be read: connect ECONNREFUSED");
    // Exponential and bounded: at most 5 s (and jitter) apart.
    expect(b.requests.length).toBeGreaterThan(10);
    expect(b.requests.length).toBeLessThan(25);
    b.network = "up";
    await world.passUntil(() => b.isPlacing(), 8_000);
    expect(b.acquired).toMatchObject({ epoch: 2, isTakenOver: true });
  });

  it("a version that moved starts the waiting anew", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(500);
    b.network = "refused";
    await world.pass(9_000);
    a.crash();
    await world.pass(2_000);
    b.network = "up";
    const tookMs = await world.passUntil(() => b.isPlacing(), 30_000);
    expect(tookMs).toBeGreaterThanOrEqual(TAKE_OVER_MS);
  });

  it("a stop ends the waiting, and nothing was written", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(2_000);
    b.lease.stop();
    await world.pass(0);
    expect(b.acquired).toEqual({ type: "stopped" });
    expect(await world.driven.settled(b.lease.release(), "the release")).toBe(true);
    expect(b.requests).not.toContain("UpdateItemCommand");
    expect(a.isPlacing()).toBe(true);
  });
});

describe("holding the lease", () => {
  it("a renewal whose answer is lost is found in the record", async () => {
    const { world, a, read } = await makeHeld();
    a.failNextWrite("answers-lost");
    await world.passUntil(() => a.requests.filter((name) => name === "UpdateItemCommand").length === 2, 4_000);
    expect((await read())?.["version"]).toEqual({ N: "2" });
    for (let second = 0; second < 20; second += 1) {
      await world.pass(1_000);
      expect(a.reasonNotToPlace()).toBeUndefined();
    }
    expect(a.eventTypes).not.toContain("expiring");
  });

  it("a renewal that is done late, when it was given up, is adopted with the moment it was sent", async () => {
    const { world, a } = await makeHeld();
    a.failNextWrite("late");
    await world.passUntil(() => a.requests.filter((name) => name === "UpdateItemCommand").length === 2, 4_000);
    await world.pass(20_000);
    expect(a.isPlacing()).toBe(true);
    expect(a.eventTypes).not.toContain("expiring");
  });

  it("a term begins when its write was sent, not when it was answered", async () => {
    const { world, a } = await makeHeld();
    a.failNextWrite("slow-answers");
    const left = () => a.lease.state().validForMs ?? 0;
    let before = left();
    for (; left() <= before; await world.pass(50)) before = left();
    expect(left()).toBeLessThanOrEqual(TERM_MS - 450);
    expect(left()).toBeGreaterThan(TERM_MS - 700);
  });

  it("one renewal that hangs does not cost the quotes", async () => {
    const { world, a } = await makeHeld();
    a.failNextWrite("requests-hang");
    await world.passUntil(() => a.requests.filter((name) => name === "UpdateItemCommand").length === 2, 4_000);
    await world.pass(30_000);
    expect(a.eventTypes).toEqual(["held"]);
  });

  it("a table out of reach for 2/3 of the term ends the placing, and a later renewal begins it again", async () => {
    const { world, a } = await makeHeld();
    const heldMs = TERM_MS - (a.lease.state().validForMs ?? 0);
    a.network = "refused";
    const tookMs = await world.passUntil(() => a.eventTypes.includes("expiring"), 8_000);
    expect(heldMs + tookMs).toBeGreaterThanOrEqual(6_600);
    expect(heldMs + tookMs).toBeLessThanOrEqual(6_750);
    expect(a.reasonNotToPlace()).toMatch(/^the lease was renewed 6\.[67] s ago, of 10 s$/);
    expect(a.events.at(-1)).toEqual({ type: "expiring", reason: "not renewed, the term ends in 3.3 s" });
    await world.pass(60_000);
    expect(a.lease.state()).toMatchObject({ status: "expiring", validForMs: 0 });
    // About one attempt a second: a write, and a read when it failed.
    expect(a.requests.length).toBeLessThan(180);
    a.network = "up";
    await world.passUntil(() => a.isPlacing(), 2_000);
    expect(a.eventTypes).toEqual(["held", "expiring", "held"]);
    expect(a.epoch).toBe(1);
  });

  it("a holder out of reach that was followed by another loses the lease for good", async () => {
    const { world, a, read } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(1_000);
    a.network = "refused";
    await world.passUntil(() => b.isPlacing(), 20_000);
    a.network = "up";
    await world.passUntil(() => a.status === "lost", 2_000);
    expect(a.eventTypes).toEqual(["held", "expiring", "lost"]);
    expect(a.events.at(-1)).toEqual({ type: "lost", reason: `held by ${b.lease.owner}, epoch 2` });
    expect(a.reasonNotToPlace()).toBe("the lease is lost");
    expect(a.lease.state()).toMatchObject({ heldBy: b.lease.owner, epoch: 1, validForMs: null, status: "lost" });
    const requests = a.requests.length;
    await world.pass(60_000);
    expect(await a.lease.release()).toBe(false);
    expect(a.requests).toHaveLength(requests);
    expect((await read())?.["owner"]).toEqual({ S: b.lease.owner });
  });

  it("a lease that is seized under its holder is lost with the next renewal", async () => {
    const { world, a, seize } = await makeHeld();
    await seize();
    await world.passUntil(() => a.status === "lost", 4_000);
    expect(a.eventTypes).toEqual(["held", "doubt", "lost"]);
  });

  it("a paused holder that wakes after it was followed places nothing, and finds the lease lost", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(1_000);
    a.pause(false);
    await world.passUntil(() => b.isPlacing(), 20_000);
    a.wake();
    expect(a.reasonNotToPlace()).toMatch(/^the lease was renewed 1\d\.\d s ago, of 10 s$/);
    await world.passUntil(() => a.status === "lost", 1_000);
    expect(b.isPlacing()).toBe(true);
  });

  it("a stop without a release ends the placing, and the next waits for the term", async () => {
    const { world, a } = await makeHeld();
    a.lease.stop();
    expect(a.reasonNotToPlace()).toBe("the lease is not renewed any more");
    const b = world.start("task-b");
    expect(await world.passUntil(() => b.isPlacing(), 20_000)).toBeGreaterThanOrEqual(TAKE_OVER_MS);
    expect(b.acquired).toMatchObject({ isTakenOver: true });
  });
});

describe("clocks that part", () => {
  it("a machine that was frozen with its monotonic clock places nothing until it has read", async () => {
    const { world, a } = await makeHeld();
    a.pause(true);
    await world.pass(3_000);
    const requests = a.requests.length;
    a.wake();
    expect(a.reasonNotToPlace()).toBe("the lease is in doubt: the wall clock moved 3.0 s against the monotonic clock");
    await world.passUntil(() => a.isPlacing(), 500);
    expect(a.requests.slice(requests)).toEqual(["GetItemCommand"]);
    expect(a.eventTypes).toEqual(["held", "doubt", "held"]);
    // What was lost is taken off the term all the same.
    expect(a.lease.state().validForMs).toBeLessThanOrEqual(TERM_MS - 3_000);
  });

  it("a machine frozen for longer than the term places nothing, though its monotonic clock says that it may", async () => {
    const { world, a } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(500);
    a.pause(true);
    await world.passUntil(() => b.isPlacing(), 20_000);
    a.wake();
    expect(a.reasonNotToPlace()).toMatch(/^the lease is in doubt/);
    await world.passUntil(() => a.status === "lost", 500);
    expect(a.eventTypes).toEqual(["held", "doubt", "lost"]);
  });

  it("a freeze that may have used up the term needs a renewal, not only a read", async () => {
    const { world, a, read } = await makeHeld();
    a.pause(true);
    await world.pass(9_000);
    const requests = a.requests.length;
    a.wake();
    await world.passUntil(() => a.isPlacing(), 500);
    expect(a.requests.slice(requests)).toEqual(["GetItemCommand", "UpdateItemCommand"]);
    expect((await read())?.["version"]).toEqual({ N: "2" });
    expect(a.eventTypes).toEqual(["held", "doubt", "held"]);
  });

  it("a freeze is found by the lease's own timer too", async () => {
    const { world, a } = await makeHeld();
    a.pause(true);
    await world.pass(2_000);
    a.wake();
    await world.pass(600);
    expect(a.eventTypes).toEqual(["held", "doubt", "held"]);
  });

  it("a long freeze with the table out of reach pulls the quotes", async () => {
    const { world, a } = await makeHeld();
    a.pause(true);
    await world.pass(8_000);
    a.wake();
    a.network = "refused";
    await world.pass(600);
    expect(a.eventTypes).toEqual(["held", "doubt", "expiring"]);
    a.network = "up";
    await world.passUntil(() => a.isPlacing(), 2_000);
  });

  it.each([
    { jump: "+1 h", byMs: 3_600_000, requests: ["GetItemCommand", "UpdateItemCommand"] },
    { jump: "-1 h", byMs: -3_600_000, requests: ["GetItemCommand"] },
    { jump: "+2 s", byMs: 2_000, requests: ["GetItemCommand"] },
    { jump: "+0.9 s", byMs: 900, requests: [] },
  ])("a wall clock that jumps by $jump costs one check and no quote", async ({ byMs, requests }) => {
    const { world, a } = await makeHeld();
    const before = a.requests.length;
    a.jumpWall(byMs);
    expect(a.isPlacing()).toBe(requests.length === 0);
    await world.pass(600);
    expect(a.requests.slice(before)).toEqual(requests);
    expect(a.isPlacing()).toBe(true);
    await world.pass(60_000);
    expect(a.eventTypes).toEqual(requests.length === 0 ? ["held"] : ["held", "doubt", "held"]);
    expect(a.requests.filter((name) => name === "GetItemCommand")).toHaveLength(requests.length === 0 ? 1 : 2);
  });

  it("a wall clock that jumps all the time is checked about once a second", async () => {
    const { world, a } = await makeHeld();
    for (let moment = 0; moment < 400; moment += 1) {
      a.jumpWall(moment % 2 === 0 ? 5_000 : -5_000);
      a.reasonNotToPlace();
      await world.pass(50);
    }
    expect(a.requests.length).toBeLessThan(60);
  });
});

describe("releasing the lease", () => {
  it("the next one is in at once, with nothing to wait for", async () => {
    const { world, a, read } = await makeHeld();
    const b = world.start("task-b");
    await world.pass(3_000);
    const released = a.lease.release();
    expect(a.reasonNotToPlace()).toBe("the lease is released");
    expect(await world.driven.settled(released, "the release")).toBe(true);
    expect(await world.passUntil(() => b.isPlacing(), 2_000)).toBeLessThanOrEqual(1_300);
    expect(b.acquired).toEqual({ type: "acquired", epoch: 2, isTakenOver: false });
    expect(a.lease.state()).toMatchObject({ status: "released", heldBy: null, validForMs: null });
    await world.pass(30_000);
    expect((await read())?.["owner"]).toEqual({ S: b.lease.owner });
    expect(a.eventTypes).toEqual(["held"]);
  });

  it("the item keeps its epoch, and its version grows", async () => {
    const { world, a, read } = await makeHeld();
    await world.driven.settled(a.lease.release(), "the release");
    const item = await read();
    expect(item).toMatchObject({ epoch: { N: "1" }, version: { N: "2" } });
    expect(item).not.toHaveProperty("owner");
  });

  it("a release whose answer is lost is asked for again, and is known to be done", async () => {
    const { world, a, read } = await makeHeld();
    a.network = "answers-lost";
    const released = a.lease.release();
    await world.pass(100);
    a.network = "up";
    expect(await world.driven.settled(released, "the release")).toBe(true);
    expect(await read()).not.toHaveProperty("owner");
  });

  it("a table out of reach is asked three times, then the release is not known", async () => {
    const { world, a } = await makeHeld();
    a.network = "requests-hang";
    const before = a.requests.length;
    expect(await world.driven.settled(a.lease.release(), "the release")).toBe(false);
    expect(a.requests.slice(before)).toEqual(Array(3).fill("UpdateItemCommand"));
    expect(a.lease.state().detail).toBe("not known to be released: the table did not answer");
    expect(a.isPlacing()).toBe(false);
  });

  it("a lease that another has taken is lost, not released", async () => {
    const { world, a, seize, read } = await makeHeld();
    await seize();
    expect(await world.driven.settled(a.lease.release(), "the release")).toBe(false);
    expect(a.status).toBe("lost");
    expect((await read())?.["owner"]).toEqual({ S: "task-z/0000000f" });
  });

  it("a renewal still under way does not bring a released lease back", async () => {
    const { world, a, read } = await makeHeld();
    a.failNextWrite("late");
    await world.passUntil(() => a.requests.filter((name) => name === "UpdateItemCommand").length === 2, 4_000);
    expect(await world.driven.settled(a.lease.release(), "the release")).toBe(true);
    await world.pass(5_000);
    expect(await read()).not.toHaveProperty("owner");
  });

  it("a grant still under way when the task was stopped is released too", async () => {
    const { world, read } = makeWorld();
    const a = world.start("task-a");
    a.failNextWrite("answers-hang");
    await world.pass(100);
    expect(await world.driven.settled(a.lease.release(), "the release")).toBe(true);
    expect(a.acquired).toEqual({ type: "stopped" });
    expect(await read()).not.toHaveProperty("owner");
  });
});
