/**
 * What moves a local run's markets: simulated traders, a played tape, or the simulated chain. Owns the choice, and what the node shows
 * of it; the exchange and the chain are their own.
 */
import { join } from "node:path";
import { formatScaled, parseScaled } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";
import type { Clock } from "../../fargate/seams.ts";
import { type Exchange, makeSimulatedExchange, type TradedExchange } from "../exchange/exchange.ts";
import type { MarketDataSource } from "../exchange/market-data-source.ts";
import { describeTape, readTape } from "../exchange/tape.ts";
import { makeTapeExchange, type TapeExchange } from "../exchange/tape-exchange.ts";
import { toDenom } from "../sei-chain/bank.ts";
import { makeChainExchange } from "../sei-chain/chain-exchange.ts";
import { makeChainAccount, makeDexRoutes } from "../sei-chain/dex-rest.ts";
import { mixedFaults } from "../sei-chain/faults.ts";
import { makeChainRpc } from "../sei-chain/rpc.ts";
import type { SeiNode, SeiNodeInput } from "../sei-node/node.ts";
import type { ChainAccount } from "../sei-node/rest.ts";
import { type ChainConfig, type LocalConfig, readLocalConfig } from "./local-config.ts";
import type { RunOptions, RunVenue } from "./options.ts";
import { type RunMarkets, simulatedMarkets, tapeMarkets } from "./run-markets.ts";

/** The chain id of every simulated chain of this repository. */
const CHAIN_ID = "sei-sim-1";

export type LocalExchange = {
  readonly exchange: Exchange;
  /** The same exchange when a tape is played, with its end. */
  readonly tape: TapeExchange | undefined;
  /** Of simulated markets beside the order API: what a program may move them with. */
  readonly traders: TradedExchange["traders"] | undefined;
  readonly markets: RunMarkets;
  /** What a node serves of it. */
  readonly served: Pick<SeiNodeInput, "source" | "account" | "chain" | "routes" | "contracts" | "limits">;
};

/**
 * The wallet of a run on the simulated chain: BIP 39's own first example, known to everybody. `config/local.json` names its address.
 */
const MNEMONIC = `${"abandon ".repeat(11)}about`;
/** What the chain asks for each unit of gas, and the blocks a transaction may take. */
const GAS_PRICE = "0.02usei";
const TIMEOUT_BLOCKS = 2;
/** A requote of four quotes is eight orders and cancels in one transaction, and a block comes each 400 ms. */
const LIMITS = { requestsPerSecond: 60, placementsInFlight: 20 } as const;

const MICRO_DECIMALS = 6;

/** Throws `InputError` on what a person asked wrongly. */
export async function openLocalExchange(input: {
  readonly options: RunOptions;
  readonly root: string;
  readonly folder: string;
  readonly clock: Clock;
}): Promise<LocalExchange> {
  const { options, root, folder, clock } = input;
  const config = readLocalConfig(root);
  const { seed, speed } = options;
  if (options.venue === "sei-chain") return openChain({ options, config, clock });
  const journal = join(folder, "exchange.jsonl");
  if (options.tape === undefined) {
    const markets = simulatedMarkets(config.markets, options.markets);
    const exchange = makeSimulatedExchange({ markets: markets.settings, seed, speed, clock, journal });
    const served = { source: exchange, account: accountOf(exchange, config.sei.address) };
    return { exchange, tape: undefined, traders: exchange.traders, markets, served };
  }
  const markets = tapeMarkets(config.markets, await describeTape(options.tape), options.markets);
  const tape = makeTapeExchange({ markets: markets.settings, tape: readTape(options.tape), speed, clock, journal });
  const served = { source: startedByFirstSubscriber(tape), account: accountOf(tape, config.sei.address) };
  return { exchange: tape, tape, traders: undefined, markets, served };
}

function openChain(input: {
  readonly options: RunOptions;
  readonly config: LocalConfig;
  readonly clock: Clock;
}): LocalExchange {
  const { options, config, clock } = input;
  const { seed, speed } = options;
  const markets = simulatedMarkets(config.markets, options.markets);
  const { address } = config.sei;
  const contract = config.markets[0]?.["contractAddr"];
  if (address === undefined || typeof contract !== "string") {
    const expected = "an address and a contractAddr for --venue sei-chain";
    throw new InputError({ what: "config/local.json", expected, was: { address, contract } });
  }
  const of = { clock, seed, speed, markets: markets.settings, chainId: CHAIN_ID, contract, address };
  const exchange = makeChainExchange(of);
  const { chain } = exchange;
  chain.faults.byChance(mixedFaults(options.chainFaultsPercent / 100));
  const contracts = Object.fromEntries(markets.settings.map(({ symbol }) => [symbol, contract]));
  const served = {
    source: exchange,
    account: makeChainAccount(chain),
    contracts,
    chain: makeChainRpc(chain),
    routes: makeDexRoutes(chain),
  };
  return { exchange, tape: undefined, traders: undefined, markets, served };
}

/** What a task that signs on chain needs beside the rest; nothing where orders go to the order API. */
export function venueSettings(
  node: Pick<SeiNode, "endpoints">,
  venue: RunVenue,
  symbols: readonly string[],
): { readonly config: ChainConfig | undefined; readonly environment: Readonly<Record<string, string>> } {
  if (venue === "cambrian") return { config: undefined, environment: {} };
  const rpcUrls = node.endpoints.map((endpoint) => endpoint.restUrl);
  const named = new Set(symbols.flatMap((symbol) => symbol.split("/")));
  const assets = Object.fromEntries(
    [...named].map((asset) => [asset, { denom: toDenom(asset), decimals: MICRO_DECIMALS }]),
  );
  const config = { chainId: CHAIN_ID, gasPrice: GAS_PRICE, timeoutBlocks: TIMEOUT_BLOCKS, ...LIMITS, assets };
  return { config, environment: { SEI_RPC_URL: rpcUrls.join(), SEI_MNEMONIC: MNEMONIC } };
}

/** A tape ends, and at speed soon: none of it may be played before somebody listens. */
function startedByFirstSubscriber(exchange: Exchange): MarketDataSource {
  return {
    markets: exchange.markets,
    subscribe: (listener) => exchange.subscribe(listener),
    snapshot: (market) => {
      exchange.start();
      return exchange.snapshot(market);
    },
  };
}

/** What the chain shows of our address: the exchange account, in micro-denoms. Every other address has nothing. */
function accountOf(exchange: Exchange, address: string | undefined): ChainAccount {
  return {
    balances: (asked) =>
      asked !== address
        ? []
        : exchange.balances().map(({ asset, total }) => ({
            denom: `u${asset.toLowerCase()}`,
            amount: String(parseScaled(total, 18, "balance") / 10n ** BigInt(18 - MICRO_DECIMALS)),
          })),
    openOrders: (asked, market) =>
      asked !== address
        ? []
        : exchange.openOrders(market).map((order) => ({
            id: order.orderId.replace(/\D/g, "") || "0",
            market: order.market,
            side: order.side,
            price: order.price ?? "0",
            remaining: remaining(order.quantity, order.filledQuantity),
          })),
  };
}

function remaining(quantity: string, filled: string): string {
  return formatScaled(parseScaled(quantity, 18, "quantity") - parseScaled(filled, 18, "filledQuantity"), 18);
}
