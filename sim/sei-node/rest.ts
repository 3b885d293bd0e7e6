/**
 * A node's REST queries (CONTRACTS 2): bank balances and open orders, as grpc-gateway answers them. Owns routes, paging
 * and error bodies; the balances and orders come from the account's port. Pure: one URL in, one answer out.
 */
import { parseScaled } from "../../core/decimal.ts";
import type { Side } from "../../core/units.ts";
import { addressFault } from "./bech32.ts";
import { type Coin, keyOfCoin, pageOf } from "./pagination.ts";
import { type RestAnswer, RestError } from "./rest-answer.ts";

/** An open order as the chain would show it. `remaining` is what is not filled yet; amounts are decimal strings. */
export type ChainOrder = {
  readonly id: string;
  readonly market: string;
  readonly side: Side;
  readonly price: string;
  readonly remaining: string;
  /** The chain's opaque text for the contract; empty when left out. */
  readonly data?: string;
};

/** The account side of a node: what the chain knows of an address. An address it does not know has nothing. */
export type ChainAccount = {
  /** Amounts are whole micro-denoms, six decimals; as they were so many blocks ago. */
  balances(address: string, blocksBehind?: number): readonly Coin[];
  /** As they were so many blocks ago. */
  openOrders(address: string, market?: string, blocksBehind?: number): readonly ChainOrder[];
};

/** A route by its whole path; `parts` are what its groups found, decoded. Throws `RestError`. */
export type RestRoute = {
  readonly path: RegExp;
  readonly answer: (parts: readonly string[], query: URLSearchParams) => unknown;
};

/** What the lists show, and the newest block of the block store. `isTold`: answers name their height in a header. */
export type RestSight = {
  readonly chainId: string;
  readonly listsBehind: number;
  readonly listsHeight: number;
  readonly blocksHeight: number;
  readonly isTold: boolean;
};

export type RestSources = {
  readonly account: ChainAccount;
  /** Routes beside the node's own. */
  readonly routes?: readonly RestRoute[];
  /** The contract of each market; empty means that any contract holds them all. */
  readonly contracts: Readonly<Record<string, string>>;
  /** Left out, the node has no blocks. */
  readonly sight?: RestSight;
};

/** As grpc-gateway passes on what a query's answer says of its height. */
const HEIGHT_HEADER = "grpc-metadata-x-cosmos-block-height";

const ROUTES: readonly {
  readonly path: RegExp;
  readonly answer: (parts: readonly string[], query: URLSearchParams, sources: RestSources) => unknown;
}[] = [
  { path: /^\/cosmos\/bank\/v1beta1\/balances\/([^/]+)\/by_denom$/, answer: answerBalanceByDenom },
  { path: /^\/cosmos\/bank\/v1beta1\/balances\/([^/]+)$/, answer: answerBalances },
  { path: /^\/sei-protocol\/seichain\/dex\/get_orders_by_user$/, answer: answerOrdersByUser },
  { path: /^\/sei-protocol\/seichain\/dex\/get_orders\/([^/]+)\/([^/]+)$/, answer: answerOrders },
  { path: /^\/cosmos\/base\/tendermint\/v1beta1\/blocks\/latest$/, answer: answerLatestBlock },
];

/** Answers one request. `target` is the request's path and query as they came. */
export function answerRest(method: string, target: string, sources: RestSources): RestAnswer {
  try {
    const { sight } = sources;
    const body = route(method, target, sources);
    if (sight?.isTold !== true) return { status: 200, body };
    return { status: 200, headers: { [HEIGHT_HEADER]: `${sight.listsHeight}` }, body };
  } catch (error) {
    if (error instanceof RestError) return error.toAnswer();
    throw error;
  }
}

function route(method: string, target: string, sources: RestSources): unknown {
  const [path = "", query = ""] = splitOnce(target, "?");
  for (const { path: pattern, answer } of sources.routes ?? []) {
    const match = pattern.exec(path);
    if (match !== null && method === "GET") return answer(match.slice(1).map(decodePart), new URLSearchParams(query));
  }
  for (const { path: pattern, answer } of ROUTES) {
    const match = pattern.exec(path);
    if (match === null) continue;
    // The gateway knows a route by method and path alike.
    if (method !== "GET") throw new RestError("unimplemented", "Method Not Allowed");
    return answer(match.slice(1).map(decodePart), new URLSearchParams(query), sources);
  }
  throw new RestError("unimplemented", "Not Implemented");
}

