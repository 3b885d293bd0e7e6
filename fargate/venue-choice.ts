/**
 * Which venue a configuration trades at, opened. Owns that choice alone. What signs on chain is loaded only where a market is traded
 * there: a task without one starts no later for it, and needs no more memory.
 */
import type { RequestLimits } from "../core/execution/request-budget.ts";
import { makeCambrianVenue } from "./cambrian/venue.ts";
import { type Config, ConfigError } from "./config.ts";
import type { Venue, VenueParts } from "./venue.ts";

export type MakeVenue = (parts: VenueParts) => Venue;

/** How many requests the venue of a configuration takes. */
export function requestLimitsOf({
  cambrian,
  seiChain,
  markets,
}: Config): Pick<RequestLimits, "requestsPerSecond" | "placementsInFlight"> {
  const onChain = markets.some(({ venue }) => venue === "sei-chain") ? seiChain : undefined;
  const { requestsPerSecond, placementsInFlight } = onChain ?? cambrian;
  return { requestsPerSecond, placementsInFlight };
}

/** The assets whose balance moves by more than trades: on chain the fees of our transactions are paid from the same purse. */
export function gasAssetsOf({ seiChain, markets }: Config): ReadonlySet<string> {
  if (seiChain === undefined || markets.every(({ venue }) => venue !== "sei-chain")) return new Set();
  const { assets } = seiChain;
  const { gasDenom } = gasPriceOf(seiChain);
  return new Set(Object.keys(assets).filter((asset) => assets[asset]?.denom === gasDenom));
}

/** `0.02usei` is a price and its denom. */
function gasPriceOf({ gasPrice: text }: { readonly gasPrice: string }): {
  readonly gasPrice: string;
  readonly gasDenom: string;
} {
  const at = text.search(/[a-zA-Z]/);
  return { gasPrice: text.slice(0, at), gasDenom: text.slice(at) };
}

/** Cambrian, with nothing to open. */
export function cambrianOf({ cambrian }: Config): MakeVenue {
  return (parts) => makeCambrianVenue({ ...parts, ...cambrian, timeoutMs: cambrian.requestTimeoutMs });
}

/** Throws `ConfigError` when the wallet can not be opened, or is not the one that the configuration names. */
export async function openVenue(config: Config): Promise<MakeVenue> {
  const { seiChain: settings, mnemonic, sei } = config;
  if (config.markets.every(({ venue }) => venue === "cambrian")) return cambrianOf(config);
  if (settings === undefined || mnemonic === undefined || sei.address === undefined) {
    throw new ConfigError(["seiChain, sei.address and SEI_MNEMONIC must be given where a market's venue is sei-chain"]);
  }
  const [{ openWallet }, { makeSeiChainVenue }] = await Promise.all([
    import("./sei-chain/wallet.ts"),
    import("./sei-chain/venue.ts"),
  ]);
  const wallet = await openWallet(mnemonic, sei.address).catch((error: unknown) => {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  });
  const { rpcUrls = [], restUrls, stalenessMs } = sei;
  return (parts) =>
    makeSeiChainVenue({
      ...parts,
      ...{ wallet, settings: { ...settings, ...gasPriceOf(settings) }, rpcUrls, restUrls, stalenessMs },
      markets: parts.markets.map((market) => {
        const {
          contractAddr = "",
          assetDenom,
          priceDenom,
        } = config.markets.find(({ symbol }) => symbol === market.symbol) ?? {};
        const { base, quote } = market;
        return { market, contract: contractAddr, assetDenom: assetDenom ?? base, priceDenom: priceDenom ?? quote };
      }),
    });
}
