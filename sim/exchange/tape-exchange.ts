/**
 * An exchange whose outside market is a recorded tape, played by the clock at a chosen speed (CONTRACTS 10).
 * Owns the playing; how a tape's book and trades meet our orders is `tape-market.ts`'s.
 */
import { InputError } from "../../core/errors.ts";
import type { Clock } from "../../fargate/seams.ts";
import { checkedSpeed, type Exchange, type ExchangeSettings, type MarketSetting, openExchange } from "./exchange.ts";
import { MarketEventHub } from "./market-events.ts";
import type { TapeLine } from "./tape-line.ts";
import { TapeMarket } from "./tape-market.ts";

/** Changes by our own orders are published together after this much real time, when the tape shows no book before. */
const OWN_CHANGE_MS = 20;

/** How the playing ended: at the end of the tape, or at a line that could not be read or played. */
export type TapeEnd =
  | { readonly type: "played"; readonly lines: number }
  | { readonly type: "failed"; readonly lines: number; readonly error: Error };

export type TapeExchange = Exchange & {
  /** Calls back once when the tape has ended, at once when it had; never for a tape that `stop` ended. */
  onEnd(listener: (end: TapeEnd) => void): void;
  /** Lines played, and events of markets that are not served and were left out. */
  progress(): { readonly lines: number; readonly skippedEvents: number };
};

/** An exchange over a tape. Throws `InputError` on bad settings or a bad journal. */
export function makeTapeExchange(
  settings: ExchangeSettings & {
    readonly markets: readonly Omit<MarketSetting, "startPrice">[];
    readonly tape: AsyncIterable<TapeLine> | Iterable<TapeLine>;
  },
): TapeExchange {
  const { clock, tape } = settings;
  const speed = checkedSpeed(settings.speed);
  const hub = new MarketEventHub();
  const tapes = new Map<string, TapeMarket>();
  const opened = openExchange(settings, hub, settings.markets, (market, _setting, onOwnMatch) => {
    const place = new TapeMarket({ market, clock, hub, onOwnMatch });
    tapes.set(market.symbol, place);
    return place;
  });
  const player = new TapePlayer({ tape, tapes, clock, speed });
  return {
    ...opened.exchange,
    start: () => player.start(),
    stop: () => {
      player.stop();
      opened.close();
    },
    onEnd: (listener) => player.onEnd(listener),
    progress: () => player.progress(),
  };
}

class TapePlayer {
  readonly #tape: AsyncIterable<TapeLine> | Iterable<TapeLine>;
  readonly #tapes: ReadonlyMap<string, TapeMarket>;
  readonly #clock: Clock;
  readonly #speed: number;
  readonly #endListeners: ((end: TapeEnd) => void)[] = [];
  #state: "new" | "playing" | "ended" | "stopped" = "new";
  #end: TapeEnd | undefined;
  #lines = 0;
  #skippedEvents = 0;
  #stopTimer: () => void = () => {};

  constructor(input: {
    readonly tape: AsyncIterable<TapeLine> | Iterable<TapeLine>;
    readonly tapes: ReadonlyMap<string, TapeMarket>;
    readonly clock: Clock;
    readonly speed: number;
  }) {
    this.#tape = input.tape;
    this.#tapes = input.tapes;
    this.#clock = input.clock;
    this.#speed = input.speed;
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "playing";
    this.#watchOwnChanges();
    void this.#run();
  }

  stop(): void {
    this.#state = "stopped";
    this.#stopTimer();
  }

  onEnd(listener: (end: TapeEnd) => void): void {
    if (this.#end === undefined) this.#endListeners.push(listener);
    else listener(this.#end);
  }

  progress(): { readonly lines: number; readonly skippedEvents: number } {
    return { lines: this.#lines, skippedEvents: this.#skippedEvents };
  }

  async #run(): Promise<void> {
    try {
      await this.#playAll();
      this.#finish({ type: "played", lines: this.#lines });
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      this.#finish({ type: "failed", lines: this.#lines, error });
    }
  }

  async #playAll(): Promise<void> {
    const startedMs = this.#clock.now().monotonicMs;
    let firstAtMs: number | undefined;
    for await (const line of this.#tape) {
      firstAtMs ??= line.atMs;
      const dueMs = startedMs + (line.atMs - firstAtMs) / this.#speed;
      await this.#until(dueMs);
      if (this.#state !== "playing") return;
      this.#lines += 1;
      this.#play(line);
    }
  }

  #play(line: TapeLine): void {
    for (const event of line.events) {
      const market = this.#tapes.get(event.attributes["market_id"] ?? "");
      if (market === undefined) {
        this.#skippedEvents += 1;
        continue;
      }
      try {
        market.play(event);
      } catch (cause) {
        if (!(cause instanceof InputError) && !(cause instanceof SyntaxError)) throw cause;
        const what = `line ${this.#lines} of the tape`;
        throw new InputError({ what, expected: `playable (${cause.message})`, was: event, cause });
      }
    }
  }

  /** Always lets the process do other work, however late the tape is. */
  #until(dueMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(Math.max(0, dueMs - this.#clock.now().monotonicMs), resolve);
    });
  }

  #watchOwnChanges(): void {
    this.#stopTimer = this.#clock.after(OWN_CHANGE_MS, () => {
      for (const market of this.#tapes.values()) market.publishBook();
      if (this.#state !== "stopped") this.#watchOwnChanges();
    });
  }

  #finish(end: TapeEnd): void {
    if (this.#state !== "playing") return;
    this.#state = "ended";
    this.#end = end;
    for (const listener of this.#endListeners) listener(end);
  }
}
