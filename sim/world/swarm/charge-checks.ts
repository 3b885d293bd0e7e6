/**
 * Who may act for the shard, judged by what the table has carried out: placings within the lease's term, the quiet wait after a
 * take-over, the dead man's silence and his duty, and checkpoints behind the queue. Owns these rules; `docs/invariants.md` lists them.
 */
import type { HandMadeExchange } from "../../exchange/hand-made-exchange.ts";
import type { ScenarioWorld } from "../scenario-world.ts";
import type { ArrivalEntry } from "../venue-record.ts";
import type { Checks } from "./checks.ts";
import type { EcsService } from "./ecs-service.ts";
import type { Functions } from "./functions.ts";
import { shareOf } from "./traffic.ts";

/** CONTRACTS 3: a placing can arrive for so long after it was signed. */
const PLACING_LIFETIME_MS = 10_000;
/** The dead man looks at the lease before each batch of cancels; a task that is back then may meet those on their way. */
const BACK_MS = 10_000;
/** Silence of 30 s, the sweep after it, its watching, and one sweep more. */
const GUARDED_MS = 240_000;
const LOOK_MS = 1_000;
const SLACK_MS = 60;

type Lease = {
  readonly owner: string;
  readonly termMs: number;
  /** World time of the last write that the table carried out. */
  writtenMs: number;
  isReleased: boolean;
};

export type ChargeChecksInput = {
  readonly world: ScenarioWorld<HandMadeExchange>;
  readonly service: EcsService;
  readonly functions: Functions;
  readonly checks: Checks;
};

export class ChargeChecks {
  readonly #input: ChargeChecksInput;
  readonly #leases = new Map<number, Lease>();
  readonly #placed = new Set<number>();
  /** Ids on the queue so far, by market. */
  readonly #queued = new Map<string, Set<string>>();
  #queuedRead = 0;
  #holder: number | undefined;
  #writtenMs = 0;
  /** When it was last written after a whole term without a write. */
  #backMs = 0;
  #entry = 0;
  #lookedMs = 0;
  /** Since when nobody has run, and nothing has kept the dead man from his work. */
  #aloneMs: number | undefined;
  #kills = 0;

  constructor(input: ChargeChecksInput) {
    this.#input = input;
    const { world, functions } = input;
    const { table, invariants, time, tasks } = world;
    const { hosts } = functions;
    const { requestsPerSecond } = world.config.cambrian;
    const holder = () => this.#leases.get(this.#holder ?? -1)?.owner;
    invariants.shareOf = (process) => shareOf(process, { time, tasks, requestsPerSecond, hosts, holder });
    const told = table.onWrite;
    table.onWrite = (body) => {
      told?.(body);
      if (body.includes('"LEASE"')) this.#leaseWritten(body);
      else if (body.includes('"FILLS"')) this.#checkpointWritten(body);
    };
  }

