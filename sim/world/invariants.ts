/**
 * What must hold at the venue whatever goes wrong around a task, checked on the venue's record alone as it grows. Owns the rules
 * (a) to (e) and the first violation; the end of a run is `run-end.ts`'s.
 */
import { parseScaled } from "../../core/decimal.ts";
import type { ExchangeOrder } from "../exchange/account-records.ts";
import type { ArrivalEntry, Placing, VenueEntry } from "./venue-record.ts";
import type { VenueWord } from "./venue-word.ts";

const DECIMALS = 18;
const ARRIVALS_MAX = 10;
const WINDOW_MS = 1_000;
const PLACEMENTS_MAX = 5;
const UNKNOWN_MS_MAX = 10_000;

/** Our orders bear the epoch of the task that placed them (CONTRACTS 3). */
const OUR_ORDER = /^fm-(\d+)-/;

/** A rule that was broken. The message has the moment, what, and the last lines of the record. */
export class InvariantError extends Error {
  readonly code = "INVARIANT_BROKEN";
  readonly rule: Rule;
  readonly atMs: number;

  constructor(violation: Violation, tail: string) {
    super(`${violation.rule} at ${violation.atMs.toFixed(3)} ms: ${violation.what}\n${tail}`);
    this.name = "InvariantError";
    this.rule = violation.rule;
    this.atMs = violation.atMs;
  }
}

export type Rule =
  | "exposure"
  | "arrivals"
  | "placements-in-flight"
  | "self-match"
  | "crossed"
  | "old-epoch"
  | "forbidden-placement"
  | "unknown-order"
  | "end"
  | SwarmRule;

/** What a swarm run looks at besides (`docs/invariants.md`). */
export type SwarmRule =
  | "fresh-data"
  | "stale-quotes"
  | "halted-market"
  | "start-gate"
  | "malformed"
  | "bug"
  | "bounds"
  | "ledger"
  | "checkpoint"
  | "lease"
  | "dead-man"
  | "liveness"
  | "order-limits"
  | "sane-book"
  | "audit"
  | "request"
  | "pause"
  | "report"
  | "grafana"
  | "alarm";

export type Violation = { readonly rule: Rule; readonly atMs: number; readonly what: string };

/** Those who count together, and how many requests of theirs may arrive in any one second. */
export type Share = { readonly group: string; readonly max: number };

/** What a living task knows, as `state()` says. */
export type TaskKnowledge = {
  readonly name: string;
  /** It runs, and the venue answers it. */
  readonly reachesVenue: boolean;
  /** Whether it takes the order for open, or not proven to have ended. */
  isKnown(clientOrderId: string): boolean;
};

type LiveOrder = {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly market: string;
  readonly side: "buy" | "sell";
  readonly price: bigint;
  readonly remaining: bigint;
};

type Forbidden = { readonly fromMs: number; readonly why: string; readonly process: string | undefined };

export class Invariants {
  readonly #limits: ReadonlyMap<string, bigint>;
  readonly #live = new Map<string, LiveOrder>();
  readonly #positions = new Map<string, bigint>();
  /**
   * What of the positions comes from fills of orders that were said to be gone, by market and side: one of them was known by the time that
   * one of the other side came, and makes that no smaller.
   */
  readonly #surprises = new Map<string, bigint>();
  readonly #unknownSinceMs = new Map<string, number>();
  /** By number: when each was sent. */
  readonly #placementsHere = new Map<number, number>();
  /** The last arrivals of those who count together, as many as they may have, oldest first. */
  readonly #arrivals = new Map<string, number[]>();
  #forbidden: Forbidden[] = [];
  #epochMax = 0;
  #violation: Violation | undefined;
  /** A placing that its sender has given up after so long counts no more, though it was never answered. */
  inFlightMsMax = Number.POSITIVE_INFINITY;
  /** What the venue has said excuses: an order that it called gone is its own to answer for, a pause is one. Nothing unless told. */
  word: VenueWord | undefined;
  /** What a process has of the ten a second, and with whom; undefined: it does not count. All share all of it unless told. */
  shareOf: (process: string) => Share | undefined = () => ({ group: "all", max: ARRIVALS_MAX });

  /** `positionLimits` by market, decimals: of the worst case, long or short. A market without one has none. */
  constructor(positionLimits: Readonly<Record<string, string>>) {
    const entries = Object.entries(positionLimits);
    this.#limits = new Map(entries.map(([market, limit]) => [market, amount(limit)]));
  }

