/**
 * The engine's minutes (CONTRACTS 5), written as the wall clock passes from one to the next: how long anything lasted is the engine's by
 * monotonic time, which minute it was is said here. Owns the timer and the end; nothing of it is on the way of an order.
 */
import type { FillMarkout } from "../core/accounting/markout.ts";
import { MINUTE_MS, type MinuteFigures } from "../core/accounting/minute.ts";
import type { MinuteMeter } from "../core/accounting/minute-meter.ts";
import type { Instant } from "../core/units.ts";
import type { Log } from "./log.ts";
import { minuteText } from "./minute-item.ts";
import { MARKOUTS_PER_ITEM_MAX, type MarketMinute, type MinuteTable } from "./minute-table.ts";
import { MinuteWriter } from "./minute-writer.ts";
import type { Clock, Rng } from "./seams.ts";
import type { Metrics } from "./telemetry.ts";

/** A little past the boundary: what has been read before it is taken first, and the wall clock is surely in the next minute. */
const AFTER_BOUNDARY_MS = 50;

/** A wall clock that is this little short of where it should be is being slewed; more, and it was set back. */
const SLEW_MS_MAX = 1_000;

/** What the table may be away for, three hours, of minutes and as many items of markouts. */
const CAPACITY_PER_MARKET = 360;

export type MinuteRecorderOptions = {
  readonly meter: MinuteMeter;
  readonly markets: readonly string[];
  readonly epoch: number;
  readonly table: Pick<MinuteTable, "addPart" | "putMarkouts">;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Takes a market's fills whose markouts are finished. */
  readonly takeMarkouts: (market: string) => readonly FillMarkout[];
};

export class MinuteRecorder {
  readonly #options: MinuteRecorderOptions;
  readonly #writer: MinuteWriter;
  /** The beginning (epoch ms) of the minute under way; undefined before the start. */
  #minuteMs: number | undefined;
  /** Its end by the monotonic clock. */
  #endMs = Number.POSITIVE_INFINITY;
  /** How often the wall clock was set back: minutes that come again are told apart by it. */
  #run = 0;
  #markoutItems = 0;
  #stopTimer: () => void = () => undefined;
  #isStopped = false;

  constructor(options: MinuteRecorderOptions) {
    this.#options = options;
    this.#writer = new MinuteWriter({ ...options, capacity: CAPACITY_PER_MARKET * options.markets.length });
  }

  /** The first minute begins now: the part of it before is another task's, or nobody's. */
  start(): void {
    if (this.#isStopped || this.#minuteMs !== undefined) return;
    const now = this.#options.clock.now();
    this.#minuteMs = minuteOf(now);
    this.#endMs = endOf(this.#minuteMs, now);
    this.#options.meter.begin({ nowMs: now.monotonicMs, endMs: this.#endMs });
    this.#arm(now);
  }

  /** The minute under way ends here. Answers true once all is written, false after `withinMs`; it is given up then. */
  async finish(withinMs: number): Promise<boolean> {
    if (this.#isStopped || this.#minuteMs === undefined) return true;
    this.#stopTimer();
    const now = this.#options.clock.now();
    // Its timer may be due and not have come.
    const minuteMs = now.monotonicMs < this.#endMs ? this.#minuteMs : this.#nextMinute(this.#minuteMs, now);
    this.#write(minuteMs, this.#options.meter.next({ nowMs: now.monotonicMs, endMs: Number.POSITIVE_INFINITY }));
    this.#isStopped = true;
    const isWritten = await this.#writer.flush(withinMs);
    this.#writer.stop();
    return isWritten;
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopTimer();
    this.#writer.stop();
  }

  #arm({ monotonicMs }: Instant): void {
    this.#stopTimer = this.#options.clock.after(this.#endMs + AFTER_BOUNDARY_MS - monotonicMs, () => {
      if (this.#minuteMs === undefined || this.#isStopped) return;
      const now = this.#options.clock.now();
      this.#minuteMs = this.#nextMinute(this.#minuteMs, now);
      this.#arm(now);
    });
  }

  /** Writes the minute that has ended, lets the next begin and answers which that is. */
  #nextMinute(minuteMs: number, now: Instant): number {
    const run = this.#run;
    const nextMs = this.#minuteAfter(minuteMs, now);
    this.#endMs = endOf(nextMs, now);
    const figures = this.#options.meter.next({ nowMs: now.monotonicMs, endMs: this.#endMs });
    this.#write(minuteMs, figures, run);
    return nextMs;
  }

  /**
   * The minute that the wall clock shows. Minutes that it has jumped over are nobody's, and get no item; where it was set back, each is
   * counted beside what was written of it.
   */
  #minuteAfter(minuteMs: number, now: Instant): number {
    const wallMs = minuteOf(now);
    if (wallMs > minuteMs) return wallMs;
    const nextMs = minuteMs + MINUTE_MS;
    if (nextMs - now.epochMs <= SLEW_MS_MAX) return nextMs;
    this.#run += 1;
    const { log } = this.#options;
    log.warn("the wall clock was set back, minutes come again", {
      from: minuteText(nextMs),
      to: minuteText(wallMs),
    });
    return wallMs;
  }

  #write(minuteMs: number, all: ReadonlyMap<string, MinuteFigures>, run = this.#run): void {
    const { epoch, table, markets, takeMarkouts } = this.#options;
    const minute = minuteText(minuteMs);
    for (const [market, figures] of all) {
      this.#writer.add({ market, minute, write: () => table.addPart({ market, minuteMs }, { epoch, run, figures }) });
    }
    for (const market of markets) this.#writeMarkouts({ market, minuteMs }, takeMarkouts(market));
  }

  #writeMarkouts(of: MarketMinute, all: readonly FillMarkout[]): void {
    const { epoch, table } = this.#options;
    for (let from = 0; from < all.length; from += MARKOUTS_PER_ITEM_MAX) {
      const fills = all.slice(from, from + MARKOUTS_PER_ITEM_MAX);
      // Counted over the whole task: no two of its items are ever of the same name, whatever the wall clock does.
      this.#markoutItems += 1;
      const part = this.#markoutItems;
      const write = () => table.putMarkouts(of, { epoch, part, fills });
      this.#writer.add({ market: of.market, minute: minuteText(of.minuteMs), write });
    }
  }
}

function minuteOf({ epochMs }: Instant): number {
  return epochMs - (epochMs % MINUTE_MS);
}

/** When a minute of the wall clock ends by the monotonic one, as the two stand to each other now. */
function endOf(minuteMs: number, { monotonicMs, epochMs }: Instant): number {
  return monotonicMs + minuteMs + MINUTE_MS - epochMs;
}
