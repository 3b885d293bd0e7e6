/**
 * Sei's REST queries (CONTRACTS 2): balances and open orders. Owns the pages, the time-out and the order of the addresses;
 * amounts stay as the chain counts them, in whole micro-denoms.
 */
import * as z from "zod";
import { answerFault } from "../../core/answer-fault.ts";
import { InputError } from "../../core/errors.ts";
import { type Market, parsePrice, parseSize } from "../../core/market.ts";
import type { Lots, Side, Ticks } from "../../core/units.ts";
import type { Clock, Fetch, HttpResponse } from "../seams.ts";

const TIMEOUT_MILLIS = 5_000;

/** A hundred denoms a page by default, so ten thousand denoms; an account with more is not ours. */
const PAGES_MAX = 100;

/** `amount` is a whole number of the denom's smallest unit: 10^-6 of the asset for `usei` and the like. */
type ChainBalance = { readonly denom: string; readonly amount: bigint };

type ChainBalances = { readonly balances: readonly ChainBalance[]; readonly height: number | undefined };

/** An order resting on chain. `size` is what remains of it. */
type ChainOrder = {
  readonly orderId: string;
  readonly market: string;
  readonly side: Side;
  readonly price: Ticks;
  readonly size: Lots;
};

export type SeiRest = {
  /** Every denom that the account holds, each once. */
  balances(address: string): Promise<readonly ChainBalance[]>;
  /** The same, and the block that it is of, where all of its pages name one and the same. */
  balancesAt(address: string): Promise<ChainBalances>;
  /** By the route of CONTRACTS 2, and by the chain's own where a node does not have that. The pair's labels are the market's assets unless told. */
  openOrders(query: {
    readonly contractAddress: string;
    readonly account: string;
    readonly market: Market;
    readonly pair?: Pair;
    /** A list of an older block is refused, and one whose block cannot be found out. */
    readonly heightMin?: number;
  }): Promise<readonly ChainOrder[]>;
};

/** The labels of a contract's pair. */
type Pair = { readonly assetDenom: string; readonly priceDenom: string };

/** No address gave a usable answer. `cause` is the last one's fault, `attempts` says what each did. */
export class SeiRestError extends Error {
  readonly code = "SEI_REST_FAILED";
  readonly attempts: readonly string[];

  constructor(path: string, attempts: readonly string[], cause: unknown) {
    super(`no Sei REST address answered ${path}: ${attempts.join("; ")}`, { cause });
    this.name = "SeiRestError";
    this.attempts = attempts;
  }
}

class StatusError extends Error {
  readonly status: number;

  constructor({ status, body }: Pick<HttpResponse, "status" | "body">) {
    super(`status ${status}: ${body.slice(0, 200)}`);
    this.name = "StatusError";
    this.status = status;
  }
}

/** A gateway answers 501 to a route it does not have, a proxy before it 404. */
function isUnknownRoute({ status }: StatusError): boolean {
  return status === 404 || status === 501;
}

const DEX_PATH = "/sei-protocol/seichain/dex";

const LATEST_BLOCK_PATH = "/cosmos/base/tendermint/v1beta1/blocks/latest";

/** What a query's answer says of its block: plain, or as grpc-gateway passes it on. */
const HEIGHT_HEADERS = ["x-cosmos-block-height", "grpc-metadata-x-cosmos-block-height"] as const;

/** An answer read as JSON, and the block that it shows, where it says so. */
type JsonAnswer = { readonly json: unknown; readonly height: number | undefined };

const HEIGHT = /^[1-9]\d{0,14}$/;

const latestBlockAnswer = z.object({
  block: z.object({
    header: z.object({
      chain_id: z.string().nullish(),
      height: z.string().regex(HEIGHT, "a whole number from 1 on, of at most 15 digits"),
    }),
  }),
});

const DENOM_CHARACTERS_MAX = 128;

