/**
 * The venue on a simulated chain in virtual time: a node or two in a simulated network, and everything the venue says. The chain makes
 * a block each 400 ms; another wallet trades against us.
 */
import type { Command } from "../../../core/commands.ts";
import type { EngineEvent, Fill } from "../../../core/events.ts";
import { RequestBudget } from "../../../core/execution/request-budget.ts";
import { makeMarket } from "../../../core/market.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import type { Fetch, HttpRequest, HttpResponse } from "../../../fargate/seams.ts";
import { Secret } from "../../../fargate/secret.ts";
import { makeSeiChainVenue, type SeiChainVenueOptions } from "../../../fargate/sei-chain/venue.ts";
import { openWallet } from "../../../fargate/sei-chain/wallet.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import { SeiChain, type SeiChainInput } from "../../../sim/sei-chain/chain.ts";
import { makeChainAccount } from "../../../sim/sei-chain/dex-rest.ts";
import { makeChainRpc } from "../../../sim/sei-chain/rpc.ts";
import { startSeiNode } from "../../../sim/sei-node/node.ts";
import { NetworkListener } from "../../../sim/world/hosts.ts";
import { Network } from "../../../sim/world/network.ts";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";
import { WorldProcess } from "../../../sim/world/world-process.ts";
import { CHAIN_ID, CONTRACT, makeWallets, OURS, placeOrders, sign } from "../../sim/sei-chain/chain-world.ts";
import { makeSource } from "../../sim/sei-node/hand-fed-source.ts";
import { makeCountingMetrics, makeRecordingLog } from "../cambrian/venue-case.ts";

const MNEMONIC = `${"abandon ".repeat(11)}about`;
export const MARKET = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
const ONE = 10n ** 18n;
export const OPENING = 1_000_000n * ONE;

const SETTINGS: SeiChainVenueOptions["settings"] = {
  chainId: CHAIN_ID,
  gasDenom: "usei",
  gasPrice: "0.02",
  dexGasPrice: "0.1",
  dexGasPerOrder: 55_000,
  dexGasPerCancel: 53_000,
  dexContracts: 1,
  timeoutBlocks: 2,
  requestTimeoutMs: 2_000,
  assets: { SEI: { denom: "usei", decimals: 6 }, USDC: { denom: "uusdc", decimals: 6 } },
};

export type ChainVenue = Awaited<ReturnType<typeof makeChainVenue>>;

