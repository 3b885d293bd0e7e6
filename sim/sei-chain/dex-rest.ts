/**
 * What a node with a chain answers by REST beyond the node's own: the dex module's books, orders and pairs, and accounts
 * (proto/dex/query.proto and cosmos/auth). Owns these routes; coins and open orders of an address are `sei-node/rest.ts`'s.
 */
import { formatScaled, MONEY_DECIMALS } from "../../core/decimal.ts";
import { formatPrice, formatSize, priceToMoney } from "../../core/market.ts";
import { type Side, toLots } from "../../core/units.ts";
import { type Coin, pageOf } from "../sei-node/pagination.ts";
import {
  type ChainAccount,
  type ChainOrder,
  type RestRoute,
  requireAddress,
  toDec,
  toOrder,
} from "../sei-node/rest.ts";
import { RestError } from "../sei-node/rest-answer.ts";
import type { BookLevel, BookOrder } from "./batch-book.ts";
import { OUTSIDE_PREFIX, type SeiChain } from "./chain.ts";
import type { Pair } from "./contract.ts";

const DEX = "/sei-protocol/seichain/dex";

/** A node's lists lag no further behind than this. */
const LISTS_KEPT = 50;

/** What the chain knows of addresses, for the node's own routes. Lists of a past block are there of `watched` addresses alone. */
export function makeChainAccount(chain: SeiChain, watched: readonly string[] = []): ChainAccount {
  const lists: ReadonlyMap<string, { readonly orders: readonly ChainOrder[]; readonly coins: readonly Coin[] }>[] = [];
  const listOf = (address: string) =>
    chain.contract.pairs.flatMap((pair) => pair.book.ordersOf(address).map((order) => toChainOrder(pair, order)));
  if (watched.length > 0) {
    chain.onBlock(() => {
      const kept = watched.map(
        (address) => [address, { orders: listOf(address), coins: chain.bank.coins(address) }] as const,
      );
      lists.unshift(new Map(kept));
      lists.splice(LISTS_KEPT);
    });
  }
  return {
    balances: (address, blocksBehind = 0) => {
      const past = blocksBehind === 0 ? undefined : lists[blocksBehind]?.get(address);
      return past?.coins ?? chain.bank.coins(address);
    },
    openOrders: (address, symbol, blocksBehind = 0) => {
      const list = blocksBehind === 0 ? listOf(address) : (lists[blocksBehind]?.get(address)?.orders ?? []);
      return list.filter(({ market }) => symbol === undefined || market === symbol);
    },
  };
}

export function makeDexRoutes(chain: SeiChain): readonly RestRoute[] {
  return [
    { path: /^\/cosmos\/auth\/v1beta1\/accounts\/([^/]+)$/, answer: ([address]) => account(chain, address) },
    { path: route("params"), answer: () => ({ params: PARAMS }) },
    { path: route("registered_pairs"), answer: (_, query) => registeredPairs(chain, query.get("contractAddr") ?? "") },
    { path: route("long_book/([^/]+)/([^/]+)/([^/]+)"), answer: (parts, query) => book(chain, "buy", parts, query) },
    { path: route("short_book/([^/]+)/([^/]+)/([^/]+)"), answer: (parts, query) => book(chain, "sell", parts, query) },
    { path: route("long_book/([^/]+)/([^/]+)/([^/]+)/([^/]+)"), answer: (parts) => level(chain, "buy", parts) },
    { path: route("short_book/([^/]+)/([^/]+)/([^/]+)/([^/]+)"), answer: (parts) => level(chain, "sell", parts) },
    { path: route("get_order_by_id/([^/]+)/([^/]+)/([^/]+)/([^/]+)"), answer: (parts) => orderById(chain, parts) },
  ];
}

/** x/dex/types/params.go, as far as placing depends on them. */
const PARAMS = {
  sudo_call_gas_price: "0.100000000000000000",
  default_gas_per_order: "55000",
  default_gas_per_cancel: "53000",
  default_gas_per_order_data_byte: "30",
  max_order_per_price: "10000",
  max_pairs_per_contract: "100",
};

function route(pattern: string): RegExp {
  return new RegExp(`^${DEX}/${pattern}$`);
}