function answerBalances(parts: readonly string[], query: URLSearchParams, sources: RestSources): unknown {
  const coins = sources.account.balances(requireAddress(parts[0]), sources.sight?.listsBehind);
  const page = pageOf(coins, query, keyOfCoin);
  const balances = page.items.map(({ denom, amount }) => ({ denom, amount }));
  return { balances, pagination: { next_key: page.nextKey, total: `${page.total}` } };
}

function answerBalanceByDenom(parts: readonly string[], query: URLSearchParams, sources: RestSources): unknown {
  const address = requireAddress(parts[0]);
  const denom = query.get("denom") ?? "";
  if (denom === "") throw new RestError("invalid-argument", "invalid denom");
  const found = sources.account.balances(address).find((coin) => coin.denom === denom);
  return { balance: { denom, amount: found?.amount ?? "0" } };
}

function answerLatestBlock(_parts: readonly string[], _query: URLSearchParams, { sight }: RestSources): unknown {
  if (sight === undefined) throw new RestError("unimplemented", "Not Implemented");
  return { block: { header: { chain_id: sight.chainId, height: `${sight.blocksHeight}` } } };
}

function answerOrdersByUser(_parts: readonly string[], query: URLSearchParams, sources: RestSources): unknown {
  const market = query.get("marketId");
  return ordersBody({
    contract: query.get("contractAddr") ?? "",
    account: requireAddress(query.get("account") ?? ""),
    market: market === null || market === "" ? undefined : market,
    sources,
  });
}

function answerOrders(parts: readonly string[], _query: URLSearchParams, sources: RestSources): unknown {
  const [contract = "", account] = parts;
  return ordersBody({ contract, account: requireAddress(account), market: undefined, sources });
}

function ordersBody(input: {
  readonly contract: string;
  readonly account: string;
  readonly market: string | undefined;
  readonly sources: RestSources;
}): unknown {
  const { contract, account, market, sources } = input;
  const contracts = Object.entries(sources.contracts);
  const orders = sources.account
    .openOrders(account, market, sources.sight?.listsBehind)
    .filter((order) => market === undefined || order.market === market)
    .filter((order) => contracts.length === 0 || sources.contracts[order.market] === contract);
  return { orders: orders.map((order) => toOrder(order, account, contract)) };
}

/** The JSON of `seiprotocol.seichain.dex.Order`: what `get_orders` makes of an allocation in the book. */
export function toOrder(order: ChainOrder, account: string, contract: string): unknown {
  const [assetDenom = "", priceDenom = ""] = splitOnce(order.market, "/");
  return {
    id: order.id,
    status: "PLACED",
    account,
    contractAddr: contract,
    price: toDec(order.price, "price"),
    quantity: toDec(order.remaining, "remaining"),
    priceDenom,
    assetDenom,
    orderType: "LIMIT",
    positionDirection: order.side === "buy" ? "LONG" : "SHORT",
    data: order.data ?? "",
    statusDescription: "",
    nominal: toDec("0", "nominal"),
    triggerPrice: toDec("0", "triggerPrice"),
    triggerStatus: false,
  };
}

const DEC_DECIMALS = 18;

/** cosmos-sdk's `Dec` in JSON: always eighteen decimals. */
export function toDec(text: string, what: string): string {
  const digits = parseScaled(text, DEC_DECIMALS, what)
    .toString()
    .padStart(DEC_DECIMALS + 1, "0");
  return `${digits.slice(0, -DEC_DECIMALS)}.${digits.slice(-DEC_DECIMALS)}`;
}

/** The address, or `RestError` in the node's words. */
export function requireAddress(address: string | undefined): string {
  const fault = addressFault(address ?? "");
  if (fault !== null || address === undefined) throw new RestError("invalid-argument", `${fault}: invalid request`);
  return address;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RestError("invalid-argument", `invalid URL escape in "${part}"`);
  }
}

function splitOnce(text: string, separator: string): readonly string[] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + separator.length)];
}
