/** Keeps the loss and the venue's baselines of a running engine in the table. Owns when they are written: on change, not often, a latch at once. */
import type { Engine } from "../core/engine.ts";
import type { MarketEngine } from "../core/market-engine.ts";
import type { LossSnapshot } from "../core/risk/loss-watch.ts";
import type { Log } from "./log.ts";
import type { RiskStore } from "./risk-store.ts";
import type { Clock } from "./seams.ts";

/** A peak that a crash forgets is at most this old. */
const INTERVAL_MS = 5_000;
/**
 * A latch that a crash forgets would be made anew by the next start, and with it the kill that an operator has lifted meanwhile: the
 * resume would be lost.
 */
const LATCH_INTERVAL_MS = 200;

export type RiskKeeperOptions = {
  readonly engine: Engine;
  readonly epoch: number;
  readonly store: Pick<RiskStore, "save">;
  readonly clock: Clock;
  readonly log: Log;
};

export class RiskKeeper {
  readonly #options: RiskKeeperOptions;
  #saved: { readonly loss: LossSnapshot | undefined; readonly baselines: string } | undefined;
  #savesCount = 0;
  #seenLatches = "";
  #roundsLeft = INTERVAL_MS / LATCH_INTERVAL_MS;
  #cancel: () => void = () => undefined;
  #isStopped = false;
  #isSuperseded = false;

  constructor(options: RiskKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.after(LATCH_INTERVAL_MS, () => this.#round());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** Writes what has changed since the last write. Never rejects: what failed is written the next time. */
  async save(): Promise<void> {
    const { engine, epoch, store, clock, log } = this.#options;
    const loss = engine.loss.snapshot;
    const baselines = new Map<string, bigint>();
    for (const { settings, check } of engine.markets) {
      if (check.baseline !== undefined) baselines.set(settings.market.symbol, check.baseline);
    }
    const differing = this.#differing();
    const text = [...baselines, ...differing].join();
    if (this.#isSuperseded || (loss === this.#saved?.loss && text === (this.#saved?.baselines ?? ""))) return;
    try {
      this.#savesCount += 1;
      const writtenAtMs = clock.now().epochMs;
      if (await store.save({ loss, baselines, differing, writtenAtMs }, { epoch, version: this.#savesCount })) {
        this.#saved = { loss, baselines: text };
        return;
      }
      this.#isSuperseded = true;
      log.error("a later task keeps the risk item, this one writes it no more", { epoch });
    } catch (error) {
      log.warn("the risk item could not be written", { error });
    }
  }

  #round(): void {
    this.#roundsLeft -= 1;
    const latches = this.#latches();
    if (this.#roundsLeft > 0 && latches === this.#seenLatches) {
      this.start();
      return;
    }
    // Tried at once, once: what failed is written by the next of the usual rounds.
    this.#seenLatches = latches;
    this.#roundsLeft = INTERVAL_MS / LATCH_INTERVAL_MS;
    void this.save().then(() => {
      if (!this.#isStopped) this.start();
    });
  }

  #differing(): readonly string[] {
    return this.#options.engine.markets.filter(({ check }) => check.latch !== undefined).map(symbolOf);
  }

  #latches(): string {
    return [this.#options.engine.loss.latch?.reason ?? "", ...this.#differing()].join();
  }
}

function symbolOf({ settings }: MarketEngine): string {
  return settings.market.symbol;
}
