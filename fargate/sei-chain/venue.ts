/**
 * Sei itself behind the venue port: orders signed by our wallet, settled by the chain. Owns the parts' wiring and the questions; how
 * a transaction is sent is `sender.ts`'s, what becomes of it `flights.ts`'s and `outcomes.ts`'s. How it works as a whole, and what it
 * cannot do, is in docs/sei-chain.md.
 */
import { assertNever } from "../../core/assert.ts";
import type { CancelOrder, Command, PlaceOrder } from "../../core/commands.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { makeSeiRest, type SeiRest } from "../sei/rest.ts";
import { type Answered, type Venue, VenueError, type VenueParts } from "../venue.ts";
import { type ChainMarket, ChainMarkets } from "./chain-market.ts";
import type { FeeSettings } from "./fees.ts";
import { type Fate, type Flight, Flights } from "./flights.ts";
import { GasPaid } from "./gas-paid.ts";
import { ChainHistory, toOrderData } from "./history.ts";
import { type CancelItem, type Item, type PlaceItem, toCancelItem, toMessages, toPlaceItem } from "./items.ts";
import { type KnownOrder, KnownOrders, type ListedOrder } from "./known-orders.ts";
import { LiveFills } from "./live-fills.ts";
import { ChainNodes } from "./nodes.ts";
import { BLOCKS_BEHIND_MAX, OrderLists } from "./order-lists.ts";
import { Outcomes } from "./outcomes.ts";
import { usesSequence } from "./own-account.ts";
import { Purse } from "./purse.ts";
import { ChainSender } from "./sender.ts";
import { ChainStream } from "./stream.ts";
import { makeTransactionSigner, type SignTransaction } from "./transaction.ts";
import type { ChainWallet } from "./wallet.ts";

type ChainSettings = FeeSettings & {
  readonly chainId: string;
  /** How many blocks after the newest one a transaction may still come. */
  readonly timeoutBlocks: number;
  readonly requestTimeoutMs: number;
  /** What the bank calls an asset, and how many decimals its smallest unit has. */
  readonly assets: Readonly<Record<string, { readonly denom: string; readonly decimals: number }>>;
};

export type SeiChainVenueOptions = Omit<VenueParts, "markets"> & {
  readonly wallet: ChainWallet;
  readonly settings: ChainSettings;
  readonly markets: readonly ChainMarket[];
  readonly rpcUrls: readonly string[];
  readonly restUrls: readonly string[];
  readonly stalenessMs: number;
};

/** An order may show in a node's list a little after the block that took it. */
const LIST_LAG_MS = 2_000;

/** A signature costs a hundred times what the rest of an order does: enough of them to stay compiled. */
const REHEARSED_SIGNATURES = 16;

export function makeSeiChainVenue(options: SeiChainVenueOptions): Venue {
  return new SeiChainVenue(options);
}

class SeiChainVenue implements Venue {
  readonly #options: SeiChainVenueOptions;
  readonly #markets: ChainMarkets;
  readonly #orders = new KnownOrders();
  readonly #nodes: ChainNodes;
  readonly #rest: SeiRest;
  readonly #sign: SignTransaction;
  readonly #flights: Flights;
  readonly #lists: OrderLists;
  readonly #outcomes: Outcomes;
  readonly #sender: ChainSender;
  readonly #fills: LiveFills;
  readonly #history: ChainHistory;
  readonly #stream: ChainStream;
  /** Questions without an answer yet: the request budget bounds them. */
  readonly #asking = new Set<Promise<void>>();
  readonly #gas: GasPaid;
  readonly #purse: Purse;
  #rehearsals = 0;
  /** The newest block that holds a transaction of ours. */
  #settledHeight = 0;
  /** The last block that may hold one of an earlier process's. */
  #earlierUntil: number | undefined;

