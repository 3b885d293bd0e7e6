/**
 * Looks at the configuration's file once a second while the task runs. Owns what of a changed file may be taken: strategies alone,
 * of a file that is good as a whole. Whether they come to count is `strategy-reload.ts`'s.
 */
import { type Config, ConfigError } from "./config.ts";
import { changesBetween, changeText } from "./config-changes.ts";
import type { Clock } from "./seams.ts";
import { type StrategyFile, settingsFault } from "./strategy-check.ts";

const LOOK_INTERVAL_MS = 1_000;

/** The file at the edge of the process. */
export type ConfigSource = {
  /** Its text; throws when it can not be read. */
  readonly read: () => string;
  /** The configuration that such a text would have given at the start. Throws `ConfigError`. */
  readonly check: (text: string) => Config;
};

/** What a look found, once a content: the strategies by market, or all that speaks against the file. */
export type FileVerdict =
  | { readonly strategies: ReadonlyMap<string, StrategyFile>; readonly faults: readonly [] }
  | { readonly strategies: null; readonly faults: readonly string[] };

export type ConfigWatchOptions = {
  readonly source: ConfigSource;
  /** What the task was started with. */
  readonly config: Config;
  readonly clock: Clock;
  readonly onVerdict: (verdict: FileVerdict) => void;
};

/** A text, or why there is none. */
type Content = { readonly text: string; readonly isRead: boolean };

export class ConfigWatch {
  readonly #options: ConfigWatchOptions;
  #seen: Content | undefined;
  #judged: Content | undefined;
  #cancel: () => void = () => undefined;

  constructor(options: ConfigWatchOptions) {
    this.#options = options;
  }

  /** Judges the file as it is now, which may have changed since the task read it, and looks on until `stop`. */
  start(): void {
    this.#seen = this.#read();
    this.#look();
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const content = this.#read();
    // Whoever saves a file may not write it in one go: it is taken once it was found the same twice.
    const isSettled = isSame(content, this.#seen);
    this.#seen = content;
    if (isSettled && !isSame(content, this.#judged)) {
      this.#judged = content;
      this.#options.onVerdict(this.#judge(content));
    }
    this.#cancel = this.#options.clock.after(LOOK_INTERVAL_MS, () => this.#look());
  }

  #read(): Content {
    try {
      return { text: this.#options.source.read(), isRead: true };
    } catch (error) {
      return { text: `it can not be read: ${error instanceof Error ? error.message : String(error)}`, isRead: false };
    }
  }

  #judge({ text, isRead }: Content): FileVerdict {
    if (!isRead) return { strategies: null, faults: [text] };
    try {
      const config = this.#options.source.check(text);
      const settings = config.markets.flatMap((market) => settingsFault(market) ?? []);
      const faults = [...restartFaults(this.#options.config, config), ...settings];
      if (faults.length > 0) return { strategies: null, faults };
      return { strategies: new Map(config.markets.map(({ symbol, strategy }) => [symbol, strategy])), faults: [] };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { strategies: null, faults: error.faults };
    }
  }
}

function isSame(a: Content, b: Content | undefined): boolean {
  return a.text === b?.text && a.isRead === b.isRead;
}

/** What can not change while the task runs. Limits least of all: who raises one in passing has no start to stop at. */
function restartFaults(before: Config, after: Config): readonly string[] {
  return changesBetween(withoutStrategies(before), withoutStrategies(after)).map((change) => {
    const isLimit = /(^|\.)(limits|shardLimits)\b/.test(change.path);
    return `${changeText(change)} needs a restart${isLimit ? ": risk limits never change while the task quotes" : ""}`;
  });
}

function withoutStrategies({ cambrian, markets, ...rest }: Config) {
  const { apiKey: _, secretKey: __, ...venue } = cambrian;
  return { ...rest, cambrian: venue, markets: markets.map(({ strategy: ___, ...market }) => market) };
}
