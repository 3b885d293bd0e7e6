/**
 * The task's figures for CloudWatch: once a minute one line a market and one of the shard in CloudWatch's embedded metric format, which
 * the log group turns into metrics. Owns which figures go there and what a minute of each is; each costs money, so there are few. A
 * counter is what was added in the minute (at `/metrics` it is what was counted since the start), a gauge its last or its highest
 * value, a histogram at most a hundred of its samples.
 */
import type { CounterName, GaugeName, HistogramName } from "../core/metrics.ts";
import type { Clock } from "./seams.ts";
import type { Metrics } from "./telemetry.ts";

const INTERVAL_MS = 60_000;

/** Values of one metric in one line (CloudWatch embedded metric format, specification). */
const SAMPLES_MAX = 100;

const NAMESPACE = "FlashMM";
/** The dimension `service` of all of it; the functions carry their own names there. */
const SERVICE = "task";

/** Whose figure it is: a market's, or that of all markets together. */
type Scope = "market" | "shard";
type Unit = "Count" | "Seconds" | "None" | "Percent";
type Gauge = { readonly scope: Scope; readonly keep: "last" | "highest"; readonly unit: Unit };

const GAUGES: Partial<Record<GaugeName, Gauge>> = {
  flashmm_drawdown_percent: { scope: "shard", keep: "highest", unit: "Percent" },
  // Of a minute in which it quoted at all, 1.
  flashmm_quoting_state: { scope: "market", keep: "highest", unit: "None" },
  flashmm_feed_staleness_seconds: { scope: "market", keep: "highest", unit: "Seconds" },
  flashmm_spread_improvement_bps: { scope: "market", keep: "last", unit: "None" },
  flashmm_pnl_usdc: { scope: "market", keep: "last", unit: "None" },
  flashmm_position: { scope: "market", keep: "last", unit: "None" },
};

const COUNTERS: Partial<Record<CounterName, Scope>> = {
  flashmm_orders_placed_total: "market",
  flashmm_orders_filled_total: "market",
  flashmm_orders_rejected_total: "market",
  flashmm_order_placement_errors_total: "market",
  flashmm_order_cancellation_errors_total: "market",
  flashmm_sei_websocket_errors_total: "shard",
  flashmm_cambrian_api_errors_total: "shard",
  flashmm_fill_processing_errors_total: "shard",
};

const HISTOGRAMS: Partial<Record<HistogramName, Scope>> = { flashmm_tick_to_wire_seconds: "market" };

export type EmfOptions = {
  readonly shard: string;
  /** Figures of any other market are left out, so that the number of metrics is known. */
  readonly markets: readonly string[];
  readonly clock: Clock;
  /** Takes one line without its end. */
  readonly write: (line: string) => void;
};

type Sample = { readonly unit: Unit; readonly value: number | readonly number[] };

export class EmfMetrics {
  readonly #options: EmfOptions;
  /** By market; the shard's under its own name. */
  readonly #minutes: ReadonlyMap<string, Minute>;
  #cancel: () => void = () => undefined;

  constructor(options: EmfOptions) {
    this.#options = options;
    const { shard, markets } = options;
    this.#minutes = new Map([
      [shard, new Minute("shard")],
      ...markets.map((market) => [market, new Minute("market")] as const),
    ]);
  }

  /** The same metrics, with what goes to CloudWatch taken down. */
  watch(metrics: Metrics): Metrics {
    return {
      ...metrics,
      set: (name, labels, value) => {
        metrics.set(name, labels, value);
        const gauge = GAUGES[name];
        if (gauge === undefined || !isSent(labels)) return;
        this.#minuteOf(gauge.scope, labels)?.set(name, gauge, value);
      },
      increment: (name, labels, by = 1) => {
        metrics.increment(name, labels, by);
        const scope = COUNTERS[name];
        if (scope !== undefined) this.#minuteOf(scope, labels)?.add(name, by);
      },
      observe: (name, labels, seconds) => {
        metrics.observe(name, labels, seconds);
        const scope = HISTOGRAMS[name];
        if (scope !== undefined) this.#minuteOf(scope, labels)?.observe(name, seconds);
      },
    };
  }

  /** A line a market and one of the shard each minute, until `stop`. */
  start(): void {
    this.#cancel = this.#options.clock.after(INTERVAL_MS, () => {
      this.#write();
      this.start();
    });
  }

  /** Ends it with the minute that had begun, so that what was counted in it is not lost. */
  stop(): void {
    this.#cancel();
    this.#write();
  }

  #minuteOf(scope: Scope, labels: object): Minute | undefined {
    if (scope === "shard") return this.#minutes.get(this.#options.shard);
    return "market" in labels && typeof labels.market === "string" ? this.#minutes.get(labels.market) : undefined;
  }

  #write(): void {
    const { clock, write } = this.#options;
    const { epochMs } = clock.now();
    for (const [name, minute] of this.#minutes) {
      write(emfLine({ dimension: minute.scope, name, epochMs, samples: minute.take() }));
    }
  }
}

