/**
 * The dead man: ends the open orders of a task that is silent, proves that none is left, and raises the alarm. Owns what is ended and
 * when; it can place nothing. Who is silent is `heartbeat.ts`'s judgement.
 *
 * No order placed under a beating heart is ended: the lease is read after the list and before each few cancels, and where it has
 * changed the dead man stops, since whoever is there tends his orders himself. So whatever the list shows was placed while nobody renewed
 * or before, of whatever epoch it is: a task writes its lease before its first order. An epoch above the lease's comes from a table that
 * was set back or a shard that had the market before, and who placed it tends it no more.
 */
import type { EventSink } from "../event-bus.ts";
import type { LedgerTable } from "../ledger-table.ts";
import type { Measure } from "../measure.ts";
import type { Timing } from "../timing.ts";
import { ActingTurn } from "./acting-turn.ts";
import { raiseDeadManAlarm } from "./announce.ts";
import { endAlarm, noteBeat, type PendingAlarm, readDeadMan, takeAlarm } from "./dead-man-items.ts";
import { type Beat, readBeat } from "./heartbeat.ts";
import type { Outcome } from "./integration-record.ts";
import type { Claim } from "./shards.ts";
import type { Listing, OwnOrder, VenueOrders } from "./venue-orders.ts";
import { type SeenBeat, type WatchedBeat, watchBeat } from "./watch-beat.ts";

type DeadManLog = Record<"info" | "warn" | "error", (message: string, fields: Record<string, unknown>) => void>;

export type DeadMan = {
  readonly table: LedgerTable;
  /** Whose lease is watched; undefined takes all of them as one. */
  readonly shard: string | undefined;
  /** The shard's own: orders in others' markets are theirs to end. */
  readonly markets: readonly string[];
  /** Which orders in them are its own, as the leases stand when it is asked; all of them unless told. */
  readonly readClaim?: (() => Promise<Claim>) | undefined;
  readonly orders: Pick<VenueOrders, "list" | "cancel">;
  readonly bus: EventSink;
  readonly timing: Timing;
  readonly log: DeadManLog;
  readonly measure: Measure;
};

/** What a search for orders came to. */
type Search = {
  /** Client ids of all that were found open. */
  readonly found: readonly string[];
  /** Client ids of those that may still be open. */
  readonly left: readonly string[];
  /** `clear`: the venue showed none twice in a row. `not-ours`: another sweep was at it when the time was up. */
  readonly end: "clear" | "task-is-back" | "time-is-up" | "not-ours";
  readonly fault: string | undefined;
};

/** A search under way. */
type Work = {
  readonly turn: ActingTurn;
  readonly found: Set<string>;
  open: readonly OwnOrder[];
  emptyAnswers: number;
  fault: string | undefined;
};

/** An open-orders answer may be a moment old: only two in a row that show nothing are proof. */
const EMPTY_ANSWERS_NEEDED = 2;
/** A block of Sei (0.4 s) between two answers, so that the second is not the first one again. */
const ROUND_PAUSE_MS = 400;
/** Cancels between two looks at the lease: a second's worth. */
const CANCELS_AT_ONCE = 8;
const ROUNDS_MAX = 200;
/** Kept of the time to act for a last list: it says what was ended, and nobody else counts that. */
const LAST_LIST_MS = 3_000;
/** Between two tries to take the turn that another sweep has. */
const TURN_EVERY_MS = 1_000;
/** Kept at the end for the alarm and what is written down. */
const RESERVE_MS = 3_000;
/** An alarm that was not raised by then was lost with its process. */
const RAISING_MS = 45_000;

/** Watches, and acts where the task is silent, until `untilMs` (monotonic) at most. Rejects when it could not even look. */
export async function guardOrders(deadMan: DeadMan, untilMs: number): Promise<Outcome> {
  const { timing, measure } = deadMan;
  // What is not remembered costs time, no safety.
  const state = await readDeadMan(deadMan).catch((error: unknown) => forgotten(deadMan, error));
  const watched = await watchBeat(deadMan, {
    seen: state.seen,
    untilMs: untilMs - RESERVE_MS,
    onFirst: async (first) => {
      if (first.ageMs !== undefined) measure("flashmm_heartbeat_age_seconds", {}, Math.max(0, first.ageMs) / 1_000);
      if (first.key !== state.seen?.key) await note(deadMan, first);
    },
  });
  const isLost = state.alarm !== undefined && timing.epochMs() - state.alarm.atMs >= RAISING_MS;
  const lost = isLost ? state.alarm : undefined;
  if (watched.verdict === "silent") return await act(deadMan, watched, { lost, untilMs: untilMs - RESERVE_MS });
  if (lost !== undefined) await raiseLost(deadMan, lost);
  const { ageMs, unchangedMs } = watched.view;
  if (watched.verdict === "fresh") return { kind: "healthy", detail: `the task's heartbeat is ${seconds(ageMs)} old` };
  return { kind: "unhealthy", detail: `it can not be told whether the task is silent (${seconds(unchangedMs)})` };
}