  /** After every event. Throws `InvariantError`. */
  look(): void {
    const { world, checks } = this.#input;
    const { entries } = world.record;
    for (; this.#entry < entries.length; this.#entry += 1) {
      const entry = entries[this.#entry];
      if (entry?.type !== "arrival") continue;
      if (entry.route === "place") this.#checkPlacing(entry);
      if (entry.route === "cancel" && entry.process.startsWith("health-sweep")) this.#checkDeadMan(entry);
    }
    const { nowMs } = world.time;
    // At each event: what hinders may last for less than a second.
    if (!this.#isAlone()) this.#aloneMs = undefined;
    else this.#aloneMs ??= nowMs;
    if (nowMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs;
    if (this.#aloneMs === undefined || nowMs - Math.max(this.#aloneMs, this.#writtenMs) < GUARDED_MS) return;
    const open = world.exchange
      .openOrders()
      .filter(({ clientOrderId: id }) => id.startsWith("fm-") && checks.isShownFor(id, GUARDED_MS));
    const ids = open.map(({ clientOrderId }) => clientOrderId).join(", ");
    if (open.length > 0) checks.fail("dead-man", `${ids} live, nobody has run since ${this.#aloneMs}`);
  }

  #checkPlacing({ placing, process, sentMs }: ArrivalEntry): void {
    const epoch = epochOf(placing?.clientOrderId ?? "");
    const lease = epoch === undefined ? undefined : this.#leases.get(epoch);
    if (epoch === undefined || lease === undefined) return;
    const { checks, world } = this.#input;
    const ageMs = sentMs - lease.writtenMs;
    // What the venue must refuse for its clock or its key does nothing there, whoever has the lease.
    const mayRest = world.tasks.find(({ name }) => name === process)?.process.canSign !== false;
    if (mayRest && ageMs > lease.termMs + SLACK_MS)
      checks.fail("lease", `${process} wrote ${placing?.clientOrderId} ${ageMs} ms after epoch ${epoch} was renewed`);
    if (this.#placed.has(epoch)) return;
    this.#placed.add(epoch);
    for (const [earlier, { termMs, writtenMs, isReleased }] of this.#leases) {
      const quietMs = writtenMs + (termMs * 2) / 3 + PLACING_LIFETIME_MS;
      if (earlier >= epoch || isReleased || !this.#placed.has(earlier) || sentMs >= quietMs - SLACK_MS) continue;
      checks.fail("lease", `${process} began at ${sentMs}, epoch ${earlier} was renewed at ${writtenMs}`);
    }
  }

  /**
   * No orders of a task are touched whose lease was written within a term, as far as the dead man could know, and in no case one that
   * was placed after the lease came back.
   */
  #checkDeadMan({ atMs, sentMs, path }: ArrivalEntry): void {
    const termMs = this.#leases.get(this.#holder ?? -1)?.termMs;
    if (termMs === undefined || atMs - this.#writtenMs >= termMs) return;
    const { time, exchange } = this.#input.world;
    const order = exchange.order(decodeURIComponent(path.split("/").at(-1) ?? ""));
    const placedMs = order === undefined ? 0 : Date.parse(order.createdAt) - (time.epochMs - time.nowMs);
    if (sentMs - this.#backMs <= BACK_MS && placedMs <= this.#backMs) return;
    const what = `${order?.clientOrderId} at ${atMs}, placed at ${placedMs}`;
    this.#input.checks.fail("dead-man", `he cancels ${what}, the lease is written since ${this.#backMs}`);
  }

  #isAlone(): boolean {
    const { world, service, functions } = this.#input;
    const { kills } = functions.hosts["health-sweep"];
    const wasKilled = kills !== this.#kills;
    this.#kills = kills;
    if (wasKilled || functions.isThrottled || service.tasks.length > 0) return false;
    const { network, venueUrl, awsWeather, api } = world;
    const isFine = network.weather(venueUrl).impairments.size === 0 && awsWeather.table.impairments.size === 0;
    return isFine && !(["orders", "cancel", "order"] as const).some((route) => api.faults.disturbs(route));
  }

  #leaseWritten(body: string): void {
    const { nowMs } = this.#input.world.time;
    const termBeforeMs = this.#leases.get(this.#holder ?? -1)?.termMs ?? 0;
    if (nowMs - this.#writtenMs >= termBeforeMs) this.#backMs = nowMs;
    this.#writtenMs = nowMs;
    const values: unknown = Reflect.get(Object(JSON.parse(body)), "ExpressionAttributeValues");
    const owner = String(Reflect.get(Object(Reflect.get(Object(values), ":owner")), "S"));
    const epoch = numberIn(values, ":epoch");
    const termMs = numberIn(values, ":termMs");
    if (epoch === undefined || termMs === undefined) {
      const held = this.#leases.get(this.#holder ?? -1);
      if (held !== undefined) held.isReleased = true;
      return;
    }
    this.#holder = epoch;
    const known = this.#leases.get(epoch);
    if (known === undefined) this.#leases.set(epoch, { owner, termMs, writtenMs: nowMs, isReleased: false });
    else known.writtenMs = nowMs;
    const was = known?.owner ?? owner;
    if (was !== owner) this.#input.checks.note("lease", `epoch ${epoch} of ${was} is taken by ${owner}`);
  }

  /** The fills in a checkpoint's books are not read again: each of them must be on the queue. */
  #checkpointWritten(body: string): void {
    const { queue } = this.#input.world;
    for (; this.#queuedRead < queue.sent.length; this.#queuedRead += 1) {
      const message = Object(JSON.parse(queue.sent[this.#queuedRead] ?? "{}"));
      const market = String(Reflect.get(message, "market"));
      const ids = this.#queued.get(market) ?? new Set();
      this.#queued.set(market, ids.add(String(Reflect.get(message, "fillId"))));
    }
    const market = /"ENGINE#([A-Z0-9]+\/[A-Z0-9]+)"/.exec(body)?.[1];
    const fillCount = Number(/fillCount\\?":\s*\\?"?(\d+)/.exec(body)?.[1] ?? Number.NaN);
    if (market === undefined || Number.isNaN(fillCount)) return;
    const queued = this.#queued.get(market)?.size ?? 0;
    // The table is in the middle of its work: what is found is thrown at the next event.
    if (fillCount > queued)
      this.#input.checks.note(
        "checkpoint",
        `the checkpoint of ${market} is of ${fillCount} fills, ${queued} were on the queue`,
      );
  }
}

function epochOf(clientOrderId: string): number | undefined {
  const digits = /^fm-(\d+)-/.exec(clientOrderId)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function numberIn(values: unknown, name: string): number | undefined {
  const text: unknown = Reflect.get(Object(Reflect.get(Object(values), name)), "N");
  return typeof text === "string" ? Number(text) : undefined;
}
