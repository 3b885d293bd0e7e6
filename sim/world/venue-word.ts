/**
 * What the venue has told each task, as the task itself read it, where that excuses something: an order said to be gone that still
 * stands, and a pause that was asked for. Owns this record; what is excused by it is `invariants.ts`'s. A task's own belief has no part in it.
 */
import { epochOf } from "../../core/order.ts";
import type { ExchangeOrder } from "../exchange/account-records.ts";

/** A list that was asked for sooner after an order's end may be older than the end (`core/orders.ts`). */
const LIST_LAG_MS = 2_000;
/** The task goes by when it handed the request over: one that finds no connection free is sent within its time-out (`fargate/cambrian/client.ts`). */
const UNSENT_MS = 2_000;
/** From reading a list to the first placing that was decided with it. */
const DECIDED_MS = 1_000;

/** More answers than can be on their way to one process. */
const PAUSES_KEPT = 50;

/** An answer at the moment at which a process reads it; world time. */
export type ReadAnswer = {
  readonly process: string;
  readonly method: string;
  /** With its query, as sent. */
  readonly path: string;
  readonly sentMs: number;
  readonly status: number;
  /** Names in any case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How long the process has stood still in all. */
  readonly stoodMs: number;
};

type Live = Pick<ExchangeOrder, "orderId" | "clientOrderId" | "market">;

/** From the reading of the answer that asked for it; world time. `stoodMs`: how long the process had stood still in all by then. */
type Pause = { readonly readMs: number; readonly untilMs: number; readonly stoodMs: number };

/** A moment of a process (world time), and how long it had stood still in all by then. */
export type Moment = { readonly atMs: number; readonly stoodMs: number };

type Said = { readonly process: string; readonly atMs: number };

/** The parts of an answer that say something of an order. */
type SaidOrder = { readonly id: string; readonly isOpen: boolean };

export class VenueWord {
  readonly #nowMs: () => number;
  /** The orders of ours that stand at the venue. */
  readonly #live: () => readonly Live[];
  /** Whether lists and lookups show an order as it is. */
  readonly #isShown: (order: Live) => boolean;
  /** By the venue's id: who was told last that the order is gone, though it stands. */
  readonly #gone = new Map<string, Said>();
  /** Since when it has been told again that it stands. */
  readonly #shownMs = new Map<string, number>();
  /** When a cancel of an order that stands, shown as it is, was last answered as done. */
  readonly #cancelledMs = new Map<string, number>();
  /** The last few of each process. */
  readonly #pauses = new Map<string, readonly Pause[]>();

  constructor(input: {
    readonly nowMs: () => number;
    readonly live: () => readonly Live[];
    readonly isShown: (order: Live) => boolean;
  }) {
    this.#nowMs = input.nowMs;
    this.#live = input.live;
    this.#isShown = input.isShown;
  }

  /** Whether a placing of that moment was decided without knowing that the order stands, by the venue's fault. */
  isExcused(orderId: string, sentMs: number): boolean {
    const shownMs = this.#shownMs.get(orderId);
    return this.#gone.has(orderId) || (shownMs !== undefined && sentMs <= shownMs + DECIDED_MS);
  }

