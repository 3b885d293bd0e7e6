/**
 * What a swarm run looks at besides the invariants of every world: fresh data behind each placing, quotes pulled on old data, halted
 * markets left alone, the start's gate, well-formed orders, bounds, the ledger inside the venue's history. Owns these rules and when they
 * are looked at; `docs/invariants.md` lists them all.
 */
import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { parseScaled } from "../../../core/decimal.ts";
import { readBooks } from "../../../lambdas/ledger-table.ts";
import type { HandMadeExchange } from "../../exchange/hand-made-exchange.ts";
import { InvariantError, type SwarmRule } from "../invariants.ts";
import type { ScenarioWorld } from "../scenario-world.ts";
import type { ArrivalEntry } from "../venue-record.ts";
import { VenueWord } from "../venue-word.ts";
import { tendsOrders } from "../watch.ts";
import type { WorldTask } from "../world-task.ts";
import type { EcsService } from "./ecs-service.ts";
import type { FrameBooks } from "./frame-books.ts";
import { MinuteWatch } from "./minute-watch.ts";
import { Receipts } from "./receipts.ts";
import { agesOf, type Shape, sizeOf } from "./shape.ts";

const LOOK_MS = 1_000;
const MINUTE_MS = 60_000;
/** Between the last check and the first byte nothing passes in this world; what is left is rounding. */
const SLACK_MS = 60;
/** CONTRACTS 6: the engine obeys within 2 s of the request; while it cannot read the items, it takes them for readable for 5 s. */
const OBEYS_MS = 2_000;
const BELIEVES_MS = 5_000;
/** With the venue answering: five cancels, their answers, and one that has to be asked for. */
const PULLED_MS = 12_000;
/** An order that the venue shows again is found by the next list, five seconds later at most, and then cancelled. */
const FOUND_MS = 8_000;
/** The world's own timers stay below this. */
const SCHEDULED_MAX = 20_000;
/** A request's time-out (`fargate/cambrian/client.ts`). */
const REQUEST_MS = 2_000;
const DECIMALS = 18;

export type ChecksInput = {
  readonly world: ScenarioWorld<HandMadeExchange>;
  readonly service: EcsService;
  readonly shape: Shape;
  readonly books: FrameBooks;
  readonly mark: (name: string) => void;
};

export class Checks {
  readonly #input: ChecksInput;
  readonly #receipts: Receipts;
  readonly #word: VenueWord;
  readonly minutes = new MinuteWatch();
  readonly #gated = new Set<string>();
  /** Halted by the control items as they stand: since when this was seen (world time), by scope. */
  readonly #haltedMs = new Map<string, number>();
  /** Since when a task has been able to act on its own, without a break. */
  readonly #ableMs = new Map<string, number>();
  /** When a task was last too early in its start to end orders. */
  readonly #quietMs = new Map<string, number>();
  /** When the venue last showed an order otherwise than it was. */
  readonly #hiddenMs = new Map<string, number>();
  #entry = 0;
  #measured = 0;
  #twoSided = 0;
  #lookedMs = 0;
  #fullMs = 0;

