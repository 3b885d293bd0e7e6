/**
 * A whole world in one process and in virtual time: exchange, order API, Sei node, table, queue and its accounting, and tasks
 * as `process.ts` makes them. Owns how these stand together; each part's behaviour and faults are its own.
 */
import { readFileSync } from "node:fs";
import { type Config, loadConfig } from "../../fargate/config.ts";
import type { Rng } from "../../fargate/seams.ts";
import type { TaskOptions } from "../../fargate/task-options.ts";
import { type CambrianParts, makeCambrianApi } from "../cambrian-api/cambrian-api.ts";
import type { ExchangeFill } from "../exchange/account-records.ts";
import { type Exchange, type MarketSetting, makeSimulatedExchange, type TradedExchange } from "../exchange/exchange.ts";
import { type BookShape, type HandMadeExchange, makeHandMadeExchange } from "../exchange/hand-made-exchange.ts";
import type { Rhythm } from "../exchange/hand-made-market.ts";
import { makeSeededRng } from "../exchange/seeded-rng.ts";
import { type SeiNode, startSeiNode } from "../sei-node/node.ts";
import { Accountant } from "./accountant.ts";
import type { AwsDepth, AwsWeather } from "./aws-access.ts";
import { EventBusHost } from "./event-bus-host.ts";
import { makeCambrianHost, NetworkListener } from "./hosts.ts";
import { InvariantError, Invariants } from "./invariants.ts";
import { Network } from "./network.ts";
import { OperatorDesk } from "./operator-desk.ts";
import { QueueHost, type QueueSettings } from "./queue-host.ts";
import { faultsAtEnd } from "./run-end.ts";
import { makeMemoryTableHost, type TableHost } from "./table-host.ts";
import { VenueRecord } from "./venue-record.ts";
import { VirtualTime } from "./virtual-time.ts";
import { watchInvariants } from "./watch.ts";
import { Weather } from "./weather.ts";
import { makeWorldTask, type WorldTask } from "./world-task.ts";

const KEYS = { apiKey: "the-key", secretKey: "the-secret" };
/** Only an address of this machine may be plain HTTP; nothing listens there. */
const VENUE_URL = "http://127.0.0.1:1";
const NODES = 3;
/** After the last fill has reached the queue, its message is booked within a second. */
const RUN_DRY_MS = 5_000;

const PLAIN_CONFIG = readFileSync(new URL("./plain-config.json", import.meta.url), "utf8");