// Lengths are held by refinements: zod's own (4.6) also look at what is no text or list, and may throw on it.
const balancesPage = z.object({
  balances: z.array(
    z.object({
      denom: z
        .string()
        .refine(
          (denom) => denom.length >= 1 && denom.length <= DENOM_CHARACTERS_MAX,
          `a denom of 1 to ${DENOM_CHARACTERS_MAX} characters`,
        ),
      amount: z.string().regex(/^(0|[1-9]\d{0,77})$/, "a whole number of at most 78 digits"),
    }),
  ),
  pagination: z.object({ next_key: z.string().nullish() }).nullish(),
});

const ORDERS_MAX = 100_000;

const ordersAnswer = z.object({
  orders: z
    .array(
      z.object({
        id: z.string().regex(/^\d{1,20}$/, "1 to 20 digits"),
        status: z.string(),
        price: z.string(),
        quantity: z.string(),
        priceDenom: z.string(),
        assetDenom: z.string(),
        positionDirection: z.enum(["LONG", "SHORT"], "LONG or SHORT"),
      }),
    )
    .refine((orders) => orders.length <= ORDERS_MAX, `a list of at most ${ORDERS_MAX} orders`),
});

/** `baseUrls` are tried in order, each once a call. Where `chainId` is given, one of another chain answers nothing: each is asked once. */
export function makeSeiRest(options: {
  readonly chainId?: string;
  readonly baseUrls: readonly string[];
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}): SeiRest {
  const { fetch, clock, chainId, timeoutMs = TIMEOUT_MILLIS } = options;
  const baseUrls = options.baseUrls.map((url) => url.replace(/\/+$/, ""));
  const get = (url: string) => getJson({ url, fetch, clock, timeoutMs });
  const ofOurChain = new Set<string>();
  const requireChain = async (base: string, expected: string) => {
    if (ofOurChain.has(base)) return;
    // CONTRACTS 2 does not ask for that route: whoever does not name a chain is not known to be of another.
    const was = await latestBlock(base, get).then(
      ({ chain_id: told }) => told ?? expected,
      (error: unknown) => {
        if (error instanceof StatusError && isUnknownRoute(error)) return expected;
        throw error;
      },
    );
    if (was !== expected) throw new InputError({ what: "the node's chain", expected, was });
    ofOurChain.add(base);
  };
  const first = <Answer>(path: string, ask: (base: string) => Promise<Answer>) =>
    firstAnswer(baseUrls, path, (base) =>
      // Both at once: an address that does not answer takes one time-out, not two.
      chainId === undefined
        ? ask(base)
        : Promise.all([ask(base), requireChain(base, chainId)]).then(([answer]) => answer),
    );
  const balancesAt = (address: string) => {
    const path = `/cosmos/bank/v1beta1/balances/${encodeURIComponent(address)}`;
    return first(path, (base) => readBalances(`${base}${path}`, get));
  };
  return {
    balances: async (address) => (await balancesAt(address)).balances,
    balancesAt,
    openOrders: ({ contractAddress, account, market, pair, heightMin = 0 }) => {
      const query = new URLSearchParams({ contractAddr: contractAddress, account, marketId: market.symbol });
      const path = `${DEX_PATH}/get_orders_by_user?${query}`;
      const ownPath = `${DEX_PATH}/get_orders/${encodeURIComponent(contractAddress)}/${encodeURIComponent(account)}`;
      const ask = (base: string) =>
        get(`${base}${path}`).catch((error: unknown) => {
          if (error instanceof StatusError && isUnknownRoute(error)) return get(`${base}${ownPath}`);
          throw error;
        });
      return first(path, async (base) => {
        const answer = await askAtHeight(base, { ask, get, heightMin });
        return toOrders(answer, market, pair ?? { assetDenom: market.base, priceDenom: market.quote });
      });
    },
  };
}

/** Where the list does not name its block, the same node is asked for its newest one, and then for the list again. */
async function askAtHeight(
  base: string,
  input: {
    readonly ask: (base: string) => Promise<JsonAnswer>;
    readonly get: (url: string) => Promise<JsonAnswer>;
    readonly heightMin: number;
  },
): Promise<unknown> {
  const { ask, get, heightMin } = input;
  let answer = await ask(base);
  if (heightMin === 0) return answer.json;
  let { height } = answer;
  if (height === undefined) {
    // A node has a block before it has carried it out.
    height = Number((await latestBlock(base, get)).height) - 1;
    answer = await ask(base);
  }
  if (height >= heightMin) return answer.json;
  throw new InputError({ what: "orders", expected: `of block ${heightMin} or later`, was: height });
}

