/**
 * The account's fills as the chain's own index has them: which blocks settled something of ours, and what. Owns the reading and the
 * cursor, a block's height; a page holds whole blocks. What a fill's order is called is read from the transaction that placed it.
 */
import { TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import type { Fill } from "../../core/events.ts";
import { type FillsPage, VenueError } from "../venue.ts";
import { valuesOf } from "./chain-events.ts";
import type { ChainMarket, ChainMarkets } from "./chain-market.ts";
import type { KnownOrders } from "./known-orders.ts";
import { PLACE_ORDERS_URL, placeOrdersCodec } from "./messages.ts";
import type { ChainNodes } from "./nodes.ts";
import type { ChainRpc, IncludedTransaction } from "./rpc.ts";
import { type BlockStamp, type Settlement, settlementsOf, toFill } from "./settlements.ts";

export type ChainHistoryOptions = {
  readonly nodes: ChainNodes;
  readonly markets: ChainMarkets;
  readonly orders: KnownOrders;
  readonly account: string;
  readonly chainId: string;
  /** Told of a fill that cannot be read. */
  readonly onUnreadable: (fault: { readonly market: string; readonly height: number; readonly error: unknown }) => void;
};

const dataSchema = z.object({ client_order_id: z.string().regex(/^fm-[A-Za-z0-9-]{1,33}$/) });

/** What an order of ours carries: the chain keeps it in the transaction, and nowhere else. */
export function toOrderData(clientOrderId: string): string {
  return JSON.stringify({ client_order_id: clientOrderId });
}

export class ChainHistory {
  readonly #options: ChainHistoryOptions;

  constructor(options: ChainHistoryOptions) {
    this.#options = options;
  }

  /** See `Venue.fillsAfter`. */
  async fillsAfter(market: string, cursor: string | undefined): Promise<FillsPage> {
    return await this.#options.nodes.ask((rpc) => this.#page(rpc, market, heightOf(cursor)));
  }

  /** How much (lots) of an order has filled since the block that took it. */
  async filledOf(market: string, orderId: string, fromHeight: number): Promise<number> {
    return await this.#options.nodes.ask(async (rpc) => {
      let filled = 0;
      let height = Math.max(0, fromHeight - 1);
      for (let more = true; more; ) {
        const page = await this.#page(rpc, market, height);
        for (const fill of page.fills) if (fill.orderId === orderId) filled += fill.size;
        height = heightOf(page.nextCursor);
        more = page.more;
      }
      return filled;
    });
  }

  async #page(rpc: ChainRpc, market: string, after: number): Promise<FillsPage> {
    const { account, markets } = this.#options;
    const blocks = await rpc.blocks(`wasm.account='${account}' AND block.height > ${after}`);
    const fills: Fill[] = [];
    for (const { height, time } of blocks) {
      const ours = settlementsOf(await rpc.blockEvents(height), { account, markets });
      const here = ours.filter(({ on }) => on.market.symbol === market);
      for (const settlement of here) fills.push(await this.#read(rpc, settlement, { height, time }));
    }
    const last = blocks.at(-1)?.height ?? after;
    return { fills, nextCursor: last === 0 ? undefined : `${last}`, more: blocks.length > 0 };
  }

  async #read(rpc: ChainRpc, settlement: Settlement, block: Omit<BlockStamp, "chainId">): Promise<Fill> {
    const { chainId, onUnreadable } = this.#options;
    const { on, orderId } = settlement;
    const clientOrderId = await this.#clientIdOf(rpc, on, orderId);
    try {
      return toFill(settlement, { ...block, chainId }, clientOrderId);
    } catch (error) {
      onUnreadable({ market: on.market.symbol, height: block.height, error });
      const reason = `a settlement of ${on.market.symbol} in block ${block.height} cannot be read`;
      throw new VenueError({ operation: "fillsAfter", code: "unreadable-fill", reason });
    }
  }

  /** Empty for an order that no transaction of ours placed by name. */
  async #clientIdOf(rpc: ChainRpc, on: ChainMarket, orderId: string): Promise<string> {
    const known = this.#options.orders.clientIdOf(on.market.symbol, orderId);
    if (known !== undefined) return known;
    // Every contract numbers its orders from 0: others have the same number.
    const placed = await rpc.transactions(`place_order.order_id='${orderId}'`);
    for (const transaction of placed) {
      const data = dataOf(transaction, { orderId, contract: on.contract, account: this.#options.account });
      if (data !== undefined) return clientIdIn(data);
    }
    return "";
  }
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
