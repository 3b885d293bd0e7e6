/**
 * Processes that want one lease, each on a machine of its own: own clocks, own connection to the table. Owns what may go
 * wrong with them: pauses, freezes, jumps of the wall clock, crashes, and each way in which a request can fail.
 */
import { type DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { Lease } from "../../fargate/lease.ts";
import type { Acquisition, LeaseEvent } from "../../fargate/lease-types.ts";
import type { Clock, Rng } from "../../fargate/seams.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { makeRecorder, startTable } from "./driven-world.ts";

export const NETWORKS = [
  "up",
  "refused",
  "requests-hang",
  "answers-hang",
  "answers-lost",
  "slow-answers",
  "late",
] as const;
/** `late`: a request takes effect after its call was given up, whatever has become of its sender. */
export type Network = (typeof NETWORKS)[number];

const LATE_MS = 2_100;
/** Within the deadline of a call, also under the shortest term. */
const SLOW_MS = 500;

type Table = Awaited<ReturnType<typeof startTable>>;

type StartOptions = { readonly termMs?: number; readonly epochMin?: number };

export class LeaseWorld {
  readonly driven = new VirtualTime();
  readonly hosts: LeaseHost[] = [];
  readonly #table: Table;
  readonly #shard: string;
  readonly #termMs: number;

  constructor(table: Table, shard: string, termMs: number) {
    this.#table = table;
    this.#shard = shard;
    this.#termMs = termMs;
  }

  /** A process that asks for the lease from now on. */
  start(engineId: string, { termMs = this.#termMs, epochMin = 0 }: StartOptions = {}): LeaseHost {
    const host = new LeaseHost(this.driven, this.hosts.length + 1, engineId, {
      termMs,
      epochMin,
      shard: this.#shard,
      tableName: this.#table.tableName,
      makeClient: (gate) => this.#table.makeClient(this.driven, gate),
    });
    this.hosts.push(host);
    return host;
  }

  async pass(durationMs: number): Promise<void> {
    await this.driven.pass(durationMs);
  }

  /** Passes time until it holds, at most for `withinMs`; answers how long it took, in steps of 50 ms. */
  async passUntil(isDone: () => boolean, withinMs: number): Promise<number> {
    let passedMs = 0;
    for (; !isDone(); passedMs += 50) {
      if (passedMs >= withinMs) throw new Error(`it must hold within ${withinMs} ms`);
      await this.pass(50);
    }
    return passedMs;
  }

  end(): void {
    for (const host of this.hosts) host.crash();
  }
}

export class LeaseHost {
  readonly lease: Lease;
  readonly events: LeaseEvent[] = [];
  readonly waits: string[] = [];
  /** The names of the requests that it sent. */
  readonly requests: string[] = [];
  network: Network = "up";
  acquired: Acquisition | undefined;
  isCrashed = false;
  readonly #world: VirtualTime;
  readonly #client: DynamoDBClient;
  #nextWrite: Network | undefined;
  #hasFailedWrite = false;
  #wallJumpMs = 0;
  /** What the monotonic clock lost while the machine was frozen. */
  #frozenMs = 0;
  #sleep:
    | { readonly sinceMs: number; readonly isFrozen: boolean; readonly over: PromiseWithResolvers<void> }
    | undefined;

  constructor(
    world: VirtualTime,
    seed: number,
    engineId: string,
    options: {
      readonly termMs: number;
      readonly epochMin: number;
      readonly shard: string;
      readonly tableName: string;
      readonly makeClient: (gate: (step: string) => Promise<void>) => DynamoDBClient;
    },
  ) {
    const { makeClient, epochMin, ...of } = options;
    this.#world = world;
    this.#client = makeClient((step) => this.#gate(step));
    this.#client.send = new Proxy(this.#client.send, {
      apply: (send, _, [command, ...rest]) => {
        this.#note(command.constructor.name);
        return Reflect.apply(send, this.#client, [command, ...rest]);
      },
    });
    this.lease = new Lease({
      ...of,
      client: this.#client,
      engineId,
      clock: this.clock,
      rng: makeRng(seed),
      log: makeRecorder().log,
      heartbeat: () => ({ feed: "connected", openOrders: 4, markets: ["SEI/USDC"] }),
      onState: (event) => this.events.push(event),
      onWait: (detail) => this.waits.push(detail),
    });
    void this.lease.acquire(epochMin).then((acquired) => {
      this.acquired = acquired;
    });
  }

  readonly clock: Clock = {
    now: () => {
      const now = this.#world.clock.now();
      return { monotonicMs: this.#monotonicMs, epochMs: now.epochMs + this.#wallJumpMs };
    },
    after: (delayMs, callback) => {
      const dueMs = this.#monotonicMs + delayMs;
      let isStopped = false;
      const fire = () => {
        if (isStopped) return;
        if (this.#sleep !== undefined) void this.#sleep.over.promise.then(arm);
        else if (this.#monotonicMs < dueMs - 0.001) arm();
        else callback();
      };
      const arm = () => this.#world.clock.after(Math.max(0, dueMs - this.#monotonicMs), fire);
      arm();
      return () => {
        isStopped = true;
      };
    },
  };

  get epoch(): number | null {
    return this.lease.state().epoch;
  }

  get status(): string {
    return this.lease.state().status;
  }

  get eventTypes(): readonly string[] {
    return this.events.map(({ type }) => type);
  }

  reasonNotToPlace(): string | undefined {
    return this.lease.reasonNotToPlace(this.clock.now());
  }

  /** Whether it is awake and would place. */
  isPlacing(): boolean {
    return this.#sleep === undefined && this.reasonNotToPlace() === undefined;
  }

  /** Lets the next write meet `network`, and all after it a network that is up. */
  failNextWrite(network: Network): void {
    this.#nextWrite = network;
  }

  /** Stands still; `isFrozen`: with its monotonic clock, as a suspended machine does. */
  pause(isFrozen: boolean): void {
    if (this.#sleep !== undefined) return;
    this.#sleep = { sinceMs: this.#worldMs, isFrozen, over: Promise.withResolvers<void>() };
  }

  /** Goes on. Its timers and answers come after the caller's next lines. */
  wake(): void {
    if (this.#sleep === undefined || this.isCrashed) return;
    const { sinceMs, isFrozen, over } = this.#sleep;
    if (isFrozen) this.#frozenMs += this.#worldMs - sinceMs;
    this.#sleep = undefined;
    over.resolve();
  }

  crash(): void {
    this.pause(false);
    this.isCrashed = true;
    this.#client.destroy();
  }

  jumpWall(byMs: number): void {
    this.#wallJumpMs += byMs;
  }

  get #worldMs(): number {
    return this.#world.clock.now().monotonicMs;
  }

  /** As it stood when a freeze began, until it is over. */
  get #monotonicMs(): number {
    const atMs = this.#sleep?.isFrozen === true ? this.#sleep.sinceMs : this.#worldMs;
    return atMs - this.#frozenMs;
  }

  #note(name: string): void {
    this.requests.push(name);
    if (this.#hasFailedWrite) this.network = "up";
    this.#hasFailedWrite = this.#nextWrite !== undefined && name === "UpdateItemCommand";
    if (!this.#hasFailedWrite || this.#nextWrite === undefined) return;
    this.network = this.#nextWrite;
    this.#nextWrite = undefined;
  }

  async #gate(step: string): Promise<void> {
    await this.#sleep?.over.promise;
    if (step.startsWith("before")) {
      if (this.network === "refused") throw new Error("connect ECONNREFUSED");
      if (this.network === "requests-hang") await new Promise(() => undefined);
      if (this.network === "late") await new Promise<void>((resolve) => this.#world.clock.after(LATE_MS, resolve));
      return;
    }
    if (this.network === "answers-hang") await new Promise(() => undefined);
    if (this.network === "slow-answers")
      await new Promise<void>((resolve) => this.#world.clock.after(SLOW_MS, resolve));
    await this.#sleep?.over.promise;
    if (this.network === "answers-lost") throw new Error("socket hang up");
  }
}

/** A table, and worlds of which each has a lease of its own in it. */
export async function makeLeases(termMs: number) {
  const table = await startTable();
  const worlds: LeaseWorld[] = [];
  let shards = 0;

  function makeWorld() {
    shards += 1;
    const shard = `shard-${shards}`;
    const world = new LeaseWorld(table, shard, termMs);
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

  return {
    makeWorld,
    makeHeld,
    endWorlds: () => {
      for (const world of worlds.splice(0)) world.end();
    },
    stop: () => table.stop(),
  };
}

/** Chance that a seed repeats (mulberry32). */
function makeRng(seed: number): Rng {
  let state = seed;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