  constructor(input: ChecksInput) {
    this.#input = input;
    const { network, time, table, invariants, api, venueUrl } = input.world;
    invariants.inFlightMsMax = REQUEST_MS;
    this.#word = new VenueWord({
      nowMs: () => time.nowMs,
      live: () => invariants.liveOrders,
      isShown: (order) => api.faults.orders.isShown(order),
    });
    invariants.word = this.#word;
    network.onAnswer = (process, { url, method, path, sentMs }, { status, headers, body }) => {
      if (!url.startsWith(venueUrl)) return;
      const { name, stoodMs } = process;
      this.#word.take({ process: name, method, path, sentMs, status, headers, body, stoodMs });
    };
    this.#receipts = new Receipts(input.books, () => time.nowMs);
    table.onWrite = (body) => {
      if (body.includes('"CONTROL"')) void time.hold(() => this.#readControl());
    };
  }

  /** After every event. Throws `InvariantError`. */
  look(): void {
    const { world } = this.#input;
    const { entries } = world.record;
    for (; this.#entry < entries.length; this.#entry += 1) {
      const entry = entries[this.#entry];
      if (entry?.type === "arrival") this.#checkArrival(entry);
      if (entry?.type === "left" && entry.status !== 200 && entry.status !== 201)
        this.#input.mark(`answer ${entry.status}`);
    }
    if (world.time.nowMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = world.time.nowMs;
    this.#noteHidden();
    for (const task of this.#input.service.tasks) this.#checkLive(task);
    this.#measure();
    if (world.time.nowMs - this.#fullMs < MINUTE_MS) return;
    this.#fullMs = world.time.nowMs;
    void world.time.hold(() => this.checkLedger());
    if (world.time.scheduled > SCHEDULED_MAX) this.fail("bounds", `${world.time.scheduled} timers are waiting`);
  }

  /** The ledger has nothing that the venue does not. What it finds is thrown at the next look. */
  async checkLedger(): Promise<void> {
    const { world, shape } = this.#input;
    for (const { symbol } of shape.markets) {
      const books = await readBooks({ client: world.table.client, tableName: world.table.tableName }, symbol);
      const { fillCount } = world.exchange.standing(symbol);
      if (books.fillCount > fillCount)
        this.#found ??= ["ledger", `${symbol} has ${books.fillCount} fills booked, the venue ${fillCount}`];
    }
  }

  #found: readonly [SwarmRule, string] | undefined;

  /** Tells a broken rule. */
  fail(rule: SwarmRule | "end", what: string): never {
    const { time, record } = this.#input.world;
    throw new InvariantError({ rule, atMs: time.nowMs, what }, record.tail());
  }

  /** A broken rule that is thrown at the next look, for who must not throw where it is found. */
  note(rule: SwarmRule, what: string): void {
    this.#found ??= [rule, what];
  }

  throwNoted(): void {
    if (this.#found !== undefined) this.fail(...this.#found);
  }

  /** World time until which the venue has asked a task to pause, as the task has read it; 0 where it never did. */
  pausedUntilMs(task: string): number {
    return this.#word.pausedUntilMs(task);
  }

  /** Whether the venue has shown the order as it is for so long. */
  isShownFor(clientOrderId: string, durationMs: number): boolean {
    return this.#input.world.time.nowMs - (this.#hiddenMs.get(clientOrderId) ?? 0) > durationMs;
  }

  isHalted(market: string): boolean {
    return this.#haltedMs.has("ALL") || this.#haltedMs.has(market);
  }

  /** Share of the seconds in which both sides of a market stood, over all markets. */
  get twoSidedShare(): number {
    return this.#measured === 0 ? 0 : this.#twoSided / this.#measured;
  }

  #measure(): void {
    const { world, shape } = this.#input;
    for (const { symbol } of shape.markets) {
      const ours = world.exchange.openOrders(symbol).filter(({ clientOrderId }) => clientOrderId.startsWith("fm-"));
      this.#measured += 1;
      if (new Set(ours.map(({ side }) => side)).size === 2) this.#twoSided += 1;
    }
  }

  #checkArrival(arrival: ArrivalEntry): void {
    this.#checkPause(arrival);
    if (arrival.route === "place") this.#checkPlacing(arrival);
    if (arrival.route === "cancel" && arrival.process.startsWith("health-sweep")) this.#input.mark("dead man cancels");
  }

  #checkPause({ process, sentMs, route, number }: ArrivalEntry): void {
    const task = this.#input.world.tasks.find(({ name }) => name === process);
    if (task === undefined) return;
    // A request that was paid for before the pause may have waited for a connection, for so long by the time of its process.
    const moment = { atMs: sentMs + SLACK_MS, stoodMs: task.process.stoodMs };
    if (!this.#word.knewOfPause(process, moment, REQUEST_MS + SLACK_MS)) return;
    this.fail("pause", `${process} sent #${number} ${route} at ${sentMs}, in a pause that it had been asked for`);
  }

  #checkPlacing(arrival: ArrivalEntry): void {
    const { placing, process, sentMs } = arrival;
    if (placing === undefined) this.fail("malformed", `${process} sent a placing that cannot be read`);
    const { shape, world } = this.#input;
    const market = shape.markets.find(({ symbol }) => symbol === placing.market);
    if (market === undefined) this.fail("malformed", `${process} placed in ${placing.market}`);
    const { clientOrderId, price, quantity } = placing;
    if (!isOnGrid(price, market.tickSize) || !isOnGrid(quantity, market.lotSize))
      this.fail("malformed", `${clientOrderId} has price ${price} and size ${quantity}`);
    if (Number(quantity) > Number(sizeOf(market, 2))) this.fail("malformed", `${clientOrderId} has size ${quantity}`);
    const { placeBookAgeMs } = agesOf(shape);
    const task = world.tasks.find(({ name }) => name === process);
    const ageMs = task === undefined ? undefined : this.#receipts.ageMs(task.process, placing.market, sentMs);
    if (ageMs === undefined || ageMs > placeBookAgeMs + SLACK_MS)
      this.fail("fresh-data", `${process} wrote ${clientOrderId} on a book ${ageMs} ms old, at ${sentMs}`);
    for (const scope of ["ALL", placing.market]) {
      const haltedMs = this.#haltedMs.get(scope);
      const wasAble = (this.#ableMs.get(process) ?? Number.POSITIVE_INFINITY) < (haltedMs ?? 0);
      if (haltedMs !== undefined && sentMs > haltedMs + (wasAble ? OBEYS_MS : BELIEVES_MS) + SLACK_MS)
        this.fail("halted-market", `${process} wrote ${clientOrderId} at ${sentMs}, ${scope} halted since ${haltedMs}`);
    }
    if (this.#gated.has(process)) return;
    this.#gated.add(process);
    const missing = task?.task.charge.startup.filter(({ step, state }) => state !== "done" && step !== "quote") ?? [];
    if (missing.length > 0)
      this.fail("start-gate", `${process} placed before: ${missing.map(({ step }) => step).join(", ")}`);
  }

  #noteHidden(): void {
    const { time, exchange, api } = this.#input.world;
    if (api.faults.orders.areAllShown) return;
    for (const order of exchange.openOrders())
      if (!api.faults.orders.isShown(order)) this.#hiddenMs.set(order.clientOrderId, time.nowMs);
  }

  /** What may not stand at the venue while the task that is in charge can do something about it. */
  #checkLive(task: WorldTask): void {
    const { world, shape } = this.#input;
    const { nowMs, epochMs } = world.time;
    const isAble = this.#isAble(task);
    const { bookAgeMs } = agesOf(shape);
    const freshMs = (symbol: string) => this.#receipts.freshMs(task.name, symbol) ?? 0;
    const hasBooks = shape.markets.every(({ symbol }) => nowMs - freshMs(symbol) <= bookAgeMs);
    this.minutes.note(task.name, isAble && hasBooks && task.task.charge.phase === "running", epochMs);
    if (!isAble) {
      this.#ableMs.delete(task.name);
      return;
    }
    const ableMs = this.#ableMs.get(task.name) ?? nowMs;
    this.#ableMs.set(task.name, ableMs);
    if (!tendsOrders(task)) this.#quietMs.set(task.name, nowMs);
    const quietMs = Math.max(this.#quietMs.get(task.name) ?? 0, this.#word.pausedUntilMs(task.name));
    if (nowMs - Math.max(ableMs, quietMs) < PULLED_MS) return;
    for (const { symbol } of shape.markets) {
      const haltedMs = Math.min(...["ALL", symbol].map((scope) => this.#haltedMs.get(scope) ?? Infinity));
      const isOld = nowMs - freshMs(symbol) > bookAgeMs + PULLED_MS;
      const isHalted = nowMs - haltedMs > OBEYS_MS + PULLED_MS;
      if (!isOld && !isHalted) continue;
      const ours = world.exchange
        .openOrders(symbol)
        .filter(({ clientOrderId: id }) => id.startsWith("fm-") && this.isShownFor(id, FOUND_MS));
      if (ours.length === 0) continue;
      const ids = ours.map(({ clientOrderId }) => clientOrderId).join(", ");
      if (isHalted) this.fail("halted-market", `${ids} live, ${symbol} halted since ${haltedMs}`);
      this.fail("stale-quotes", `${ids} live, the last good book of ${symbol} came at ${freshMs(symbol)}`);
    }
  }

  #isAble({ task, process, links }: WorldTask): boolean {
    const { engine, epoch } = task.charge;
    if (engine === undefined || epoch === null || process.state !== "running") return false;
    if (!links.venue.isGood || !links.table.isGood || !process.canSign) return false;
    const { faults } = this.#input.world.api;
    return !(["orders", "cancel", "order"] as const).some((route) => faults.disturbs(route));
  }

  async #readControl(): Promise<void> {
    const { client, tableName } = this.#input.world.table;
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: "CONTROL" } },
        ConsistentRead: true,
      }),
    );
    const { nowMs } = this.#input.world.time;
    for (const { sk, state } of Items) {
      const scope = sk?.S ?? "";
      if (state?.S !== "halted") this.#haltedMs.delete(scope);
      else if (!this.#haltedMs.has(scope)) this.#haltedMs.set(scope, nowMs);
    }
  }
}

function isOnGrid(text: string, step: string): boolean {
  if (!/^\d{1,12}(\.\d{1,18})?$/.test(text)) return false;
  const amount = parseScaled(text, DECIMALS, "amount");
  return amount > 0n && amount % parseScaled(step, DECIMALS, "step") === 0n;
}