function account({ accounts }: SeiChain, given: string | undefined): unknown {
  const address = requireAddress(given);
  const found = accounts.find(address);
  if (found === undefined) {
    const reason = `rpc error: code = NotFound desc = account ${address} not found: key not found`;
    throw new RestError("not-found", reason);
  }
  const { publicKey, accountNumber, sequence } = found;
  const pubKey =
    publicKey === null
      ? null
      : { "@type": "/cosmos.crypto.secp256k1.PubKey", key: Buffer.from(publicKey).toString("base64") };
  return {
    account: {
      "@type": "/cosmos.auth.v1beta1.BaseAccount",
      address,
      pub_key: pubKey,
      account_number: `${accountNumber}`,
      sequence: `${sequence}`,
    },
  };
}

function registeredPairs({ contract }: SeiChain, address: string): unknown {
  const pairs = address === contract.address ? contract.pairs : [];
  return {
    pairs: pairs.map(({ market, ticks }) => ({
      priceDenom: market.quote,
      assetDenom: market.base,
      priceTicksize: toDec(formatScaled(ticks.price, MONEY_DECIMALS), "tick"),
      quantityTicksize: toDec(formatScaled(ticks.quantity, MONEY_DECIMALS), "lot"),
    })),
  };
}

/** A side of the book in pages, the lowest price first on both sides: the store has them by the price's bytes. */
function book(chain: SeiChain, side: Side, parts: readonly string[], query: URLSearchParams): unknown {
  const pair = pairOf(chain, parts);
  const page = pageOf(pair?.book.side(side) ?? [], query, ({ price }) =>
    pair === undefined ? Buffer.alloc(0) : toKey(priceToMoney(pair.market, price)),
  );
  const levels = pair === undefined ? [] : page.items.map((each) => toLevel(pair, each));
  return { [nameOf(side)]: levels, pagination: { next_key: page.nextKey, total: `${page.total}` } };
}

function level(chain: SeiChain, side: Side, parts: readonly string[]): unknown {
  const pair = pairOf(chain, parts);
  const price = parts[3] ?? "";
  const found = pair?.book.side(side).find((each) => {
    const text = formatPrice(pair.market, each.price);
    return text === price || toDec(text, "price") === price;
  });
  if (pair === undefined || found === undefined) throw new RestError("not-found", "not found");
  return { [nameOf(side)]: toLevel(pair, found) };
}

function orderById(chain: SeiChain, parts: readonly string[]): unknown {
  const [contract = "", , , id = ""] = parts;
  const pair = pairOf(chain, parts);
  const order = /^\d{1,15}$/.test(id) ? pair?.book.find(Number(id)) : undefined;
  if (pair === undefined || order === undefined) throw new RestError("unknown", "Error order id not found");
  return { order: toOrder(toChainOrder(pair, order), ownerOf(order), contract) };
}

function pairOf({ contract }: SeiChain, [address, priceDenom, assetDenom]: readonly string[]): Pair | undefined {
  return address === contract.address ? contract.pair(priceDenom ?? "", assetDenom ?? "") : undefined;
}

function toLevel(pair: Pair, { price, orders }: BookLevel): unknown {
  const { market } = pair;
  const total = orders.reduce((sum, { remaining }) => sum + remaining, 0);
  const priceText = toDec(formatPrice(market, price), "price");
  const toQuantity = (lots: number) => toDec(formatSize(market, toLots(lots)), "quantity");
  return {
    price: priceText,
    entry: {
      price: priceText,
      quantity: toQuantity(total),
      allocations: orders.map((order) => ({
        orderId: `${order.id}`,
        quantity: toQuantity(order.remaining),
        account: ownerOf(order),
      })),
      priceDenom: market.quote,
      assetDenom: market.base,
    },
  };
}

function toChainOrder({ market }: Pair, { id, side, price, remaining }: BookOrder) {
  const [priceText, remainingText] = [formatPrice(market, price), formatSize(market, remaining)];
  return { id: `${id}`, market: market.symbol, side, price: priceText, remaining: remainingText };
}

/** The simulated traders have no addresses; a reader needs one. */
const TRADERS_ADDRESS = "sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg";

function ownerOf({ owner }: BookOrder): string {
  return owner.startsWith(OUTSIDE_PREFIX) ? TRADERS_ADDRESS : owner;
}

function nameOf(side: Side): "LongBook" | "ShortBook" {
  return side === "buy" ? "LongBook" : "ShortBook";
}

const KEY_BYTES = 32;

function toKey(units: bigint): Buffer {
  return Buffer.from(units.toString(16).padStart(2 * KEY_BYTES, "0"), "hex");
}