export const SYMBOL = "SEI/USDC";
const MARKETS: readonly MarketSetting[] = [{ symbol: SYMBOL, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];

type Configured = (config: Config) => Config;

/** Undefined: it can not be read. Before anybody changes it, it is `plain-config.json`. */
type ConfigFileText = { text: string | undefined };

export type ScenarioOptions = {
  readonly seed: number;
  /** One market `SEI/USDC` unless told; a task quotes those of its configuration. */
  readonly markets?: readonly MarketSetting[];
  /** Changes the configuration of every task. */
  readonly configured?: Configured;
  /** Shape of the others' book in a market made by hand. */
  readonly shape?: Partial<BookShape>;
  /** How often its books are published. */
  readonly rhythm?: Rhythm;
  readonly queue?: QueueSettings;
  /** How deep calls to AWS go; `wire` unless told. */
  readonly depth?: AwsDepth;
  /** Whether what tasks log and send is kept for who looks at it; true unless told. */
  readonly keepsTalk?: boolean;
  /** The world begins so many minutes past the hour; 0 unless told. */
  readonly startMinute?: number | undefined;
  /** Whether `Date.now` tells the world's time until it is disposed of; true unless told. */
  readonly takesOverDate?: boolean;
};

export type TaskSettings = {
  /** `task-1`, `task-2`, … unless told. */
  readonly name?: string;
  readonly configured?: Configured;
  readonly edges?: Partial<TaskOptions>;
};

export type ScenarioWorld<Market extends Exchange = Exchange> = {
  readonly time: VirtualTime;
  readonly network: Network;
  readonly exchange: Market;
  readonly api: CambrianParts;
  readonly node: SeiNode;
  readonly table: TableHost;
  readonly queue: QueueHost;
  /** What the engine announces. */
  readonly bus: EventBusHost;
  /** Halts and resumes as an operator does. */
  readonly operator: OperatorDesk;
  readonly accountant: Accountant;
  /** What is wrong with the services of AWS, for every process. */
  readonly awsWeather: AwsWeather;
  readonly venueUrl: string;
  /** What every task is configured with, unless it is told otherwise. */
  readonly config: Config;
  /** The file that every task looks at. */
  readonly configFile: ConfigFileText;
  readonly tasks: readonly WorldTask[];
  readonly record: VenueRecord;
  /** Checked after every event while time passes: a broken one rejects `pass`, `until` and `settled` with `InvariantError`. */
  readonly invariants: Invariants;
  makeTask(settings?: TaskSettings): WorldTask;
  /** Every fill of the account in a market since its beginning. */
  fills(market?: string): readonly ExchangeFill[];
  /**
   * The end of a run: lets the queue run dry, then compares venue, queue, ledger and the engines of `tasks` (all that live,
   * unless told). Rejects with `InvariantError`.
   */
  check(tasks?: readonly WorldTask[]): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A world whose market does what the test says. */
export async function startScenarioWorld(options: ScenarioOptions): Promise<ScenarioWorld<HandMadeExchange>> {
  const { markets = MARKETS, shape = {}, rhythm } = options;
  return await startWorld(options, (time) => makeHandMadeExchange({ clock: time.clock, markets, shape, rhythm }));
}

/** A world whose market moves by itself: seeded traders, a price that wanders and jumps. */
export async function startTradedWorld(options: ScenarioOptions): Promise<ScenarioWorld<TradedExchange>> {
  const { seed, markets = MARKETS } = options;
  return await startWorld(options, (time) => makeSimulatedExchange({ clock: time.clock, seed, markets }));
}

async function startWorld<Market extends Exchange>(
  options: ScenarioOptions,
  makeExchange: (time: VirtualTime) => Market,
): Promise<ScenarioWorld<Market>> {
  const { seed, depth = "wire", startMinute = 0 } = options;
  await using starting = new AsyncDisposableStack();
  const time = new VirtualTime({ isPure: depth === "direct", startMinute });
  if (options.takesOverDate !== false) starting.defer(time.takeOverDate());
  const network = new Network(time, seed);
  const exchange = makeExchange(time);
  starting.defer(() => exchange.stop());
  const { clock } = time;
  const rngOf = (stream: string) => makeSeededRng(seed, stream);
  const listener = (index: number) => new NetworkListener(network, `node-${index}.world`);
  const node = await startSeiNode({ source: exchange, clock, rng: rngOf("node"), endpoints: NODES, listener });
  starting.defer(() => node.close());
  const table = makeMemoryTableHost(depth);
  starting.defer(() => table.stop());
  const queue = new QueueHost(() => time.nowMs, options.queue);
  const bus = new EventBusHost(() => time.nowMs);
  const operator = new OperatorDesk(
    time,
    table,
    (options.markets ?? MARKETS).map(({ symbol }) => symbol),
  );
  const { client, tableName } = table;
  const accountant = new Accountant({ time, rng: rngOf("accountant"), queue, client, tableName });
  starting.defer(() => accountant.stop());
  const awsWeather: AwsWeather = { table: new Weather(), queue: new Weather(), bus: new Weather() };
  const readConfig = configReader(node, queue, table);
  const configFile: ConfigFileText = { text: PLAIN_CONFIG };
  const config = (options.configured ?? unchanged)(readConfig(PLAIN_CONFIG));
  const { api, record, invariants } = openVenue({ time, network, exchange, rng: rngOf("venue"), config });
  starting.defer(() => api.stop());
  const tasks: WorldTask[] = [];
  starting.defer(watchInvariants({ time, invariants, record, faults: api.faults, tasks }));
  accountant.start();
  exchange.start();
  const running = starting.move();
  const venue = { exchange, api, record, invariants, venueUrl: VENUE_URL, config };
  return {
    ...{ time, network, node, table, queue, bus, operator, accountant, configFile, tasks, awsWeather },
    ...venue,
    makeTask: ({ name = `task-${tasks.length + 1}`, configured = unchanged, edges = {} } = {}) => {
      const services = { table: table.backend, queue: queue.backend, bus: bus.backend };
      const nodeUrls = node.endpoints.map(({ restUrl }) => restUrl);
      const configOf = (text: string) => configured((options.configured ?? unchanged)(readConfig(text)));
      const configSource = { read: () => textOf(configFile), check: configOf };
      const own = { name, config: configured(config), edges: { configSource, ...edges } };
      const task = makeWorldTask({
        time,
        network,
        services,
        seed,
        depth,
        keepsTalk: options.keepsTalk ?? true,
        weather: awsWeather,
        venueUrl: VENUE_URL,
        nodeUrls,
        ...own,
      });
      tasks.push(task);
      return task;
    },
    fills: (market = SYMBOL) => exchange.fillsAfter({ market, cursor: undefined, limit: 1_000_000 }).fills,
    check: async (living = tasks.filter(({ process }) => process.state !== "dead")) => {
      await time.pass(RUN_DRY_MS);
      invariants.assertHeld(record.tail());
      const faults = await faultsAtEnd({ exchange, queue, table, tasks: living });
      if (faults.length > 0)
        throw new InvariantError({ rule: "end", atMs: time.nowMs, what: faults.join("; ") }, record.tail());
    },
    [Symbol.asyncDispose]: async () => {
      for (const { process } of tasks) process.crash();
      await running.disposeAsync();
    },
  };
}

/** The order API in the network, with everything that happens there written down and judged. */
function openVenue(input: {
  readonly time: VirtualTime;
  readonly network: Network;
  readonly exchange: Exchange;
  readonly rng: Rng;
  readonly config: Config;
}): { readonly api: CambrianParts; readonly record: VenueRecord; readonly invariants: Invariants } {
  const { time, network, exchange, rng, config } = input;
  const limits = config.markets.map((market) => [market.symbol, market.limits.position] as const);
  const invariants = new Invariants(Object.fromEntries(limits));
  const record = new VenueRecord(
    () => time.nowMs,
    (entry) => invariants.take(entry),
  );
  exchange.onAccountEvent((event) => record.account(event));
  // The network has the latency, and only there does a crash find it.
  const { clock } = time;
  const api = makeCambrianApi({ ...KEYS, exchange, network: "testnet", clock, rng, latencyMs: 0 });
  network.serve(VENUE_URL, makeCambrianHost(api, record));
  return { api, record, invariants };
}

function unchanged(config: Config): Config {
  return config;
}

function textOf({ text }: ConfigFileText): string {
  if (text !== undefined) return text;
  throw new Error("ENOENT: no such file or directory");
}

/** Reads such a file with the addresses of this world. */
function configReader(node: SeiNode, queue: QueueHost, table: TableHost): (text: string) => Config {
  const env = {
    FLASHMM_STAGE: "local",
    SEI_WS_URLS: node.endpoints.map(({ wsUrl }) => wsUrl).join(),
    SEI_REST_URL: node.endpoints.map(({ restUrl }) => restUrl).join(),
    CAMBRIAN_BASE_URL: VENUE_URL,
    CAMBRIAN_API_KEY: KEYS.apiKey,
    CAMBRIAN_SECRET_KEY: KEYS.secretKey,
    CAMBRIAN_TESTNET: "true",
    FILLS_QUEUE_URL: queue.queueUrl,
    TABLE_NAME: table.tableName,
    EVENT_BUS_NAME: "flashmm",
    STATUS_PORT: "0",
    LOG_LEVEL: "SILENT",
  };
  return (text) => loadConfig({ env, readFile: () => text });
}