  constructor(options: SeiChainVenueOptions) {
    this.#options = options;
    const { clock, log, metrics, settings, wallet, onEvent } = options;
    const { address: account } = wallet;
    const { chainId } = settings;
    const [markets, orders] = [new ChainMarkets(options.markets), this.#orders];
    this.#markets = markets;
    this.#nodes = new ChainNodes({
      ...options,
      ...{ chainId, urls: options.rpcUrls },
      timeoutMs: settings.requestTimeoutMs,
      onAnswering: (isAnswering) => this.#tellCircuit(isAnswering),
    });
    const nodes = this.#nodes;
    this.#rest = makeSeiRest({ ...options, chainId, baseUrls: options.restUrls, timeoutMs: settings.requestTimeoutMs });
    this.#sign = makeTransactionSigner({ wallet, chainId, fees: settings });
    this.#flights = new Flights({
      ...options,
      nodes,
      onSettled: (...fate) => this.#settled(...fate),
    });
    const [rest, flights] = [this.#rest, this.#flights];
    this.#gas = new GasPaid({ flights, clock });
    this.#purse = new Purse({ ...settings, rest, gas: this.#gas, address: account });
    this.#lists = new OrderLists({ rest, nodes, flights, markets, account });
    this.#outcomes = new Outcomes({
      ...{ orders, clock, log, metrics, onEvent },
      repeat: (item) => this.#sender.repeat(item),
      lookAt: (item) => this.#lookAt(item),
    });
    const outcomes = this.#outcomes;
    this.#sender = new ChainSender({
      ...options,
      ...settings,
      ...{ nodes, address: account, sign: this.#sign, flights: this.#flights },
      onWritten: (item) => outcomes.written(item),
      onUnsent: (item, reason) => outcomes.unsent(item, reason),
      onRefused: (item, reason) => outcomes.refused(item, reason),
      onUnknown: (item, reason) => outcomes.unknown(item, reason),
      onAnswered: (item) => options.budget.settle(item.command.requestId, clock.now()),
    });
    this.#fills = new LiveFills({
      orders,
      markets,
      account,
      chainId,
      clock,
      onEvent,
      onUnreadable: (fault) => this.#unreadable(fault),
    });
    this.#history = new ChainHistory({
      nodes,
      markets,
      orders,
      account,
      chainId,
      newestHeight: () => flights.height,
      onUnreadable: (fault) => this.#unreadable(fault),
    });
    this.#stream = new ChainStream({
      ...options,
      ...{ chainId, urls: options.rpcUrls },
      onBlock: (block) => {
        this.#flights.blockSeen(block);
        this.#fills.blockSeen(block);
        this.#sender.blockSeen();
      },
      onTransaction: (transaction) => this.#flights.transactionSeen(transaction),
      onConnected: (isConnected) => options.onStream?.(isConnected),
    });
  }

  start(): void {
    this.#tellCircuit(true);
    this.#stream.start();
    this.#sender.prepare();
  }

  async stop(): Promise<void> {
    await this.#sender.stop();
    await Promise.all(this.#asking);
    this.#stream.stop();
    this.#flights.stop();
  }

  execute(command: Command): void {
    switch (command.type) {
      case "place-order":
        this.#orders.placed(command);
        this.#sender.enqueue(this.#toPlacing(command));
        return;
      case "cancel-order":
        this.#cancel(command);
        return;
      case "query-order":
        this.#query(command);
        return;
      default:
        assertNever(command);
    }
  }

  rehearse(): void {
    const [first] = this.#options.markets;
    if (first === undefined) return;
    this.#rehearsals += 1;
    const { symbol: market } = first.market;
    const order = {
      market,
      clientOrderId: `fm-0-${this.#rehearsals}`,
      side: "buy",
      price: toTicks(1),
      size: toLots(1),
    } as const;
    const item = this.#toPlacing({ type: "place-order", requestId: 0, ...order });
    const { messages } = toMessages(this.#options.wallet.address, [item], []);
    if (this.#rehearsals % REHEARSED_SIGNATURES !== 0) return;
    void this.#sign({ messages, accountNumber: 0n, sequence: 0n, timeoutHeight: 1 });
  }

  async openOrders(market: string): ReturnType<Venue["openOrders"]> {
    const { value: listed, askedMs } = await this.#answered(() => this.#listed(market));
    const at = { height: this.#flights.height, ms: this.#options.clock.now().monotonicMs };
    return { value: listed.flatMap((order) => this.#orders.seen(market, order, at) ?? []), askedMs };
  }

  fillsAfter(market: string, cursor: string | undefined): ReturnType<Venue["fillsAfter"]> {
    return this.#answered(() => this.#asked("fillsAfter", () => this.#history.fillsAfter(market, cursor)));
  }

  balances(): ReturnType<Venue["balances"]> {
    return this.#answered(() => this.#asked("balances", () => this.#purse.read()));
  }

  /** Cancels count as well: while one is under way, a list may be from before the block of the order that it is to end. */
  mayArrive(): boolean {
    return this.#flights.size > 0 || this.#sender.queued.length > 0;
  }

  /** What an earlier process sent names a last block: `timeoutBlocks` after one that it knew of, which the chain had then. */
  async mayEarlierArrive(): Promise<boolean> {
    const { height } = await this.#asked("mayEarlierArrive", () => this.#nodes.ask((rpc) => rpc.status()));
    this.#flights.heightIs(height);
    this.#earlierUntil ??= this.#flights.height + this.#options.settings.timeoutBlocks;
    // A list may be of some blocks ago, and has to show that last block's orders.
    return this.#flights.height <= this.#earlierUntil + BLOCKS_BEHIND_MAX;
  }

  state(): ReturnType<Venue["state"]> {
    const { budget, clock } = this.#options;
    return {
      streamConnected: this.#stream.connected,
      circuit: this.#nodes.isAnswering ? 0 : 2,
      requestsLastSecond: budget.requestsInWindow(clock.now()),
      placementsInFlight: budget.placementsInFlight,
      unauthorized: undefined,
    };
  }

  #settled(flight: Flight, fate: Fate): void {
    if (fate.type === "included") {
      const { height } = fate.transaction;
      if (usesSequence(fate)) this.#gas.add(height, flight.fee);
      this.#settledHeight = Math.max(this.#settledHeight, height);
    }
    // First the orders, so that a fill of this very block finds its name.
    this.#outcomes.settled(flight, fate);
    this.#fills.namesKnown();
    this.#sender.settled(flight, fate);
  }

  #toPlacing(command: PlaceOrder): PlaceItem {
    const order = { command, on: this.#markets.of(command.market), data: toOrderData(command.clientOrderId) };
    return toPlaceItem(order, this.#options.clock.now().monotonicMs);
  }

  #cancel(command: CancelOrder): void {
    const known = this.#orders.ofCancel(command);
    if (known !== undefined) {
      this.#sender.enqueue(toCancelItem(command, known, this.#markets.of(command.market)));
      return;
    }
    this.#options.budget.settle(command.requestId, this.#options.clock.now());
    this.#cancelUnknown(command, "its price and side are not known");
  }

  #query(command: Extract<Command, { type: "query-order" }>): void {
    const { budget, clock } = this.#options;
    const looked = this.#lookUp(command, this.#orders.find(command.clientOrderId));
    this.#follow(looked.finally(() => budget.settle(command.requestId, clock.now())));
  }

  /** A cancel came to nothing: what the chain shows of the order decides whether it goes again. */
  #lookAt(item: CancelItem): void {
    this.#cancelUnknown(item.command, "the chain carried no cancel out");
    this.#follow(this.#lookUp(item.command, this.#orders.ofCancel(item.command)));
  }

  #follow(asking: Promise<void>): void {
    const followed = asking.catch((error: unknown) =>
      this.#options.log.warn("The state of an order cannot be read", { error }),
    );
    this.#asking.add(followed);
    void followed.then(() => this.#asking.delete(followed));
  }

  async #lookUp(
    { market, clientOrderId }: Pick<Command, "market" | "clientOrderId">,
    known: KnownOrder | undefined,
  ): Promise<void> {
    const { clock, onEvent } = this.#options;
    const absent = () => onEvent({ type: "order-absent", market, clientOrderId, at: clock.now() });
    if (known === undefined) {
      absent();
      return;
    }
    // The transaction's own fate says it sooner and surer than any list.
    if (this.#isUnderWay(known.clientOrderId)) return;
    const askedMs = clock.now().monotonicMs;
    const listed = await this.#listed(market, known.taken?.height);
    const found = listed.find((order) => this.#isSame(known, order));
    if (found !== undefined) {
      this.#seen(known, found);
    } else if (known.orderId === undefined || known.taken === undefined) {
      absent();
    } else if (askedMs - known.taken.ms >= LIST_LAG_MS) {
      await this.#ended(known, known.orderId, known.taken.height);
    }
  }

  /** Gone from the list: filled, cancelled, or never let into the book by the contract, which says so nowhere. */
  async #ended(known: KnownOrder, orderId: string, height: number): Promise<void> {
    const { clientOrderId, market, side, price, size } = known;
    const filled = toLots(Math.min(size, await this.#history.filledOf(market, orderId, height)));
    this.#orders.ended(clientOrderId);
    const at = this.#options.clock.now();
    if (filled < size) {
      // How much of it is not told with the end: list and history have to show that.
      this.#options.onEvent({ type: "order-cancelled", market, clientOrderId, at });
      return;
    }
    const order = { orderId, clientOrderId, market, side, price, size, filled, status: "filled" } as const;
    this.#options.onEvent({ type: "order-seen", order, at });
  }

  #seen(known: KnownOrder, listed: ListedOrder): void {
    const now = this.#options.clock.now();
    const at = { height: this.#flights.height, ms: now.monotonicMs };
    if (known.orderId === undefined) this.#orders.taken(known.clientOrderId, listed.orderId, at);
    const order = this.#orders.seen(known.market, listed, at);
    if (order !== undefined) this.#options.onEvent({ type: "order-seen", order, at: now });
  }

  #isSame(known: KnownOrder, listed: ListedOrder): boolean {
    if (known.orderId !== undefined) return known.orderId === listed.orderId;
    if (this.#orders.isNumbered(known.market, listed.orderId)) return false;
    return this.#orders.unnumbered(known.market, listed)?.clientOrderId === known.clientOrderId;
  }

  /** Queued, or in a transaction whose fate is not proven; a cancel of it counts as well. */
  #isUnderWay(clientOrderId: string): boolean {
    const isIts = ({ command }: Item) => command.clientOrderId === clientOrderId;
    const flying = [...this.#flights.all].some(({ placings, cancels }) => placings.some(isIts) || cancels.some(isIts));
    return flying || this.#sender.queued.some(isIts);
  }

  /** Once nothing is under way a list must show all that came of it: it may be taken as proof. */
  async #listed(symbol: string, takenHeight = 0): Promise<readonly ListedOrder[]> {
    const heightMin = this.#flights.size === 0 ? Math.max(takenHeight, this.#settledHeight) : takenHeight;
    return await this.#asked("openOrders", () => this.#lists.of(symbol, heightMin));
  }

  /** Of when it was first asked: the node that answers in the end, after others that did not, may show no later block than was known then. */
  async #answered<Answer>(ask: () => Promise<Answer>): Promise<Answered<Answer>> {
    const { monotonicMs: askedMs } = this.#options.clock.now();
    return { value: await ask(), askedMs };
  }

  async #asked<Answer>(operation: string, ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof VenueError) throw error;
      const code = error instanceof Error && "code" in error ? String(error.code) : "unnamed";
      const reason = error instanceof Error ? error.message : String(error);
      throw new VenueError({ operation, code, reason });
    }
  }

  #cancelUnknown({ market, clientOrderId }: CancelOrder, reason: string): void {
    this.#options.onEvent({ type: "cancel-unknown", market, clientOrderId, reason, at: this.#options.clock.now() });
  }

  #unreadable(fault: { readonly market: string; readonly height: number; readonly error: unknown }): void {
    this.#options.metrics.increment("flashmm_fill_processing_errors_total", { kind: "unreadable" });
    this.#options.log.error("A settlement of ours cannot be read", fault);
  }

  #tellCircuit(isAnswering: boolean): void {
    this.#options.metrics.set("flashmm_circuit_state", { integration: "sei-chain" }, isAnswering ? 0 : 2);
  }
}
