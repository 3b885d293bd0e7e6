/**
 * Which parameters each market's strategy has now, while the task runs: those of the configuration's file, or those of an operator's
 * control item, which count over the file for as long as the item stands. Owns that order, what was refused, and who changed what
 * and when; between two decisions the engine is told. Nothing here ever halts a market: what is refused changes nothing.
 */
import { assert } from "../core/assert.ts";
import type { InputError } from "../core/errors.ts";
import type { ParametersChanged } from "../core/events.ts";
import type { Config } from "./config.ts";
import { changesBetween, changeText } from "./config-changes.ts";
import { type ConfigSource, ConfigWatch, type FileVerdict } from "./config-watch.ts";
import type { Log } from "./log.ts";
import { toMarketSettings } from "./market-settings.ts";
import type { Clock } from "./seams.ts";
import type { StrategyState } from "./status/state.ts";
import { checkStrategy, type StrategyFile, type StrategyVerdict } from "./strategy-check.ts";
import type { StrategyItem, StrategyItems } from "./strategy-item.ts";

const FILE = "the configuration file";
const ITEM = "the operator's item";
const REFUSED = "configuration refused, the parameters stay as they are";

export type StrategyReloadOptions = {
  /** What the task was started with. */
  readonly config: Config;
  /** Undefined where there is no file to look at: then items alone change anything. */
  readonly source: ConfigSource | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly push: (event: ParametersChanged) => void;
};

/** Parameters, and who wanted them. */
type Wish = {
  readonly strategy: StrategyFile;
  readonly by: string;
  readonly at: string;
  readonly reason: string | null;
};

type Entry = {
  /** What the engine was told, or began with; `wish` is undefined while that is what the task was started with. */
  current: StrategyFile;
  wish: Wish | undefined;
  file: StrategyFile;
  /** The last good item, while one stands. */
  item: (Wish & { readonly atMs: number }) | undefined;
  /** The item as it was last judged, so that one that says the same again is passed over. */
  judged: string | undefined;
  refused: readonly string[];
};

export class StrategyReload {
  readonly #options: StrategyReloadOptions;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #watch: ConfigWatch | undefined;
  #fileRefused: readonly string[] = [];
  #isStarted = false;

  constructor(options: StrategyReloadOptions) {
    this.#options = options;
    this.#entries = new Map(options.config.markets.map(({ symbol, strategy }) => [symbol, makeEntry(strategy)]));
    const { source } = options;
    if (source !== undefined) {
      this.#watch = new ConfigWatch({ ...options, source, onVerdict: (verdict) => this.#takeFile(verdict) });
    }
  }

  /** Takes the items that stand, and the file as it is now: before the first quote. Looks at the file from then on. */
  start(standing: StrategyItems): void {
    this.#takeItems(standing);
    this.#watch?.start();
    this.#isStarted = true;
  }

  stop(): void {
    this.#watch?.stop();
  }

  /** What a whole reading of the control items found: a market without an item has none. Before the start it is passed over. */
  takeItems(items: StrategyItems): void {
    if (this.#isStarted) this.#takeItems(items);
  }

  /** What is shown of a market of the configuration. */
  state(market: string): StrategyState {
    const entry = this.#entries.get(market);
    assert(entry !== undefined, `${market} must be among the markets of the configuration`);
    const { current, wish, item, refused } = entry;
    return {
      strategy: current,
      strategySource: item === undefined ? "file" : "item",
      strategyChangedAt: wish?.at ?? null,
      strategyBy: wish?.by ?? null,
      strategyRefused: [...this.#fileRefused.map((fault) => `${FILE}: ${fault}`), ...refused],
    };
  }

  #takeItems(items: StrategyItems): void {
    for (const [market, entry] of this.#entries) {
      const item = items.get(market);
      const told = item instanceof Error ? item.message : item === undefined ? undefined : JSON.stringify(item);
      if (told === entry.judged) continue;
      entry.judged = told;
      this.#takeItem(market, entry, item);
    }
  }

  #takeFile({ strategies, faults }: FileVerdict): void {
    const { log, clock } = this.#options;
    const wasRefused = this.#fileRefused.length > 0;
    this.#fileRefused = faults;
    if (strategies === null) {
      log.warn(REFUSED, { source: FILE, faults });
      return;
    }
    if (wasRefused) log.info("the configuration is no longer refused", { source: FILE });
    const at = new Date(clock.now().epochMs).toISOString();
    for (const [market, entry] of this.#entries) {
      const strategy = strategies.get(market) ?? entry.file;
      const changes = changesBetween(entry.file, strategy).map(changeText);
      entry.file = strategy;
      if (changes.length === 0) continue;
      if (entry.item === undefined) this.#change(market, entry, { strategy, by: FILE, at, reason: null });
      else log.warn("the file's parameters wait, an operator's item stands", { market, by: entry.item.by, changes });
    }
  }

  #takeItem(market: string, entry: Entry, item: StrategyItem | InputError | undefined): void {
    if (item === undefined) {
      entry.refused = [];
      if (entry.item === undefined) return;
      entry.item = undefined;
      const at = new Date(this.#options.clock.now().epochMs).toISOString();
      const reason = "the operator's item was removed";
      this.#change(market, entry, { strategy: entry.file, by: FILE, at, reason });
      return;
    }
    const { strategy, faults } = item instanceof Error ? refusal(item.message) : this.#judge(market, entry, item);
    entry.refused = faults.map((fault) => `${ITEM}: ${fault}`);
    if (item instanceof Error || strategy === null) {
      const by = item instanceof Error ? null : item.by;
      this.#options.log.warn(REFUSED, { source: ITEM, market, by, faults });
      return;
    }
    const { by, at, atMs, reason } = item;
    entry.item = { strategy, by, at, atMs, reason };
    this.#change(market, entry, entry.item);
  }

  #judge(market: string, entry: Entry, item: StrategyItem): StrategyVerdict {
    // Whoever writes by the rule never writes an older one over a newer: this one did not look at what it replaced.
    if (entry.item !== undefined && item.atMs < entry.item.atMs) {
      return refusal(`at must not be before ${entry.item.at}, the one that counts, was ${item.at}`);
    }
    let raw: unknown;
    try {
      raw = JSON.parse(item.strategy);
    } catch (error) {
      return refusal(`strategy must be JSON text: ${error instanceof Error ? error.message : String(error)}`);
    }
    return checkStrategy(raw, { symbol: market, markets: this.#options.config.markets });
  }

  #change(market: string, entry: Entry, wish: Wish): void {
    const { config, clock, log, push } = this.#options;
    const { strategy, by, at, reason } = wish;
    const changes = changesBetween(entry.current, strategy).map(changeText);
    entry.current = strategy;
    entry.wish = wish;
    // From before this start: the engine was made with the file's.
    const isStanding = !this.#isStarted && entry.item !== undefined;
    log.info("strategy parameters changed", { market, by, changedAt: at, reason, changes, isStanding });
    const file = config.markets.find(({ symbol }) => symbol === market);
    if (changes.length === 0 || file === undefined) return;
    const { strategy: parameters, tolerance } = toMarketSettings({ ...file, strategy }, config.sei);
    push({ type: "parameters-changed", market, strategy: parameters, tolerance, by, at: clock.now() });
  }
}

function makeEntry(strategy: StrategyFile): Entry {
  return { current: strategy, wish: undefined, file: strategy, item: undefined, judged: undefined, refused: [] };
}

function refusal(fault: string): StrategyVerdict {
  return { strategy: null, faults: [fault] };
}