async function latestBlock(base: string, get: (url: string) => Promise<JsonAnswer>) {
  const { json } = await get(`${base}${LATEST_BLOCK_PATH}`);
  return readAnswer(latestBlockAnswer, json, "latest block").block.header;
}

/** A fault half-way through the pages starts them again at the next address: page keys belong to one node. */
async function firstAnswer<Answer>(
  baseUrls: readonly string[],
  path: string,
  ask: (baseUrl: string) => Promise<Answer>,
): Promise<Answer> {
  const attempts: string[] = [];
  let last: unknown;
  for (const baseUrl of baseUrls) {
    try {
      return await ask(baseUrl);
    } catch (error) {
      last = error;
      attempts.push(`${baseUrl}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new SeiRestError(path, attempts, last);
}

async function readBalances(url: string, get: (url: string) => Promise<JsonAnswer>): Promise<ChainBalances> {
  const amounts = new Map<string, bigint>();
  const heights = new Set<number | undefined>();
  let key: string | null = null;
  for (let count = 0; count < PAGES_MAX; count += 1) {
    const page: string = key === null ? url : `${url}?pagination.key=${encodeURIComponent(key)}`;
    const { json, height } = await get(page);
    heights.add(height);
    const answer = readAnswer(balancesPage, json, "balances");
    for (const { denom, amount } of answer.balances) {
      if (amounts.has(denom)) throw new InputError({ what: "balances", expected: "of each denom one", was: denom });
      amounts.set(denom, BigInt(amount));
    }
    key = answer.pagination?.next_key ?? null;
    if (key !== null && key !== "") continue;
    const balances = [...amounts].map(([denom, amount]) => ({ denom, amount }));
    return { balances, height: heights.size === 1 ? height : undefined };
  }
  throw new InputError({ what: "balances", expected: `at most ${PAGES_MAX} pages`, was: key });
}

/** A node may leave the market filter aside and send every order of the contract: those of other pairs are skipped. */
function toOrders(answer: unknown, market: Market, pair: Pair): readonly ChainOrder[] {
  const { orders } = readAnswer(ordersAnswer, answer, "orders");
  return orders
    .filter((order) => order.assetDenom === pair.assetDenom && order.priceDenom === pair.priceDenom)
    .filter((order) => order.status === "PLACED")
    .map((order) => ({
      orderId: order.id,
      market: market.symbol,
      side: order.positionDirection === "LONG" ? "buy" : "sell",
      price: parsePrice(market, order.price, `order ${order.id} price`),
      size: parseSize(market, order.quantity, `order ${order.id} quantity`),
    }));
}

function readAnswer<Schema extends z.ZodType>(schema: Schema, answer: unknown, what: string): z.infer<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw answerFault(what, answer, parsed.error);
}

async function getJson(request: {
  readonly url: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly timeoutMs: number;
}): Promise<JsonAnswer> {
  const { url, fetch, clock, timeoutMs } = request;
  const abort = new AbortController();
  const stopTimer = clock.after(timeoutMs, () => abort.abort(new Error(`no answer in ${timeoutMs} ms`)));
  let response: HttpResponse;
  try {
    const headers = { accept: "application/json" };
    response = await fetch({ method: "GET", url, headers, signal: abort.signal });
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    stopTimer();
  }
  if (response.status !== 200) throw new StatusError(response);
  try {
    return { json: JSON.parse(response.body), height: heightIn(response.headers) };
  } catch (cause) {
    throw new InputError({ what: "the answer", expected: "JSON", was: response.body, cause });
  }
}

function heightIn(headers: HttpResponse["headers"]): number | undefined {
  const told = HEIGHT_HEADERS.map((name) => headers[name]).find((value) => value !== undefined && HEIGHT.test(value));
  return told === undefined ? undefined : Number(told);
}
