/**
 * The venue as a competitor meets it: orders arrive after the latency, answers and fills come back after it, and the limits of
 * CONTRACTS 3 are counted as the venue counts them. The same for every competitor. Owns the competitor's orders and what is on its
 * way; matching is the stage's, and what is measured is the meter's.
 */
import { assert } from "../../core/assert.ts";
import type { BookSide, BookUpdate, Fill, VenueOrder } from "../../core/events.ts";
import { type OwnSize, topOf, topWithoutOwn } from "../../core/market-data/book.ts";
import { type Instant, type Lots, signOf, toLots } from "../../core/units.ts";
import { RequestLimits } from "../cambrian-api/request-limits.ts";
import { feeOn, notionalOf } from "../exchange/fees.ts";
import type { BookLevels, OwnMatch, PriceLevel } from "../exchange/market-place.ts";
import type { Agenda } from "./agenda.ts";
import type { Answer, Competitor, OrderPort, OrderRequest } from "./competitor.ts";
import type { RunMeter } from "./run-meter.ts";
import type { Print, Stage, StageListener } from "./stage.ts";

/** One-way times in milliseconds: of a shown book or trade to us, of a request to the venue, of an answer or a fill back. */
export type Latency = { readonly feedMs: number; readonly outMs: number; readonly backMs: number };

export type DeskOptions = {
  readonly stage: Stage;
  readonly agenda: Agenda;
  readonly meter: RunMeter;
  readonly latency: Latency;
  readonly positionMax: Lots;
  readonly placementsInFlight: number;
  /** Epoch milliseconds of the run's first moment. */
  readonly epochMs: number;
};

type DeskOrder = OrderRequest & { readonly orderId: string; filled: number; status: VenueOrder["status"] };

/** What ended this many orders ago is forgotten: an answer about it has long been given. */
const ENDED_KEPT = 1_000;

export class VenueDesk implements OrderPort, StageListener {
  readonly #options: DeskOptions;
  readonly #limits = new RequestLimits();
  readonly #open = new Map<string, DeskOrder>();
  readonly #byOrderId = new Map<string, DeskOrder>();
  readonly #ended = new Map<string, DeskOrder>();
  #competitor: Competitor | undefined;
  #nowMs = 0;
  #placementsInFlight = 0;
  #orders = 0;
  #fills = 0;
  #books = 0;
  #prints = 0;
  #isTurnDue = false;

  constructor(options: DeskOptions) {
    this.#options = options;
    options.stage.listen(this);
  }

  /** Sets whose orders these are; once, before the first move. */
  serve(competitor: Competitor): void {
    this.#competitor = competitor;
  }

