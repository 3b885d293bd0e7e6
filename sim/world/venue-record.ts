/**
 * What the venue saw and said, in order: arrivals, effects, answers, orders and fills, each with its moment. Owns the record
 * alone; what must hold in it is `invariants.ts`'s. A task has no part in it.
 */

import type { RouteName } from "../cambrian-api/routes.ts";
import type { AccountEvent, ExchangeFill, ExchangeOrder } from "../exchange/account-records.ts";

/** A placing's order, as far as its body can be read. */
export type Placing = {
  readonly clientOrderId: string;
  readonly market: string;
  readonly side: string;
  readonly price: string;
  readonly quantity: string;
};

export type ArrivalEntry = {
  readonly type: "arrival";
  readonly atMs: number;
  /** Counted from 1; `effect` and `left` name it. */
  readonly number: number;
  readonly process: string;
  /** When the process wrote it. */
  readonly sentMs: number;
  readonly route: RouteName;
  readonly method: string;
  readonly path: string;
  readonly placing: Placing | undefined;
};

export type VenueEntry =
  | ArrivalEntry
  | {
      readonly type: "effect";
      readonly atMs: number;
      readonly number: number;
      readonly route: RouteName;
      readonly placing: Placing | undefined;
    }
  | {
      readonly type: "left";
      readonly atMs: number;
      readonly number: number;
      readonly route: RouteName;
      /** The answer's status, `dropped`, or `silence`. */
      readonly status: number | string;
    }
  | { readonly type: "order"; readonly atMs: number; readonly order: ExchangeOrder }
  | { readonly type: "fill"; readonly atMs: number; readonly fill: ExchangeFill };

const ENTRIES_MAX = 500_000;
/** What a violation shows. */
const SHOWN = 30;

export class VenueRecord {
  readonly #nowMs: () => number;
  readonly #onEntry: (entry: VenueEntry) => void;
  readonly #entries: VenueEntry[] = [];
  readonly #here = new Map<number, ArrivalEntry>();
  #arrivals = 0;

  /** `onEntry` is told each entry and must not throw: it is called in the middle of the venue's work. */
  constructor(nowMs: () => number, onEntry: (entry: VenueEntry) => void) {
    this.#nowMs = nowMs;
    this.#onEntry = onEntry;
  }

  get entries(): readonly VenueEntry[] {
    return this.#entries;
  }

  /** Requests that have arrived, placings alone when `route` says so. */
  arrivals(route?: RouteName): readonly ArrivalEntry[] {
    return this.#entries.filter(
      (entry): entry is ArrivalEntry => entry.type === "arrival" && (route === undefined || entry.route === route),
    );
  }

  /** Writes a request down; answers its number. */
  arrived(
    request: Pick<ArrivalEntry, "process" | "sentMs" | "route" | "method" | "path"> & { readonly body: string },
  ): number {
    this.#arrivals += 1;
    const { process, sentMs, route, method, path, body } = request;
    const placing = route === "place" ? readPlacing(body) : undefined;
    const number = this.#arrivals;
    const entry: ArrivalEntry = {
      type: "arrival",
      atMs: this.#nowMs(),
      number,
      process,
      sentMs,
      route,
      method,
      path,
      placing,
    };
    this.#here.set(number, entry);
    this.#write(entry);
    return number;
  }

  tookEffect(number: number): void {
    const { route, placing } = this.#arrival(number);
    this.#write({ type: "effect", atMs: this.#nowMs(), number, route, placing });
  }

  left(number: number, status: number | string): void {
    const { route } = this.#arrival(number);
    this.#here.delete(number);
    this.#write({ type: "left", atMs: this.#nowMs(), number, route, status });
  }

  account(event: AccountEvent): void {
    this.#write({ ...event, atMs: this.#nowMs() });
  }

  /** Every entry as one line, for comparing two runs. */
  lines(): readonly string[] {
    return this.#entries.map(toLine);
  }

  /** The last entries, a line each. */
  tail(): string {
    return this.#entries.slice(-SHOWN).map(toLine).join("\n");
  }

  #arrival(number: number): ArrivalEntry {
    const found = this.#here.get(number);
    if (found === undefined) throw new RangeError(`number must be of a request that is here, was ${number}`);
    return found;
  }

  #write(entry: VenueEntry): void {
    if (this.#entries.length >= ENTRIES_MAX) throw new RangeError(`a record must hold at most ${ENTRIES_MAX} entries`);
    this.#entries.push(entry);
    this.#onEntry(entry);
  }
}

/** One entry for people to read. */
export function toLine(entry: VenueEntry): string {
  const at = `${entry.atMs.toFixed(3)} ms`;
  switch (entry.type) {
    case "arrival": {
      const { number, process, sentMs, method, path, placing } = entry;
      const order = placing === undefined ? "" : ` ${placing.clientOrderId} ${placing.side} at ${placing.price}`;
      return `${at} #${number} ${process} ${method} ${path}${order} (sent at ${sentMs.toFixed(3)})`;
    }
    case "effect":
      return `${at} #${entry.number} ${entry.route} carried out`;
    case "left":
      return `${at} #${entry.number} ${entry.route} answered ${entry.status}`;
    case "order": {
      const { orderId, clientOrderId, side, quantity, filledQuantity, price, status } = entry.order;
      return `${at} order ${orderId} ${clientOrderId} ${side} ${filledQuantity}/${quantity} at ${price} ${status}`;
    }
    case "fill": {
      const { fillId, clientOrderId, side, quantity, price } = entry.fill;
      return `${at} fill ${fillId} of ${clientOrderId} ${side} ${quantity} at ${price}`;
    }
  }
}

function readPlacing(body: string): Placing | undefined {
  try {
    const order: unknown = JSON.parse(body);
    const text = (field: string): string => String(Reflect.get(Object(order), field));
    return {
      clientOrderId: text("client_order_id"),
      market: text("market_id"),
      side: text("side"),
      price: text("price"),
      quantity: text("quantity"),
    };
  } catch {
    // The venue will answer that; it is no order.
    return undefined;
  }
}