/** What was recorded in one minute, in one place. */
class Minute {
  readonly scope: Scope;
  readonly #gauges = new Map<GaugeName, Sample & { readonly value: number }>();
  readonly #counts = new Map<CounterName, number>();
  readonly #samples = new Map<HistogramName, Thinned>();

  constructor(scope: Scope) {
    this.scope = scope;
    for (const name of counterNames(scope)) this.#counts.set(name, 0);
  }

  set(name: GaugeName, { keep, unit }: Gauge, value: number): void {
    const before = this.#gauges.get(name)?.value ?? value;
    this.#gauges.set(name, { unit, value: keep === "highest" ? Math.max(before, value) : value });
  }

  add(name: CounterName, by: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  observe(name: HistogramName, seconds: number): void {
    let samples = this.#samples.get(name);
    if (samples === undefined) {
      samples = new Thinned();
      this.#samples.set(name, samples);
    }
    samples.push(seconds);
  }

  /** What there is, and begins anew. Counters are always there: no event is a 0, no line is no task. */
  take(): ReadonlyMap<string, Sample> {
    const taken = new Map<string, Sample>(this.#gauges);
    for (const [name, value] of this.#counts) taken.set(name, { unit: "Count", value });
    for (const [name, samples] of this.#samples) taken.set(name, { unit: "Seconds", value: samples.values });
    this.#gauges.clear();
    this.#samples.clear();
    for (const name of this.#counts.keys()) this.#counts.set(name, 0);
    return taken;
  }
}

/** Every n-th of a run of samples, at most a hundred: n doubles whenever they would be more. */
class Thinned {
  #values: number[] = [];
  #every = 1;
  #seen = 0;

  get values(): readonly number[] {
    return this.#values;
  }

  push(value: number): void {
    if (this.#seen % this.#every === 0) this.#values.push(value);
    this.#seen += 1;
    if (this.#values.length <= SAMPLES_MAX) return;
    this.#values = this.#values.filter((_, index) => index % 2 === 0);
    this.#every *= 2;
  }
}

function counterNames(scope: Scope): readonly CounterName[] {
  const isOfScope = (entry: [string, Scope]): entry is [CounterName, Scope] => entry[1] === scope;
  return Object.entries(COUNTERS)
    .filter(isOfScope)
    .map(([name]) => name);
}

/** Of a profit the whole is sent, of which realised and unrealised are parts. */
function isSent(labels: object): boolean {
  return !("kind" in labels) || labels.kind === "total";
}

function emfLine(line: {
  readonly dimension: Scope;
  readonly name: string;
  readonly epochMs: number;
  readonly samples: ReadonlyMap<string, Sample>;
}): string {
  const { dimension, name, epochMs, samples } = line;
  return JSON.stringify({
    _aws: {
      Timestamp: epochMs,
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [["service", dimension]],
          Metrics: [...samples].map(([Name, { unit: Unit }]) => ({ Name, Unit })),
        },
      ],
    },
    service: SERVICE,
    [dimension]: name,
    ...Object.fromEntries([...samples].map(([metric, { value }]) => [metric, value])),
  });
}
