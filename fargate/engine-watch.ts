/**
 * Watches what the engine does to itself, five times a second: limits that were breached are latched in the control items and told
 * on the bus, halts are told once the venue shows nothing live. Owns the telling; the engine has halted itself before.
 */
import type { Engine } from "../core/engine.ts";
import type { OpenOrdersRead } from "../core/events.ts";
import type { MarketEngine } from "../core/market-engine.ts";
import { OWN_PREFIX } from "../core/order.ts";
import type { Announcer, EventDetail } from "./announcer.ts";
import type { Control } from "./control.ts";
import type { Log } from "./log.ts";
import type { Clock } from "./seams.ts";
import type { FeedState } from "./status/state.ts";
import type { Venue } from "./venue.ts";

const INTERVAL_MS = 200;

/** A market that is not quoted for less than this is no news: a failover, a book that was crossed for a moment. */
const HALT_IS_NEWS_MS = 2_000;

/** A halt is told after this, confirmed by the venue or not. */
const UNCONFIRMED_MS = 3_000;

export type EngineWatchOptions = {
  readonly engine: Engine;
  readonly venue: Pick<Venue, "openOrders">;
  readonly control: Control;
  /** Whether this task may still speak for the shard. */
  readonly isInCharge: () => boolean;
  readonly announcer: Pick<Announcer, "announce">;
  readonly feed: () => FeedState;
  readonly push: (event: OpenOrdersRead) => void;
  readonly clock: Clock;
  readonly log: Log;
};

/** Between two questions whether anything is live, so that they leave the slots to the cancels. */
const ASK_INTERVAL_MS = 500;

/** Times are monotonic. `askAtMs`: infinite while a question is on its way. */
type Halt = { readonly sinceMs: number; isTold: boolean; isConfirmed: boolean; askAtMs: number };

export class EngineWatch {
  readonly #options: EngineWatchOptions;
  /** Breaches that were told, by what they are of, until they are over. */
  readonly #breaches = new Map<string, string>();
  readonly #halts = new Map<string, Halt>();
  #failovers = 0;
  #cancel: () => void = () => undefined;

  constructor(options: EngineWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.after(INTERVAL_MS, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const { engine, control } = this.#options;
    const { loss } = engine;
    this.#breach("drawdown alert", loss.isAlerting ? loss.drawdown : undefined, () => undefined);
    const isReducing = loss.state === "reducing" && loss.unknown === undefined;
    this.#breach("reducing", isReducing ? loss.drawdown : undefined, () => undefined);
    this.#breach("loss unknown", loss.unknown, () => undefined);
    this.#breach("loss", loss.latch?.reason, (reason) => control.latch("ALL", reason));
    for (const market of engine.markets) {
      const { symbol } = market.settings.market;
      const latch = (reason: string) => control.latch(symbol, reason);
      this.#breach(`repeated execution ${symbol}`, market.throttle.reason, latch);
      this.#breach(`position ${symbol}`, market.check.latch, latch);
      if (market.isStarted) this.#followHalt(market, symbol);
    }
    this.#followFeed();
  }

  /** Tells a breach once, when it begins; `act` then makes it outlive the process. */
  #breach(what: string, reason: string | undefined, act: (reason: string) => void): void {
    const { announcer, log } = this.#options;
    if (reason === undefined) {
      this.#breaches.delete(what);
      return;
    }
    if (this.#breaches.has(what)) return;
    if (!this.#options.isInCharge()) return;
    this.#breaches.set(what, reason);
    log.error("risk limit breached", { limit: what, reason });
    announcer.announce("Risk Limit Breached", { limit: what, reason });
    act(reason);
  }

  #followHalt(market: MarketEngine, symbol: string): void {
    const { monotonicMs } = this.#options.clock.now();
    const halt = this.#halts.get(symbol);
    if (market.blockers.length === 0) {
      this.#halts.delete(symbol);
      if (halt?.isTold === true)
        this.#tell("Quoting Resumed", { market: symbol, reason: "nothing holds it back any more" });
      return;
    }
    if (halt === undefined) {
      this.#halts.set(symbol, { sinceMs: monotonicMs, isTold: false, isConfirmed: false, askAtMs: monotonicMs });
      return;
    }
    if (!halt.isConfirmed && market.orders.open().length === 0) this.#confirm(symbol, halt);
    const heldMs = monotonicMs - halt.sinceMs;
    const isDue = heldMs >= (halt.isConfirmed ? HALT_IS_NEWS_MS : UNCONFIRMED_MS);
    if (halt.isTold || !isDue) return;
    halt.isTold = true;
    const reason = market.blockers.join("; ");
    this.#tell("Quoting Halted", { market: symbol, reason, nothingLive: halt.isConfirmed, heldMs: Math.round(heldMs) });
  }

  /** Asks the venue itself whether anything of ours is live; whatever is goes to the engine, which cancels it. */
  #confirm(symbol: string, halt: Halt): void {
    const { venue, control, clock, push, log } = this.#options;
    if (clock.now().monotonicMs < halt.askAtMs) return;
    halt.askAtMs = Number.POSITIVE_INFINITY;
    venue
      .openOrders(symbol)
      .then(({ value: orders, askedMs }) => {
        push({ type: "open-orders-read", market: symbol, orders, askedMs, at: clock.now() });
        const isLive = orders.some((order) => order.market === symbol && order.clientOrderId.startsWith(OWN_PREFIX));
        if (isLive || this.#halts.get(symbol) !== halt) return;
        halt.isConfirmed = true;
        const now = clock.now();
        const confirmed = control.confirmHalt(symbol, now);
        const afterMs = Math.round(now.monotonicMs - halt.sinceMs);
        log.info("halt confirmed, the venue shows no order of ours", { market: symbol, afterMs, ...confirmed });
      })
      .catch((error: unknown) => log.warn("the halt could not be confirmed yet", { market: symbol, error }))
      .finally(() => {
        halt.askAtMs = clock.now().monotonicMs + ASK_INTERVAL_MS;
      });
  }

  #followFeed(): void {
    const { endpoint, failovers } = this.#options.feed();
    if (failovers <= this.#failovers) return;
    this.#failovers = failovers;
    this.#tell("Feed Failed Over", { endpoint, failovers, reason: "the endpoint before it was lost" });
  }

  #tell(detailType: "Quoting Halted" | "Quoting Resumed" | "Feed Failed Over", detail: EventDetail): void {
    this.#options.log.info(detailType === "Quoting Halted" ? "quoting halted" : "engine event", {
      detailType,
      ...detail,
    });
    this.#options.announcer.announce(detailType, detail);
  }
}
