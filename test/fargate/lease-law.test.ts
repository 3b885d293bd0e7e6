import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { startTable } from "./driven-world.ts";
import { type LeaseHost, LeaseWorld, NETWORKS } from "./lease-world.ts";

/** The shortest term there is: every margin is at its smallest. */
const TERM_MS = 3_000;
const SLICE_MS = 100;
const HOSTS = 3;

const table = await startTable();
afterAll(() => table.stop());

const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant("pause" as const), isFrozen: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("wake" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("crash and start anew" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("release and start anew" as const) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("network" as const), network: fc.constantFrom(...NETWORKS) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("jump" as const),
      byMs: fc.constantFrom(-3_600_000, -2_000, 2_000, 3_600_000),
    }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

const step = fc.record({
  // Mostly about the holder: the others are in nobody's way.
  whom: fc.constantFrom("holder" as const, 0, 1, 2),
  action,
  thenMs: fc.integer({ min: 1, max: 25 }).map((slices) => slices * SLICE_MS),
});

let shards = 0;

/** The processes of one schedule, and the law, looked at whenever time has passed or something was done to one of them. */
class Schedule {
  readonly world: LeaseWorld;
  readonly slots: LeaseHost[] = [];
  readonly epochs = new Map<LeaseHost, number>();
  #epochPlaced = 0;

  constructor() {
    shards += 1;
    this.world = new LeaseWorld(table, `law-${shards}`, TERM_MS);
    for (let slot = 0; slot < HOSTS; slot += 1) this.start(slot);
  }

  start(slot: number): void {
    this.slots[slot] = this.world.start("task");
  }

  async pass(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += SLICE_MS) {
      await this.world.pass(SLICE_MS);
      this.check();
      for (const [slot, host] of this.slots.entries()) if (host.status === "lost") this.start(slot);
    }
  }

  act(whom: "holder" | number, of: Action): void {
    const placing = this.slots.findIndex((host) => host.isPlacing());
    const slot = whom === "holder" ? Math.max(0, placing) : whom;
    const host = this.slots[slot];
    if (host === undefined) return;
    switch (of.type) {
      case "pause":
        host.pause(of.isFrozen);
        break;
      case "wake":
        for (const each of this.slots) each.wake();
        break;
      case "network":
        host.network = of.network;
        break;
      case "jump":
        host.jumpWall(of.byMs);
        break;
      case "crash and start anew":
        host.crash();
        this.start(slot);
        break;
      case "release and start anew":
        void host.lease.release();
        this.start(slot);
        break;
    }
    this.check();
  }

  /** At most one may place, and none with an epoch older than one that placed before. */
  check(): void {
    const placing = this.world.hosts.filter((host) => host.isPlacing());
    expect(placing.length).toBeLessThanOrEqual(1);
    for (const host of placing) {
      const epoch = host.epoch ?? 0;
      expect(epoch).toBeGreaterThanOrEqual(this.#epochPlaced);
      this.#epochPlaced = epoch;
    }
    for (const host of this.world.hosts) if (host.epoch !== null) this.epochs.set(host, host.epoch);
    expect(new Set(this.epochs.values()).size).toBe(this.epochs.size);
  }
}

describe("the law of the lease", () => {
  it("whatever happens to three tasks, no two may place at once, epochs grow, and one is left in the end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 16 }), async (steps) => {
        const schedule = new Schedule();
        try {
          await schedule.pass(500);
          for (const { whom, action: of, thenMs } of steps) {
            schedule.act(whom, of);
            await schedule.pass(thenMs);
          }
          for (const host of schedule.slots) {
            host.wake();
            host.network = "up";
          }
          schedule.check();
          await schedule.pass(5 * TERM_MS);
          expect(schedule.slots.filter((host) => host.isPlacing())).toHaveLength(1);
        } finally {
          schedule.world.end();
        }
      }),
      { numRuns: 10 },
    );
  }, 60_000);
});
