/**
 * Reads, for ever, what the engine's position is held against: the venue's balances and the ledger's books. Owns when they are
 * read; what a difference means is the engine's, and what must outlive the process is kept by `risk-keeper.ts`.
 */
import type { Engine } from "../core/engine.ts";
import type { EngineEvent } from "../core/events.ts";
import type { Log } from "./log.ts";
import type { Clock } from "./seams.ts";
import type { StateTable } from "./state-table.ts";
import type { Venue } from "./venue.ts";

/** Balances every 30 s, and with them the positions, which must be compared each 60 s. */
const INTERVAL_MS = 30_000;
/** While something differs: sooner, so that what was only on its way is over sooner. */
const DIFFERING_INTERVAL_MS = 10_000;

export type ReconcilerOptions = {
  readonly engine: Engine;
  readonly venue: Pick<Venue, "balances">;
  readonly stateTable: Pick<StateTable, "readLedger">;
  readonly push: (event: EngineEvent) => void;
  readonly clock: Clock;
  readonly log: Log;
};

export class Reconciler {
  readonly #options: ReconcilerOptions;
  #cancel: () => void = () => undefined;
  #isStopped = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /**
   * One comparison, for the start. `isSettled` says that no order is open and that every fill has been read, so that a difference
   * counts at once; the ledger may be behind. Rejects when the venue cannot be asked. Resolves with what was found, in words.
   */
  async compare(isSettled: boolean): Promise<string> {
    await this.#readBalances(isSettled);
    await this.#readLedgers(isSettled);
    const { engine } = this.#options;
    const words = engine.markets.map(({ settings, check }) => {
      const found = check.differences.length === 0 ? "agrees" : check.differences.join("; ");
      return `${settings.market.symbol} ${found}`;
    });
    return words.join(", ");
  }

  start(): void {
    this.#arm();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #arm(): void {
    if (this.#isStopped) return;
    const isDiffering = this.#options.engine.markets.some(({ check }) => check.differences.length > 0);
    this.#cancel = this.#options.clock.after(
      isDiffering ? DIFFERING_INTERVAL_MS : INTERVAL_MS,
      () => void this.#round(),
    );
  }

  async #round(): Promise<void> {
    const { log } = this.#options;
    await this.#readBalances(false).catch((error: unknown) => log.warn("the balances could not be read", { error }));
    await this.#readLedgers(false);
    this.#arm();
  }

  async #readBalances(isSettled: boolean): Promise<void> {
    const { venue, clock, push } = this.#options;
    const { value: balances, askedMs } = await venue.balances();
    if (this.#isStopped) return;
    const totals = new Map(balances.map(({ asset, total }) => [asset, total]));
    const spent = new Map(balances.flatMap(({ asset, spent: gone }) => (gone === undefined ? [] : [[asset, gone]])));
    const read = { type: "balances-read", balances: totals, askedMs, isSettled, at: clock.now() } as const;
    push(spent.size === 0 ? read : { ...read, spent });
    await settled();
  }

  /** One that cannot be read says nothing: the table's own alarms tell that, and fills wait safely in the queue. */
  async #readLedgers(isSettled: boolean): Promise<void> {
    const { engine, stateTable, clock, push, log } = this.#options;
    for (const { settings } of engine.markets) {
      const { symbol } = settings.market;
      try {
        const ledger = await stateTable.readLedger(symbol);
        if (this.#isStopped) return;
        push({ type: "ledger-read", market: symbol, ...ledger, isSettled, at: clock.now() });
      } catch (error) {
        log.warn("the ledger's position could not be read", { market: symbol, error });
      }
    }
    await settled();
  }
}

/** Lets the loop take what was pushed. */
async function settled(): Promise<void> {
  await Promise.resolve();
  await Promise.resolve();
}
