/**
 * Since when each alarm has lasted, and what went wrong how often lately. Owns these memories; what is an alarm is `alarms.ts`'s. Looked
 * at once a second.
 */
import { type Alarm, alarmsOf, RUNBOOK, type Watched } from "./alarms.ts";
import type { AlarmState, MarketState } from "./state.ts";

/** More than any state of ours has; what comes after is not shown. */
const ALARMS_MAX = 100;

/** Counts are kept at these moments, for the longest of the spans below. */
const COUNTS_EVERY_MS = 10_000;
const COUNTS_MAX = 361;

/** As CloudWatch's alarms count them: a few of few are no share. */
const REJECTED = { withinMs: 300_000, placedMin: 10, shareMax: 0.2 } as const;
const NO_FILL = { withinMs: 3_600_000, placedMin: 100 } as const;

/** As Grafana's alerts count them. Kinds begin as `errors` of the state names them. */
const ERROR_LIMITS: readonly {
  readonly kinds: RegExp;
  readonly what: string;
  readonly above: number;
  readonly withinMs: number;
}[] = [
  { kinds: /^order (?:placement|cancellation)/, what: "Orders fail", above: 5, withinMs: 300_000 },
  { kinds: /^cambrian api/, what: "The order API answers with errors", above: 10, withinMs: 300_000 },
  { kinds: /^sei websocket/, what: "Market data has errors", above: 20, withinMs: 300_000 },
  { kinds: /^fill processing/, what: "Fills could not be handed on", above: 0, withinMs: 600_000 },
];

type Orders = Pick<MarketState, "ordersPlaced" | "ordersRejected" | "ordersFilled">;

type Counts = {
  readonly atMs: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly orders: ReadonlyMap<string, Orders>;
};

export class AlarmWatch {
  /** By key, epoch milliseconds; of what lasts now alone. */
  #since = new Map<string, number>();
  #counts: readonly Counts[] = [];
  #alarms: readonly AlarmState[] = [];

  /** As of the last look. */
  get alarms(): readonly AlarmState[] {
    return this.#alarms;
  }

  /** Takes what is now. `nowMs` of the state is the time. */
  look(watched: Watched): void {
    const { nowMs, errors, markets } = watched;
    this.#note({ atMs: nowMs, errors, orders: new Map(markets.map((market) => [market.market, ordersOf(market)])) });
    const counted = [...this.#errorAlarms(watched), ...markets.flatMap((market) => this.#orderAlarms(market, nowMs))];
    const alarms = [...alarmsOf(watched), ...counted].slice(0, ALARMS_MAX);
    const since = new Map(alarms.map(({ key, sinceMs }) => [key, sinceMs ?? this.#since.get(key) ?? nowMs]));
    this.#since = since;
    this.#alarms = alarms
      .filter(({ key, afterMs = 0 }) => nowMs - (since.get(key) ?? nowMs) >= afterMs)
      .map(({ key, severity, what, detail, runbook }) => {
        return { key, severity, what, detail, runbook, sinceMs: since.get(key) ?? nowMs };
      })
      .sort((one, other) => rankOf(one) - rankOf(other) || one.sinceMs - other.sinceMs);
  }

  #note(counts: Counts): void {
    const last = this.#counts.at(-1);
    // A wall clock that was set back counts anew.
    if (last !== undefined && counts.atMs < last.atMs) this.#counts = [];
    else if (last !== undefined && counts.atMs - last.atMs < COUNTS_EVERY_MS) return;
    this.#counts = [...this.#counts, counts].slice(-COUNTS_MAX);
  }

  #errorAlarms({ errors, nowMs }: Watched): readonly Alarm[] {
    return ERROR_LIMITS.flatMap(({ kinds, what, above, withinMs }) => {
      const before = this.#countsBefore(nowMs - withinMs)?.errors ?? {};
      const grown = Object.entries(errors)
        .filter(([kind]) => kinds.test(kind))
        .map(([kind, count]) => ({ kind, by: count - (before[kind] ?? 0) }))
        .filter(({ by }) => by > 0);
      if (grown.reduce((sum, { by }) => sum + by, 0) <= above) return [];
      const counted = grown.map(({ kind, by }) => `${kind} ${by}`).join(", ");
      const detail = `in the last ${withinMs / 60_000} min: ${counted}`;
      return [{ key: `errors ${kinds.source}`, severity: "warning", what, detail, runbook: RUNBOOK.errors }];
    });
  }

  /** Orders that the venue refuses; quotes that nobody takes for a whole hour. */
  #orderAlarms({ market, ...now }: MarketState, nowMs: number): readonly Alarm[] {
    const grown = (withinMs: number, name: keyof Orders) =>
      now[name] - (this.#countsBefore(nowMs - withinMs)?.orders.get(market)?.[name] ?? 0);
    const alarms: Alarm[] = [];
    const placed = grown(REJECTED.withinMs, "ordersPlaced");
    const rejected = grown(REJECTED.withinMs, "ordersRejected");
    if (placed > REJECTED.placedMin && rejected / placed > REJECTED.shareMax) {
      const detail = `${rejected} of ${placed} in the last 5 min`;
      const what = `The venue refuses orders of ${market}`;
      alarms.push({ key: `rejected ${market}`, severity: "warning", what, detail, runbook: RUNBOOK.failing });
    }
    const quoted = grown(NO_FILL.withinMs, "ordersPlaced");
    const isWhole = nowMs - (this.#counts[0]?.atMs ?? nowMs) >= NO_FILL.withinMs - COUNTS_EVERY_MS;
    if (isWhole && quoted > NO_FILL.placedMin && grown(NO_FILL.withinMs, "ordersFilled") < 1) {
      const detail = `${quoted} placed in the last hour`;
      const what = `No order of ${market} was filled for an hour`;
      alarms.push({ key: `no fill ${market}`, severity: "warning", what, detail, runbook: RUNBOOK.noFill });
    }
    return alarms;
  }

  /** The first counts from that moment on; those of a younger task are its first. */
  #countsBefore(fromMs: number): Counts | undefined {
    return this.#counts.find(({ atMs }) => atMs >= fromMs);
  }
}

/** Alone, so that what is kept is small. */
function ordersOf({ ordersPlaced, ordersRejected, ordersFilled }: MarketState): Orders {
  return { ordersPlaced, ordersRejected, ordersFilled };
}

function rankOf({ severity }: Pick<AlarmState, "severity">): number {
  return severity === "critical" ? 0 : 1;
}