export async function makeChainVenue(
  options: {
    readonly seed?: number;
    readonly base64?: boolean;
    readonly nodes?: number;
    readonly onEvent?: (event: EngineEvent) => void;
    readonly fence?: (market: string) => string | undefined;
    /** The node's index of transactions knows none while this says so. */
    readonly isIndexBlind?: () => boolean;
    /** What the venue reads in place of a node's answer to a call of the RPC. */
    readonly editAnswer?: (method: string, body: string) => string;
    readonly settings?: Partial<SeiChainVenueOptions["settings"]>;
    /** Stands between the venue and the network: passes requests on, alters them or their answers. */
    readonly onRequest?: (request: HttpRequest, pass: Fetch) => Promise<HttpResponse>;
    /** Brings a frame of a node's stream to the venue, at once or later, altered or not at all. */
    readonly onFrame?: (frame: Buffer, take: (frame: Buffer) => void, url: string) => void;
    /** A node of another chain, many blocks further, stands before or behind the others. */
    readonly stranger?: "first" | "last";
    /** What we hold of the gas denom at the beginning. */
    readonly usei?: bigint;
  } = {},
) {
  const { seed = 1, base64 = false, nodes = 1 } = options;
  const time = new VirtualTime();
  const network = new Network(time, seed);
  const { other, otherAddress } = await makeWallets();
  const coins = { usei: OPENING, uusdc: OPENING };
  const parts = { clock: time.clock, rng: makeSeededRng(seed, "chain"), markets: [MARKET], contract: CONTRACT };
  const chain = new SeiChain({
    ...{ ...parts, chainId: CHAIN_ID },
    genesis: [
      { address: OURS, coins: { ...coins, usei: options.usei ?? OPENING } },
      { address: otherAddress, coins },
    ],
  });
  const node = await startSeiNode({
    source: makeSource(),
    clock: time.clock,
    rng: makeSeededRng(seed, "node"),
    chain: makeChainRpc(chain, { base64 }),
    account: makeChainAccount(chain, [OURS]),
    endpoints: nodes,
    listener: (index) => new NetworkListener(network, `node-${index}.world`),
  });
  const stranger =
    options.stranger && (await startStranger({ ...parts, rng: makeSeededRng(seed, "stranger"), network, seed }));
  const process = new WorldProcess("task", time);
  const access = network.access(process);
  const ours = node.endpoints.map(({ restUrl }) => restUrl);
  const others = stranger?.node.endpoints.map(({ restUrl }) => restUrl) ?? [];
  const urls = options.stranger === "first" ? [...others, ...ours] : [...ours, ...others];
  const events: EngineEvent[] = [];
  const logLines: string[] = [];
  const counted = new Map<string, number>();
  const budget = new RequestBudget({ requestsPerSecond: 200, placementsInFlight: 100 });
  const makeVenue = async () =>
    makeSeiChainVenue({
      wallet: await openWallet(new Secret(MNEMONIC), OURS),
      settings: { ...SETTINGS, ...options.settings },
      markets: [{ market: MARKET, contract: CONTRACT, assetDenom: "SEI", priceDenom: "USDC" }],
      rpcUrls: urls,
      restUrls: urls,
      stalenessMs: 3_000,
      budget,
      clock: process.clock,
      rng: makeSeededRng(seed, "venue"),
      connect: (url, handlers) =>
        access.connect(url, {
          ...handlers,
          onMessage: (data) => {
            if (options.onFrame === undefined) handlers.onMessage(data);
            else options.onFrame(data, handlers.onMessage, url);
          },
        }),
      fetch: async (request) => {
        const method = methodOf(request);
        const isBlind = options.isIndexBlind?.() === true && method === "tx_search";
        if (isBlind) return { status: 200, headers: {}, body: '{"result":{"txs":[]}}' };
        const pass = options.onRequest ?? ((each: HttpRequest, go: Fetch) => go(each));
        const answer = await pass(request, access.fetch);
        if (options.editAnswer === undefined || method === undefined) return answer;
        return { ...answer, body: options.editAnswer(method, answer.body) };
      },
      log: makeRecordingLog(logLines),
      metrics: makeCountingMetrics(counted),
      onEvent: (event) => {
        events.push(event);
        options.onEvent?.(event);
      },
      fence: options.fence ?? (() => undefined),
    });
  const venue = await makeVenue();
  let lastNumber = 0;
  chain.start();
  stranger?.chain.start();
  venue.start();
  const paid = (kind: "place" | "cancel" | "query") => budget.take(kind, process.clock.now()) ?? Number.NaN;
  return {
    ...{ time, network, chain, node, process, urls, venue, makeVenue, events, logLines, counted, budget },
    link: (index: number) => access.link(urls[index] ?? ""),
    /** Lets so many blocks come, and 100 ms after the last of them pass. */
    blocks: async (count: number) => {
      const until = chain.height + count;
      await time.until(() => chain.height >= until, "the blocks", 60_000);
      await time.pass(100);
    },
    place: (side: "buy" | "sell", price: number, size: number): Command => {
      lastNumber += 1;
      const clientOrderId = `fm-3-SEIUSDC-${side === "buy" ? "b" : "s"}0-${lastNumber}`;
      const order = { market: MARKET.symbol, clientOrderId, side, price: toTicks(price), size: toLots(size) };
      return { type: "place-order", requestId: paid("place"), ...order };
    },
    cancel: (clientOrderId: string, orderId: string): Command => {
      return { type: "cancel-order", requestId: paid("cancel"), market: MARKET.symbol, clientOrderId, orderId };
    },
    query: (clientOrderId: string): Command => {
      return { type: "query-order", requestId: paid("query"), market: MARKET.symbol, clientOrderId };
    },
    /** Another wallet's order, limit 0, market 1. */
    trade: async (side: "buy" | "sell", price: string, quantity: string, type = 0) => {
      const message = placeOrders(otherAddress, [{ side, price, quantity, type }]);
      const sequence = chain.accounts.expected(otherAddress);
      chain.broadcast(await sign(other, [message], { sequence, accountNumber: 1n }));
    },
    told: () => events.map(toWords),
    fills: (): readonly Fill[] => events.flatMap((event) => (event.type === "fill" ? [event.fill] : [])),
    close: async () => {
      await time.settled(venue.stop(), "the venue stops");
      chain.stop();
      await node.close();
      stranger?.chain.stop();
      await stranger?.node.close();
    },
  };
}

/** A node of a chain that has our contract and our account as well, and nothing of what we did. */
async function startStranger({
  network,
  seed,
  ...parts
}: Omit<SeiChainInput, "chainId" | "genesis"> & { readonly network: Network; readonly seed: number }) {
  const chain = new SeiChain({
    ...parts,
    chainId: "another-chain-2",
    genesis: [{ address: OURS, coins: { usei: OPENING, uusdc: OPENING } }],
  });
  for (let block = 0; block < 200; block += 1) chain.makeBlock();
  const node = await startSeiNode({
    source: makeSource(),
    clock: parts.clock,
    rng: makeSeededRng(seed, "stranger"),
    chain: makeChainRpc(chain),
    account: makeChainAccount(chain, [OURS]),
    endpoints: 1,
    listener: () => new NetworkListener(network, "stranger.world"),
  });
  return { chain, node };
}

/** The method of a request over RPC; the whole address of another. */
export function methodOf({ method, url, body }: HttpRequest): string {
  return method === "POST" ? (/"method":"(\w+)"/.exec(String(body))?.[1] ?? "") : url;
}

/** An event in a word or two, ids without their market. */
export function toWords(event: EngineEvent): string {
  switch (event.type) {
    case "order-seen":
      return `${numberOf(event.order.clientOrderId)} seen ${event.order.status} #${event.order.orderId}`;
    case "fill":
      return `${numberOf(event.fill.clientOrderId)} fill ${event.fill.size}@${event.fill.price}`;
    default:
      return "clientOrderId" in event ? `${numberOf(event.clientOrderId)} ${event.type}` : event.type;
  }
}

function numberOf(clientOrderId: string): string {
  return clientOrderId.split("-").at(-1) ?? "";
}