/** In place of `guardOrders` where nothing could be ended, `fault` says why. That is no fault as long as no task has been there. */
export async function guardUnarmed(table: LedgerTable, shard: string | undefined, fault: string): Promise<Outcome> {
  const isNobodyThere = (await readBeat(table, shard)).epoch === Number.POSITIVE_INFINITY;
  if (isNobodyThere) return { kind: "not-configured", detail: `${fault}; no task has held the lease yet` };
  return { kind: "unhealthy", detail: `${fault}: nobody would end the orders of a task that is silent` };
}

async function act(
  deadMan: DeadMan,
  watched: WatchedBeat,
  options: { readonly lost: PendingAlarm | undefined; readonly untilMs: number },
): Promise<Outcome> {
  const { timing, log, measure } = deadMan;
  const { beat, view } = watched;
  const silentForMs = Math.max(view.ageMs ?? 0, view.unchangedMs);
  let alarm = options.lost;
  let isOurs = false;
  const search = await endOrders(deadMan, beat, options.untilMs, async (orders) => {
    log.error("the task is silent, its orders are ended", {
      owner: beat.owner,
      epoch: beat.epoch,
      silentForMs,
      orders,
    });
    const taken = { atMs: wholeNow(timing), silentForMs, orders: orders.map((order) => order.clientOrderId) };
    isOurs = await take(deadMan, taken, alarm);
    if (isOurs) alarm = taken;
  });
  const { found, left, end, fault } = search;
  const silence = `the task was silent for ${seconds(silentForMs)}`;
  if (found.length === 0) {
    if (options.lost !== undefined) await raiseLost(deadMan, options.lost);
    if (end === "not-ours") return { kind: "unhealthy", detail: `${silence}, another sweep ends its orders` };
    if (end !== "time-is-up") return { kind: "healthy", detail: `${silence}, no order of ours is open` };
    return { kind: "failed", detail: `${silence}, and the venue does not say what is open: ${fault ?? "no answer"}` };
  }
  const result = end === "clear" ? "all are ended, the venue shows none" : `${left.length} may still be open (${end})`;
  const detail = `${silence} with ${found.length} open orders: ${result}`;
  log.error("the orders of a silent task were ended", { found, left, end, fault, silentForMs });
  measure("flashmm_dead_man_cancelled_total", {}, found.length - left.length);
  if (isOurs) await raise(deadMan, alarm, { reason: detail, found, left });
  return { kind: "unhealthy", detail };
}

/** Ends what is ours until the venue shows none twice in a row. `onFound` is told of the first orders before any is ended. */
async function endOrders(
  deadMan: DeadMan,
  beat: Beat,
  untilMs: number,
  onFound: (orders: readonly OwnOrder[]) => Promise<void>,
): Promise<Search> {
  const { timing, log } = deadMan;
  const work: Work = { turn: new ActingTurn(deadMan), found: new Set(), open: [], emptyAnswers: 0, fault: undefined };
  let end: Search["end"] = "time-is-up";
  for (let round = 0; round < ROUNDS_MAX && timing.monotonicMs() < untilMs; round++) {
    end = await endSome(deadMan, beat, { work, untilMs, onFound }).catch((error: unknown) => {
      work.emptyAnswers = 0;
      work.fault = error instanceof Error ? error.message : String(error);
      log.warn("the orders of a silent task could not be looked for, it is tried again", { error });
      return "time-is-up";
    });
    if (end === "clear" || end === "task-is-back") break;
    await timing.wait(end === "not-ours" ? TURN_EVERY_MS : ROUND_PAUSE_MS);
  }
  await work.turn.end();
  const left = end === "clear" ? [] : work.open.map((order) => order.clientOrderId);
  return { found: [...work.found], left, end, fault: work.fault };
}