  /** Time has come to `nowMs`. */
  setNow(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** Whether something has reached the competitor since this was last asked. */
  takeTurnDue(): boolean {
    const isDue = this.#isTurnDue;
    this.#isTurnDue = false;
    return isDue;
  }

  instant(atMs = this.#nowMs): Instant {
    return { monotonicMs: atMs, epochMs: this.#options.epochMs + atMs };
  }

  place(request: OrderRequest): void {
    this.#placementsInFlight += 1;
    const isOver = this.#placementsInFlight > this.#options.placementsInFlight;
    this.#arrive(request.clientOrderId, () => this.#admit(request, isOver), "placement");
  }

  cancel(clientOrderId: string): void {
    this.#arrive(clientOrderId, () => this.#cancelNow(clientOrderId));
  }

  query(clientOrderId: string): void {
    const find = () => this.#open.get(clientOrderId) ?? this.#ended.get(clientOrderId);
    this.#arrive(clientOrderId, () => {
      const order = find();
      return { type: "found", clientOrderId, order: order === undefined ? undefined : this.#view(order) };
    });
  }

  poll(): void {
    const askedMs = this.#nowMs;
    this.#arrive("", () => ({
      type: "polled",
      orders: [...this.#open.values()].map((order) => this.#view(order)),
      askedMs,
    }));
  }

  print({ price, size, aggressor }: Print): void {
    this.#prints += 1;
    const { stage, latency } = this.#options;
    const atMs = this.#nowMs + latency.feedMs;
    const tradeId = `T-${this.#prints}`;
    const venueTimeMs = this.instant().epochMs;
    this.#deliver(atMs, (competitor) => {
      const at = this.instant(atMs);
      const market = stage.market.symbol;
      competitor.trade({ type: "trade", market, tradeId, price, size, aggressor, venueTimeMs, at });
    });
  }

  ownMatch({ orderId, price, size, liquidity }: OwnMatch): void {
    const { stage, meter, latency } = this.#options;
    const order = this.#byOrderId.get(orderId);
    assert(order !== undefined, `a match must be of an open order, was ${orderId}`);
    order.filled += size;
    order.status = order.filled >= order.size ? "filled" : "partially_filled";
    meter.fill({ side: order.side, price, size, liquidity });
    if (order.status === "filled") {
      meter.counts.filled += 1;
      this.#end(order);
    }
    this.#tellQuotes();
    this.#fills += 1;
    const fill: Fill = {
      // Of one length, so that their order by bytes is the order they came in.
      fillId: `F-${String(this.#fills).padStart(9, "0")}`,
      orderId,
      clientOrderId: order.clientOrderId,
      market: stage.market.symbol,
      side: order.side,
      price,
      size,
      fee: feeOn(notionalOf(stage.market, price, size), liquidity),
      feeAsset: stage.market.quote,
      liquidity,
      venueTime: new Date(Math.floor(this.instant().epochMs)).toISOString(),
    };
    const seen = this.#view(order);
    const atMs = this.#nowMs + latency.backMs;
    this.#deliver(atMs, (competitor) => {
      competitor.fill(fill, this.instant(atMs));
      competitor.orderSeen(seen, this.instant(atMs));
    });
  }

  book(levels: BookLevels): void {
    this.#books += 1;
    const { stage, meter, latency } = this.#options;
    const atMs = this.#nowMs + latency.feedMs;
    const book: BookUpdate = {
      type: "book-update",
      market: stage.market.symbol,
      bids: sideOf(levels.bids),
      asks: sideOf(levels.asks),
      sequence: this.#books,
      venueTimeMs: this.instant().epochMs,
      at: this.instant(atMs),
    };
    meter.book(topWithoutOwn(book, this.#ownSizes()), topOf(book));
    this.#deliver(atMs, (competitor) => competitor.book(book));
  }

  /** One request on its way: counted when it arrives, and answered. */
  #arrive(clientOrderId: string, carryOut: () => Answer, kind: "placement" | "other" = "other"): void {
    const { agenda, latency, meter } = this.#options;
    agenda.put(this.#nowMs + latency.outMs, () => {
      const isAdmitted = this.#limits.admit(this.#nowMs);
      if (!isAdmitted) meter.counts.overRequests += 1;
      const answer: Answer = isAdmitted
        ? carryOut()
        : { type: "refused", clientOrderId, reason: "too many requests within a second" };
      const atMs = this.#nowMs + latency.backMs;
      this.#deliver(atMs, (competitor) => {
        if (kind === "placement") this.#placementsInFlight -= 1;
        competitor.answer(answer, this.instant(atMs));
      });
    });
  }

  #admit(request: OrderRequest, isOver: boolean): Answer {
    const { stage, meter } = this.#options;
    const { clientOrderId, side, price, size } = request;
    if (isOver) {
      meter.counts.overRequests += 1;
      return { type: "refused", clientOrderId, reason: "too many placements in flight" };
    }
    if (this.#worstPosition(request) > this.#options.positionMax) {
      meter.counts.overPosition += 1;
      return { type: "refused", clientOrderId, reason: "the position limit" };
    }
    this.#orders += 1;
    const order: DeskOrder = { ...request, orderId: `V-${this.#orders}`, filled: 0, status: "open" };
    const result = stage.place({ orderId: order.orderId, side, price, size, timeInForce: "post_only" });
    if (result.type !== "resting") {
      meter.counts.rejected += 1;
      order.status = "rejected";
      return { type: "placed", order: this.#view(order) };
    }
    meter.counts.placed += 1;
    this.#open.set(clientOrderId, order);
    this.#byOrderId.set(order.orderId, order);
    this.#tellQuotes();
    return { type: "placed", order: this.#view(order) };
  }

  #cancelNow(clientOrderId: string): Answer {
    const { stage, meter, latency } = this.#options;
    const order = this.#open.get(clientOrderId);
    if (order === undefined) {
      const ended = this.#ended.get(clientOrderId);
      if (ended === undefined) return { type: "found", clientOrderId, order: undefined };
      return { type: "ended", order: this.#view(ended) };
    }
    stage.cancel(order.orderId);
    order.status = "cancelled";
    meter.counts.cancelled += 1;
    this.#end(order);
    this.#tellQuotes();
    const seen = this.#view(order);
    const atMs = this.#nowMs + latency.backMs;
    this.#deliver(atMs, (competitor) => competitor.orderSeen(seen, this.instant(atMs)));
    return { type: "cancelled", order: seen };
  }

  /** The position in the order's direction if everything of that side were filled. */
  #worstPosition({ side, size }: OrderRequest): number {
    let worst = signOf(side) * this.#options.meter.position + size;
    for (const order of this.#open.values()) if (order.side === side) worst += order.size - order.filled;
    return worst;
  }

  #end(order: DeskOrder): void {
    this.#open.delete(order.clientOrderId);
    this.#byOrderId.delete(order.orderId);
    this.#ended.set(order.clientOrderId, order);
    if (this.#ended.size <= ENDED_KEPT) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }

  #tellQuotes(): void {
    let bid: OrderRequest | undefined;
    let ask: OrderRequest | undefined;
    for (const order of this.#open.values()) {
      if (order.side === "buy" && (bid === undefined || order.price > bid.price)) bid = order;
      if (order.side === "sell" && (ask === undefined || order.price < ask.price)) ask = order;
    }
    this.#options.meter.quotes({ bid: bid?.price, ask: ask?.price });
  }

  #ownSizes(): readonly OwnSize[] {
    const own: OwnSize[] = [];
    for (const { side, price, size, filled } of this.#open.values()) {
      own.push({ side, price, size: toLots(size - filled) });
    }
    return own;
  }

  #view({ orderId, clientOrderId, side, price, size, filled, status }: DeskOrder): VenueOrder {
    const market = this.#options.stage.market.symbol;
    return { orderId, clientOrderId, market, side, price, size, filled: toLots(filled), status };
  }

  #deliver(atMs: number, tell: (competitor: Competitor) => void): void {
    this.#options.agenda.put(atMs, () => {
      assert(this.#competitor !== undefined, "a desk must serve a competitor before the market moves");
      tell(this.#competitor);
      this.#isTurnDue = true;
    });
  }
}

function sideOf(levels: readonly PriceLevel[]): BookSide {
  return { prices: levels.map(({ price }) => price), sizes: levels.map(({ size }) => size) };
}