  /** When a task was told last that the order is gone, by whatever answer (world time); 0 before the first time. */
  saidGoneMs(orderId: string): number {
    return Math.max(this.#gone.get(orderId)?.atMs ?? 0, this.#cancelledMs.get(orderId) ?? 0);
  }

  /** Whether the order was ever said to be gone while it stood. */
  wasSaidGone(orderId: string): boolean {
    return this.#gone.has(orderId) || this.#shownMs.has(orderId);
  }

  /** Whether the venue has asked the process to ask nothing for a while. */
  isPaused(process: string): boolean {
    return this.#nowMs() < this.pausedUntilMs(process);
  }

  /** World time at which the last such pause ends; 0 before the first. */
  pausedUntilMs(process: string): number {
    return Math.max(0, ...this.#pausesOf(process).map(({ untilMs }) => untilMs));
  }

  /** Whether a process had read that it must pause, and had gone on for `graceMs` since then, at a moment of that pause. */
  knewOfPause(process: string, { atMs, stoodMs }: Moment, graceMs: number): boolean {
    return this.#pausesOf(process).some(
      (pause) => atMs < pause.untilMs && atMs - pause.readMs - (stoodMs - pause.stoodMs) > graceMs,
    );
  }

  /** Takes an answer of the order API that a process has just read. Never throws. */
  take(answer: ReadAnswer): void {
    const { process, method, path, status, headers, body, stoodMs } = answer;
    if (status === 429) {
      const seconds = Number(Object.entries(headers).find(([name]) => name.toLowerCase() === "retry-after")?.[1] ?? 1);
      const readMs = this.#nowMs();
      const earlier = this.#pausesOf(process).slice(1 - PAUSES_KEPT);
      this.#pauses.set(process, [...earlier, { readMs, untilMs: readMs + seconds * 1_000, stoodMs }]);
    }
    const isRead = status === 200 || status === 404;
    if (!process.startsWith("task-") || !isRead || !path.startsWith("/v1/orders") || method === "POST") return;
    // Mostly nobody has been told anything false, and every order is shown as it is: then no lookup and no list says more.
    if (method !== "DELETE" && this.#gone.size === 0 && this.#live().every((order) => this.#isShown(order))) return;
    const json = readJson(body);
    if (json === undefined) return;
    const { pathname, searchParams } = new URL(path, "http://venue");
    const id = decodeURIComponent(pathname.split("/")[3] ?? "");
    if (id !== "") this.#one(answer, { id, isOpen: status === 200 && isOpenIn(json) });
    else if (searchParams.has("client_order_id")) this.#found(answer, searchParams.get("client_order_id") ?? "", json);
    else if (searchParams.has("status") && status === 200) this.#listed(answer, searchParams.get("market_id"), json);
  }

  #pausesOf(process: string): readonly Pause[] {
    return this.#pauses.get(process) ?? [];
  }

  #one({ process, method, status }: ReadAnswer, { id, isOpen }: SaidOrder): void {
    if (isOpen) return;
    const order = this.#live().find((each) => each.orderId === id);
    if (order === undefined) return;
    // A lookup that is older than the order says nothing; one that the venue falsifies does.
    if (!this.#isShown(order)) this.#say(order, process);
    // Nor is the answer to a cancel proof while the next list shows the order; one that is not found was not cancelled.
    else if (method === "DELETE" && status === 200) this.#cancelledMs.set(id, this.#nowMs());
  }

  #found({ process }: ReadAnswer, clientOrderId: string, json: object): void {
    if (ordersIn(json).some(isOpenIn)) return;
    const order = this.#live().find((each) => each.clientOrderId === clientOrderId && !this.#isShown(each));
    if (order !== undefined) this.#say(order, process);
  }

  #listed({ process, sentMs }: ReadAnswer, market: string | null, json: object): void {
    const listed = new Set(ordersIn(json).map((order) => String(Reflect.get(order, "order_id"))));
    for (const order of this.#live()) {
      if (order.market !== market) continue;
      const said = this.#gone.get(order.orderId);
      if (!listed.has(order.orderId)) {
        if (!this.#isShown(order)) this.#say(order, process);
      } else if (said !== undefined && (said.process !== process || sentMs - said.atMs >= LIST_LAG_MS + UNSENT_MS)) {
        this.#gone.delete(order.orderId);
        this.#shownMs.set(order.orderId, this.#nowMs());
      }
    }
  }

  #say({ orderId, clientOrderId }: Live, process: string): void {
    // Another's orders are none of ours, whatever is said of them.
    if (epochOf(clientOrderId) > 0) this.#gone.set(orderId, { process, atMs: this.#nowMs() });
  }
}

function ordersIn(json: object): readonly object[] {
  const orders: unknown = Reflect.get(json, "orders");
  return Array.isArray(orders) ? orders.map((order) => Object(order)) : [];
}

function isOpenIn(order: object): boolean {
  const status: unknown = Reflect.get(order, "status");
  return status === "open" || status === "partially_filled";
}

function readJson(body: string): object | undefined {
  try {
    return Object(JSON.parse(body));
  } catch {
    // A page that cannot be read is nobody's word.
    return undefined;
  }
}