/** One round: a list, and a cancel for each order in it. Answers what the search came to if it is not gone on with. */
async function endSome(
  deadMan: DeadMan,
  beat: Beat,
  options: {
    readonly work: Work;
    readonly untilMs: number;
    readonly onFound: (orders: readonly OwnOrder[]) => Promise<void>;
  },
): Promise<Search["end"]> {
  const { orders, markets, readClaim, timing } = deadMan;
  const { work, untilMs, onFound } = options;
  if (!(await work.turn.take())) {
    work.emptyAnswers = 0;
    return (await isBack(deadMan, beat)) ? "task-is-back" : "not-ours";
  }
  const listing = await orders.list(markets, untilMs);
  work.fault = listing.unread.map(({ reason }) => reason).join("; ") || work.fault;
  // After the list, like the lease: whoever has come meanwhile has not placed what it shows.
  const isOwn = await readClaim?.();
  const open = isOwn === undefined ? listing.orders : listing.orders.filter(isOwn);
  work.open = [...open, ...stillUntold(work.open, listing)];
  if (await isBack(deadMan, beat)) return "task-is-back";
  work.emptyAnswers = open.length === 0 && listing.unread.length === 0 ? work.emptyAnswers + 1 : 0;
  if (work.emptyAnswers >= EMPTY_ANSWERS_NEEDED) return "clear";
  if (open.length > 0 && work.found.size === 0) await onFound(open);
  for (const order of open) work.found.add(order.clientOrderId);
  const cancelUntilMs = untilMs - LAST_LIST_MS;
  for (let first = 0; first < open.length && timing.monotonicMs() < cancelUntilMs; first += CANCELS_AT_ONCE) {
    if (!(await work.turn.take())) return "not-ours";
    if (await isBack(deadMan, beat)) return "task-is-back";
    await orders.cancel(open.slice(first, first + CANCELS_AT_ONCE), untilMs);
  }
  return "time-is-up";
}

/** Of the orders that were open, those of which a list that could not be read says nothing. */
function stillUntold(before: readonly OwnOrder[], { orders, unread }: Listing): readonly OwnOrder[] {
  const markets = new Set(unread.map(({ market }) => market));
  const told = new Set(orders.map(({ orderId }) => orderId));
  return before.filter(({ market, orderId }) => markets.has(market) && !told.has(orderId));
}

/** Whether a lease was written since the task was found silent. */
async function isBack({ table, shard }: DeadMan, beat: Beat): Promise<boolean> {
  return (await readBeat(table, shard)).key !== beat.key;
}

/** Takes the alarm on. A table that does not take it must not keep it from being raised. */
async function take(deadMan: DeadMan, alarm: PendingAlarm, standing: PendingAlarm | undefined): Promise<boolean> {
  try {
    return await takeAlarm(deadMan, alarm, standing);
  } catch (error) {
    deadMan.log.error("the dead man's alarm could not be written down, it is raised all the same", { error });
    return true;
  }
}

async function raise(
  deadMan: DeadMan,
  alarm: PendingAlarm | undefined,
  said: { readonly reason: string; readonly found: readonly string[]; readonly left: readonly string[] },
): Promise<void> {
  try {
    await raiseDeadManAlarm(deadMan.bus, { ...said, shard: deadMan.shard });
    if (alarm !== undefined) await endAlarm(deadMan, alarm);
  } catch (error) {
    deadMan.log.error("the dead man's alarm could not be raised, the next sweep tries again", { error });
  }
}

/** An alarm whose sweep ended before it was raised. */
async function raiseLost(deadMan: DeadMan, lost: PendingAlarm): Promise<void> {
  const taken = { ...lost, atMs: wholeNow(deadMan.timing) };
  if (!(await take(deadMan, taken, lost))) return;
  const reason = `the task was silent for ${seconds(lost.silentForMs)} with open orders: they were being ended`;
  await raise(deadMan, taken, { reason, found: lost.orders, left: [] });
}

async function note(deadMan: DeadMan, seen: SeenBeat): Promise<void> {
  await noteBeat(deadMan, seen).catch((error: unknown) =>
    deadMan.log.warn("the heartbeat could not be noted", { error }),
  );
}

function forgotten({ log }: DeadMan, error: unknown) {
  log.warn("what the dead man remembers could not be read", { error });
  return { seen: undefined, alarm: undefined };
}

function wholeNow(timing: Timing): number {
  return Math.floor(timing.epochMs());
}

function seconds(millis: number | undefined): string {
  return millis === undefined ? "an unknown time" : `${(millis / 1_000).toFixed(1)} s`;
}
