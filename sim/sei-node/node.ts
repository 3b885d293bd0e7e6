/**
 * A simulated Sei node with several endpoints (CONTRACTS 1 and 2), each with an address of its own, all of one market data and one
 * account. Owns their common life; each endpoint's protocol and faults are its own.
 */
import type { Clock, Rng } from "../../fargate/seams.ts";
import type { MarketDataSource } from "../exchange/market-data-source.ts";
import type { ChainRpc } from "./chain-rpc.ts";
import type { ConnectionLimits } from "./connection.ts";
import { type EndpointListener, SeiEndpoint } from "./endpoint.ts";
import type { EventShape } from "./event-frame.ts";
import type { ChainAccount, RestRoute } from "./rest.ts";
import { SocketListener } from "./socket-listener.ts";

export type SeiNodeInput = {
  readonly source: MarketDataSource;
  readonly clock: Clock;
  /** For faults alone; a node without faults draws nothing. */
  readonly rng: Rng;
  /** What the chain knows of addresses; left out, every address has nothing. */
  readonly account?: ChainAccount;
  /** The dex contract of each market, for orders; left out, any contract holds them all. */
  readonly contracts?: Readonly<Record<string, string>>;
  /** The chain behind the node: its transactions, blocks and state. */
  readonly chain?: ChainRpc;
  /** REST routes of the chain beside the node's own. */
  readonly routes?: readonly RestRoute[];
  /** How many endpoints, at least 1; 3 when left out. */
  readonly endpoints?: number;
  /** The ports in order; 0 and those left out pick a free one. */
  readonly ports?: readonly number[];
  /** The way to each endpoint by its index; left out, a port on 127.0.0.1. */
  readonly listener?: (index: number) => EndpointListener;
  /** The shape of events at first; `design` when left out. Each endpoint can be switched. */
  readonly eventShape?: EventShape;
  readonly limits?: Partial<ConnectionLimits>;
};

export type SeiNode = {
  readonly endpoints: readonly SeiEndpoint[];
  /** Ends every endpoint and every connection. */
  close(): Promise<void>;
};

/** The interface has 10 subscriptions, and a real node, one with a chain, has 5; the rest are Tendermint 0.35's (config.go, ws_handler.go). */
const LIMITS: ConnectionLimits = {
  subscriptionsPerClientMax: 10,
  subscriptionBufferMax: 100,
  pingMs: 27_000,
  readTimeoutMs: 30_000,
};
const SUBSCRIPTIONS_OF_CHAIN = 5;
const ENDPOINTS = 3;
const NO_ACCOUNT: ChainAccount = { balances: () => [], openOrders: () => [] };

/** Starts a node, on 127.0.0.1 unless told otherwise. Rejects when a port cannot be had; nothing is left running then. */
export async function startSeiNode(input: SeiNodeInput): Promise<SeiNode> {
  const { source, clock, rng, account = NO_ACCOUNT, contracts = {}, routes = [], eventShape = "design", chain } = input;
  const start = clock.now();
  const ofChain = chain === undefined ? {} : { subscriptionsPerClientMax: SUBSCRIPTIONS_OF_CHAIN };
  const limits = { ...LIMITS, ...ofChain, ...input.limits };
  const endpoints = Array.from({ length: input.endpoints ?? ENDPOINTS }, (_, index) => {
    const listener = input.listener?.(index) ?? new SocketListener(input.ports?.[index] ?? 0);
    const moniker = `sim-${index}`;
    return new SeiEndpoint({
      source,
      rest: { account, contracts, routes },
      ...(chain === undefined ? {} : { chain }),
      clock,
      rng,
      limits,
      eventShape,
      start,
      moniker,
      listener,
    });
  });
  const unsubscribe = source.subscribe((event) => {
    for (const endpoint of endpoints) endpoint.publish(event);
  });
  const leaveChain = chain?.subscribe((event) => {
    for (const endpoint of endpoints) endpoint.publishChain(event);
  });
  const close = async (): Promise<void> => {
    unsubscribe();
    leaveChain?.();
    await Promise.all(endpoints.map((endpoint) => endpoint.die()));
  };
  try {
    for (const endpoint of endpoints) await endpoint.revive();
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoints, close };
}