  /** The first rule that was broken. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** Client order ids of ours that are live at the venue. */
  get liveOrders(): readonly Pick<LiveOrder, "orderId" | "clientOrderId" | "market">[] {
    return [...this.#live.values()];
  }

  /** No placing written after this moment may arrive, of one process or of any. What is in flight at the moment may. */
  placementsForbiddenFrom(fromMs: number, why: string, process?: string): void {
    this.#forbidden.push({ fromMs, why, process });
  }

  placementsAllowedAgain(): void {
    this.#forbidden = [];
  }

  /** Throws `InvariantError` when a rule was broken so far; `tail` is shown with it. */
  assertHeld(tail: string): void {
    if (this.#violation !== undefined) throw new InvariantError(this.#violation, tail);
  }

  /** Takes the next entry of the record. Never throws: the venue is in the middle of its work. */
  take(entry: VenueEntry): void {
    switch (entry.type) {
      case "arrival":
        this.#arrived(entry);
        return;
      case "effect": {
        if (entry.placing === undefined) return;
        const sentMs = this.#placementsHere.get(entry.number) ?? entry.atMs;
        this.#checkSelfMatch(entry.atMs, entry.placing, sentMs);
        this.#checkGrown(entry.atMs, entry.placing, sentMs);
        return;
      }
      case "left":
        this.#placementsHere.delete(entry.number);
        return;
      case "fill": {
        const { orderId, market, side, quantity } = entry.fill;
        const signed = side === "buy" ? amount(quantity) : -amount(quantity);
        this.#positions.set(market, (this.#positions.get(market) ?? 0n) + signed);
        // Nobody could have counted what fills of an order that was said to be gone.
        if (this.word?.wasSaidGone(orderId) === true) {
          const key = `${market} ${side}`;
          this.#surprises.set(key, (this.#surprises.get(key) ?? 0n) + amount(quantity));
        }
        return;
      }
      case "order":
        // A fill is told just before its order, so the two are judged together, here.
        this.#ordered(entry.order);
        this.#checkExposure(entry.atMs, entry.order.market);
        this.#checkCrossed(entry.atMs, entry.order.market);
    }
  }

  /**
   * Rule (e): an order of ours that no living task knows may stay so for 10 s of time in which one could have asked.
   * `isShown` says whether the venue shows the order to who asks.
   */
  checkKnown(
    nowMs: number,
    tasks: readonly TaskKnowledge[],
    isShown: (order: { readonly orderId: string; readonly clientOrderId: string }) => boolean = () => true,
  ): void {
    const couldAsk = () => tasks.some((task) => task.reachesVenue && this.word?.isPaused(task.name) !== true);
    for (const order of this.#live.values()) {
      const { clientOrderId } = order;
      const isKnown = tasks.some((task) => task.isKnown(clientOrderId));
      if (isKnown || !couldAsk() || !isShown(order)) {
        this.#unknownSinceMs.delete(clientOrderId);
        continue;
      }
      // A task that has found it and was told again that it is gone begins anew, though it knew it for a moment alone.
      const saidMs = this.word?.saidGoneMs(order.orderId) ?? 0;
      const sinceMs = Math.max(saidMs, this.#unknownSinceMs.get(clientOrderId) ?? nowMs);
      this.#unknownSinceMs.set(clientOrderId, sinceMs);
      if (nowMs - sinceMs <= UNKNOWN_MS_MAX) continue;
      const what = `${clientOrderId} has been live and unknown to every living task since ${sinceMs.toFixed(3)} ms`;
      this.#break("unknown-order", nowMs, what);
    }
  }

  #arrived({ atMs, number, route, process, sentMs, placing }: ArrivalEntry): void {
    const share = this.shareOf(process);
    if (share !== undefined) this.#count(share, atMs);
    if (route !== "place") return;
    this.#placementsHere.set(number, sentMs);
    const inFlight = [...this.#placementsHere.values()].filter((each) => atMs - each <= this.inFlightMsMax).length;
    if (inFlight > PLACEMENTS_MAX) this.#break("placements-in-flight", atMs, `${inFlight} placings are in flight`);
    for (const { fromMs, why, process: of } of this.#forbidden) {
      if (sentMs <= fromMs || (of !== undefined && of !== process)) continue;
      this.#break(
        "forbidden-placement",
        atMs,
        `${process} placed at ${sentMs.toFixed(3)} ms, though since ${fromMs} ms: ${why}`,
      );
    }
    const epoch = Number(OUR_ORDER.exec(placing?.clientOrderId ?? "")?.[1] ?? this.#epochMax);
    if (epoch < this.#epochMax) {
      this.#break(
        "old-epoch",
        atMs,
        `${placing?.clientOrderId} of ${process} comes after a placing of epoch ${this.#epochMax}`,
      );
    }
    this.#epochMax = Math.max(this.#epochMax, epoch);
  }

  #count({ group, max }: Share, atMs: number): void {
    const arrivals = this.#arrivals.get(group) ?? [];
    this.#arrivals.set(group, arrivals);
    const oldestMs = arrivals.length < max ? undefined : arrivals.shift();
    arrivals.push(atMs);
    if (oldestMs !== undefined && atMs - oldestMs < WINDOW_MS)
      this.#break("arrivals", atMs, `more than ${max} requests of ${group} within a second`);
  }

  #ordered(order: ExchangeOrder): void {
    const { orderId, clientOrderId, market, side, price, status } = order;
    if (!OUR_ORDER.test(clientOrderId)) return;
    if (price === null || (status !== "open" && status !== "partially_filled")) {
      this.#live.delete(orderId);
      this.#unknownSinceMs.delete(clientOrderId);
      return;
    }
    const remaining = amount(order.quantity) - amount(order.filledQuantity);
    this.#live.set(orderId, { orderId, clientOrderId, market, side, price: amount(price), remaining });
  }

