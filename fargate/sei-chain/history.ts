/**
 * The account's fills as the chain's own index has them: which blocks settled something of ours, and what. Owns the reading and the
 * cursor, a block's height, and which node is far enough to be believed; a page holds whole blocks. What a fill's order is called is read from the transaction that placed it.
 */
import { TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import type { Fill } from "../../core/events.ts";
import { type FillsPage, VenueError } from "../venue.ts";
import { type ChainEvent, valuesOf } from "./chain-events.ts";
import type { ChainMarket, ChainMarkets } from "./chain-market.ts";
import type { KnownOrders } from "./known-orders.ts";
import { PLACE_ORDERS_URL, placeOrdersCodec } from "./messages.ts";
import type { ChainNodes } from "./nodes.ts";
import { type ChainRpc, type IncludedTransaction, RpcError } from "./rpc.ts";
import { type BlockStamp, type Settlement, settlementsOf, toFill } from "./settlements.ts";

export type ChainHistoryOptions = {
  readonly nodes: ChainNodes;
  readonly markets: ChainMarkets;
  readonly orders: KnownOrders;
  readonly account: string;
  readonly chainId: string;
  /** The newest block that is known of. */
  readonly newestHeight: () => number;
  /** Told of a fill that cannot be read. */
  readonly onUnreadable: (fault: { readonly market: string; readonly height: number; readonly error: unknown }) => void;
};

/** A block that may hold something of ours, as a node told it: nothing of it is read yet. */
type ToldBlock = { readonly height: number; readonly time: string; readonly events: readonly ChainEvent[] };

type SettledIn = { readonly settlement: Settlement; readonly block: Omit<BlockStamp, "chainId"> };

/** So many blocks may be carried out and indexed after the newest one: less than a fill may take to show in the history. */
const INDEX_BEHIND_MAX = 2;
/** Questions to a node at once. */
const AT_ONCE_MAX = 6;
/** Names that were read from the chain; the oldest is forgotten, and read again. */
const NAMES_MAX = 2_000;

const dataSchema = z.object({ client_order_id: z.string().regex(/^fm-[A-Za-z0-9-]{1,33}$/) });

/** What an order of ours carries: the chain keeps it in the transaction, and nowhere else. */
export function toOrderData(clientOrderId: string): string {
  return JSON.stringify({ client_order_id: clientOrderId });
}

export class ChainHistory {
  readonly #options: ChainHistoryOptions;
  /** What orders are called that this process did not send, by market and number. */
  readonly #names = new Map<string, string>();
  /** The blocks after the first of these heights, up to the second, were read by this process and hold nothing of ours. */
  #quiet = { after: 0, until: 0 };

  constructor(options: ChainHistoryOptions) {
    this.#options = options;
  }

  /** See `Venue.fillsAfter`. */
  async fillsAfter(market: string, cursor: string | undefined): Promise<FillsPage> {
    const after = heightOf(cursor);
    const blocks = await this.#blocksAfter(after);
    const settled = this.#settledIn(blocks, market);
    await this.#learnNames(settled);
    const fills = settled.map((each) => this.#read(each));
    const last = blocks.at(-1)?.height ?? after;
    return { fills, nextCursor: last === 0 ? undefined : `${last}`, more: blocks.length > 0 };
  }

  /** How much (lots) of an order has filled since the block that took it. */
  async filledOf(market: string, orderId: string, fromHeight: number): Promise<number> {
    let filled = 0;
    let after = Math.max(0, fromHeight - 1);
    for (let more = true; more; ) {
      const blocks = await this.#blocksAfter(after);
      for (const each of this.#settledIn(blocks, market)) {
        if (each.settlement.orderId === orderId) filled += this.#read(each).size;
      }
      after = blocks.at(-1)?.height ?? after;
      more = blocks.length > 0;
    }
    return filled;
  }

  /** Of one node, and only bytes: a fault in the reading of them is no node's, and the next would not mend it. */
  async #blocksAfter(after: number): Promise<readonly ToldBlock[]> {
    const { account, nodes, newestHeight } = this.#options;
    return await nodes.ask(async (rpc) => {
      const { earliestHeight, indexedHeight } = await requireUpToDate(rpc, newestHeight());
      await this.#requireFrom(rpc, after, earliestHeight);
      const blocks = await rpc.blocks(`wasm.account='${account}' AND block.height > ${after}`);
      if (blocks.length === 0) this.#quietUntil(after, indexedHeight);
      return await mapAtOnce(blocks, async (block) => ({ ...block, events: await rpc.blockEvents(block.height) }));
    });
  }

  /**
   * A node that began with a later block's state has an index that begins there, and says nothing of it: the first block that is to be
   * read must be in the index. The index begins nowhere for a market without any fill: where the account began to trade is not known.
   */
  async #requireFrom(rpc: ChainRpc, after: number, earliest: number): Promise<void> {
    const first = Math.max(after, after >= this.#quiet.after ? this.#quiet.until : 0) + 1;
    if (after === 0 || earliest <= first || (await rpc.isIndexed(first))) return;
    const reason = `the node's index lacks block ${first}, from which fills are to be read; its oldest block is ${earliest}`;
    throw new RpcError("block_search", "BEHIND", reason);
  }

  #quietUntil(after: number, until: number): void {
    const { after: from, until: known } = this.#quiet;
    this.#quiet = after >= from && after <= known ? { after: from, until: Math.max(known, until) } : { after, until };
  }

  #settledIn(blocks: readonly ToldBlock[], market: string): readonly SettledIn[] {
    const { account, markets } = this.#options;
    return blocks.flatMap(({ events, ...block }) => {
      let fault: { readonly error: unknown } | undefined;
      const onUnreadable = (symbol: string, error: unknown) => {
        if (symbol === market) fault ??= { error };
      };
      const ours = settlementsOf(events, { account, markets, onUnreadable });
      if (fault !== undefined) this.#refuse(market, block.height, fault.error);
      const here = ours.filter(({ on }) => on.market.symbol === market);
      return here.map((settlement) => ({ settlement, block }));
    });
  }

  #read({ settlement, block }: SettledIn): Fill {
    const { chainId } = this.#options;
    const { on, orderId } = settlement;
    try {
      return toFill(settlement, { ...block, chainId }, this.#nameOf(on, orderId) ?? "");
    } catch (error) {
      return this.#refuse(on.market.symbol, block.height, error);
    }
  }

  #refuse(market: string, height: number, error: unknown): never {
    this.#options.onUnreadable({ market, height, error });
    const reason = `a settlement of ${market} in block ${height} cannot be read`;
    throw new VenueError({ operation: "fillsAfter", code: "unreadable-fill", reason });
  }

  #nameOf({ market }: ChainMarket, orderId: string): string | undefined {
    return this.#options.orders.clientIdOf(market.symbol, orderId) ?? this.#names.get(keyOf(market.symbol, orderId));
  }

  /** Each order is asked for once. */
  async #learnNames(settled: readonly SettledIn[]): Promise<void> {
    const unnamed = new Map<string, Settlement>();
    for (const { settlement } of settled) {
      const { on, orderId } = settlement;
      if (this.#nameOf(on, orderId) === undefined) unnamed.set(keyOf(on.market.symbol, orderId), settlement);
    }
    const names = await mapAtOnce([...unnamed], async ([key, { on, orderId }]) => {
      return { key, name: await this.#options.nodes.ask((rpc) => this.#placedName(rpc, on, orderId)) };
    });
    for (const { key, name } of names) this.#names.set(key, name);
    for (const key of this.#names.keys()) {
      if (this.#names.size <= Math.max(NAMES_MAX, names.length)) break;
      this.#names.delete(key);
    }
  }

  /** Empty for an order whose transaction names it not as ours are. A node that has no such transaction is behind: the name must not change. */
  async #placedName(rpc: ChainRpc, { market, contract }: ChainMarket, orderId: string): Promise<string> {
    await rpc.status();
    // Every contract numbers its orders from 0: others have the same number.
    const placed = await rpc.transactions(`place_order.order_id='${orderId}'`);
    for (const transaction of placed) {
      const data = dataOf(transaction, { orderId, contract, account: this.#options.account });
      if (data !== undefined) return clientIdIn(data);
    }
    const reason = `the index has no transaction that placed order ${orderId} of ${market.symbol}`;
    throw new RpcError("tx_search", "BEHIND", reason);
  }
}

/** An empty answer of a node, or of its index, that is behind would read as the end of the history. Answers what the node has. */
async function requireUpToDate(
  rpc: ChainRpc,
  newest: number,
): Promise<{ readonly earliestHeight: number; readonly indexedHeight: number }> {
  const { height, earliestHeight, isCatchingUp } = await rpc.status();
  if (isCatchingUp || height < newest - 1) {
    throw new RpcError("status", "BEHIND", `the node is at block ${height}, the chain at ${newest}`);
  }
  // Blocks are indexed in their order: one that is there says that all before it are.
  const indexed = height - INDEX_BEHIND_MAX;
  const isTooNew = indexed < Math.max(1, earliestHeight);
  if (isTooNew || (await rpc.isIndexed(indexed))) return { earliestHeight, indexedHeight: isTooNew ? 0 : indexed };
  throw new RpcError("block_search", "BEHIND", `the node's index lacks block ${indexed}, the node is at ${height}`);
}

async function mapAtOnce<Item, Answer>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let begin = 0; begin < items.length; begin += AT_ONCE_MAX) {
    answers.push(...(await Promise.all(items.slice(begin, begin + AT_ONCE_MAX).map(ask))));
  }
  return answers;
}

function keyOf(market: string, orderId: string): string {
  return `${market}#${orderId}`;
}

/** The `data` of the order that a transaction placed under this number, if it is one of the account's on this contract. */
function dataOf(
  { base64, events }: IncludedTransaction,
  wanted: { readonly orderId: string; readonly contract: string; readonly account: string },
): string | undefined {
  const index = valuesOf(events, "place_order", "order_id").indexOf(wanted.orderId);
  const { messages } = TxBody.decode(TxRaw.decode(Buffer.from(base64, "base64")).bodyBytes);
  const orders = messages
    .filter(({ typeUrl }) => typeUrl === PLACE_ORDERS_URL)
    .map(({ value }) => placeOrdersCodec.decode(value))
    .flatMap((message) => message.orders.map((order) => ({ ...message, order })));
  const found = orders[index];
  return found?.contractAddr === wanted.contract && found.creator === wanted.account ? found.order.data : undefined;
}

function clientIdIn(data: string): string {
  try {
    return dataSchema.parse(JSON.parse(data)).client_order_id;
  } catch {
    return "";
  }
}

function heightOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new InputError({ what: "cursor", expected: "a block's height", was: cursor });
}
