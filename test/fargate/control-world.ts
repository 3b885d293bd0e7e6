/** A control over a real table in driven time: what it was told, what it told, and a table that can be out of reach. */
import { DeleteItemCommand, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { Control, type MarketControl } from "../../fargate/control.ts";
import type { Clock } from "../../fargate/seams.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { type Gate, makeRecorder, type startTable } from "./driven-world.ts";

const MARKETS = ["SEI/USDC", "ETH/USDC"] as const;
export const [SEI, ETH] = MARKETS;

type Table = Awaited<ReturnType<typeof startTable>>;
type Attributes = Readonly<Record<string, string | undefined>>;

export class ControlCase {
  readonly world: VirtualTime;
  readonly control: Control;
  readonly recorder = makeRecorder();
  readonly changes: { readonly market: string; readonly control: MarketControl }[] = [];
  /** What was asked of the table. */
  readonly inputs: object[] = [];
  /** Requests that the table took. */
  calls = 0;
  /** Milliseconds by which the wall clock is off. */
  wallOffMs = 0;
  isReachable = true;
  /** Requests hang until their deadline in place of failing at once. */
  hangs = false;
  readonly #table: Table;
  readonly #clock: Clock;

  constructor(
    table: Table,
    options: { readonly world?: VirtualTime; readonly engineId?: string; readonly gate?: Gate } = {},
  ) {
    this.world = options.world ?? new VirtualTime();
    this.#table = table;
    const { clock } = this.world;
    this.#clock = {
      now: () => ({ ...clock.now(), epochMs: clock.now().epochMs + this.wallOffMs }),
      after: clock.after,
    };
    const client = table.makeClient(this.world, async (step) => {
      if (step === "before the table") {
        if (this.hangs) await new Promise<never>(() => undefined);
        if (!this.isReachable) throw new Error("the table is out of reach");
        this.calls += 1;
      }
      await options.gate?.(step);
    });
    client.middlewareStack.add(
      (next) => (request) => {
        this.inputs.push(request.input);
        return next(request);
      },
      { step: "initialize" },
    );
    this.control = new Control({
      client,
      tableName: table.tableName,
      markets: MARKETS,
      engineId: options.engineId ?? "engine-1",
      clock: this.#clock,
      rng: { next: () => 0.5 },
      log: this.recorder.log,
      onChange: (market, control) => this.changes.push({ market, control }),
    });
  }

  /** Starts and waits for the first reading. */
  async start(): Promise<this> {
    this.control.start();
    await this.world.until(() => this.changes.length >= MARKETS.length, "the first reading");
    return this;
  }

  get now() {
    return this.#clock.now();
  }

  /** The wall clock now, or off by some milliseconds, as it stands in an item. */
  at(offMs = 0): string {
    return new Date(this.now.epochMs + offMs).toISOString();
  }

  reason(market: string = SEI): string | undefined {
    return this.control.reasonNotToPlace(market, this.now);
  }

  /** The states told of a market, oldest first. */
  told(market: string = SEI): readonly string[] {
    return this.changes.filter((change) => change.market === market).map((change) => change.control.state);
  }

  async put(scope: string, fields: Attributes): Promise<void> {
    const all: Attributes = { reason: "maintenance", by: "flashmm.operator", at: this.at(), ...fields };
    const attributes = Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, { S: value }]],
    );
    const Item = { pk: { S: "CONTROL" }, sk: { S: scope }, ...Object.fromEntries(attributes) };
    await this.#table.client.send(new PutItemCommand({ TableName: this.#table.tableName, Item }));
  }

  async remove(scope: string): Promise<void> {
    const Key = { pk: { S: "CONTROL" }, sk: { S: scope } };
    await this.#table.client.send(new DeleteItemCommand({ TableName: this.#table.tableName, Key }));
  }

  async item(scope: string): Promise<Attributes> {
    const Key = { pk: { S: "CONTROL" }, sk: { S: scope } };
    const { Item } = await this.#table.client.send(new GetItemCommand({ TableName: this.#table.tableName, Key }));
    return Object.fromEntries(Object.entries(Item ?? {}).map(([name, value]) => [name, value.S]));
  }

  async clear(): Promise<void> {
    for (const scope of ["ALL", ...MARKETS]) await this.remove(scope);
  }
}