  /** Those that count by themselves, or for a placing of that moment those that its sender had to know of. */
  #of(market: string, side: "buy" | "sell", sentMs?: number): readonly LiveOrder[] {
    const { word } = this;
    const isExcused = ({ orderId }: LiveOrder): boolean =>
      (sentMs === undefined ? word?.wasSaidGone(orderId) : word?.isExcused(orderId, sentMs)) === true;
    return [...this.#live.values()].filter(
      (order) => order.market === market && order.side === side && !isExcused(order),
    );
  }

  /** The position as orders of a side add to it, without that side's surprises: the other's only make it less. */
  #towards(market: string, side: "buy" | "sell"): bigint {
    const position = this.#positions.get(market) ?? 0n;
    return (side === "buy" ? position : -position) - (this.#surprises.get(`${market} ${side}`) ?? 0n);
  }

  #checkExposure(atMs: number, market: string): void {
    const limit = this.#limits.get(market);
    if (limit === undefined) return;
    const sum = (side: "buy" | "sell") =>
      this.#of(market, side).reduce((total, { remaining }) => total + remaining, this.#towards(market, side));
    const [long, short] = [sum("buy"), sum("sell")];
    if (long <= limit && short <= limit) return;
    this.#break(
      "exposure",
      atMs,
      `${market}: with every live order filled it is long ${toText(long)} or short ${toText(short)}, over ${toText(limit)}`,
    );
  }

  /** An order that was said to be gone, and shown again, counts for each placing that comes after that. */
  #checkGrown(atMs: number, { clientOrderId, market, side }: Placing, sentMs: number): void {
    const limit = this.#limits.get(market);
    if (limit === undefined || !OUR_ORDER.test(clientOrderId) || (side !== "buy" && side !== "sell")) return;
    const standing = this.#of(market, side, sentMs).reduce((total, { remaining }) => total + remaining, 0n);
    const worst = standing + this.#towards(market, side);
    if (worst <= limit) return;
    const way = side === "buy" ? "long" : "short";
    this.#break(
      "exposure",
      atMs,
      `${market}: with ${clientOrderId} every order filled is ${toText(worst)} ${way}, over ${toText(limit)}`,
    );
  }

  #checkCrossed(atMs: number, market: string): void {
    for (const buy of this.#of(market, "buy")) {
      const met = this.#of(market, "sell").find((sell) => sell.price <= buy.price);
      if (met !== undefined)
        this.#break("crossed", atMs, `${buy.clientOrderId} stands at or above ${met.clientOrderId}`);
    }
  }

  /** An exchange lets no account meet itself; a placing that would have is ours to avoid all the same. */
  #checkSelfMatch(atMs: number, { clientOrderId, market, side, price }: Placing, sentMs: number): void {
    if (!OUR_ORDER.test(clientOrderId) || !/^\d+(\.\d+)?$/.test(price)) return;
    const at = amount(price);
    const met = this.#of(market, side === "buy" ? "sell" : "buy", sentMs).find((order) =>
      side === "buy" ? order.price <= at : order.price >= at,
    );
    if (met !== undefined)
      this.#break("self-match", atMs, `${clientOrderId} at ${price} would meet ${met.clientOrderId}`);
  }

  #break(rule: Rule, atMs: number, what: string): void {
    this.#violation ??= { rule, atMs, what };
  }
}

function amount(text: string): bigint {
  return parseScaled(text, DECIMALS, "amount");
}

function toText(scaled: bigint): string {
  return String(Number(scaled) / 10 ** DECIMALS);
}
