/** What a configuration with markets on chain lacks, in words. Owns what follows from `venue` alone; single fields are the grammar's. */
import { InputError } from "../core/errors.ts";

type Raw = Readonly<Record<string, unknown>>;

/** Whether any market of the file is traded on chain. */
export function isOnChain(raw: Raw): boolean {
  return venuesOf(raw).includes("sei-chain");
}

/** Whether any market of the file is traded at Cambrian, or none says where it is. */
export function isAtCambrian(raw: Raw): boolean {
  const venues = venuesOf(raw);
  return venues.length === 0 || venues.some((venue) => venue !== "sei-chain");
}

/** Faults between parts of the file that are each well formed or absent. */
export function chainFaults(raw: Raw): string[] {
  if (!isOnChain(raw)) return [];
  const faults: string[] = [];
  const note = (what: string, expected: string, was: unknown) =>
    faults.push(new InputError({ what, expected, was }).message);
  const why = "given, since a market's venue is sei-chain";
  if (raw["seiChain"] === undefined) note("seiChain", why, undefined);
  if (memberOf(raw["sei"], "address") === undefined) note("sei.address", why, undefined);
  if (memberOf(raw["sei"], "rpcUrls") === undefined) note("sei.rpcUrls (SEI_RPC_URL)", why, undefined);
  const assets = memberOf(raw["seiChain"], "assets");
  for (const [index, market] of marketsOf(raw).entries()) {
    const where = `markets[${index}]`;
    const venue = memberOf(market, "venue");
    if (venue !== "sei-chain") {
      const expected =
        '"sei-chain" as another market\'s, since a shard trades at one venue (another venue is another shard)';
      note(`${where}.venue`, expected, venue);
      continue;
    }
    if (memberOf(market, "contractAddr") === undefined)
      note(`${where}.contractAddr`, "given, since its venue is sei-chain", undefined);
    const symbol = memberOf(market, "symbol");
    const names = typeof symbol === "string" ? symbol.split("/") : [];
    for (const asset of names) {
      if (assets === undefined || memberOf(assets, asset) !== undefined) continue;
      const what = `seiChain.assets.${asset}`;
      if (!faults.some((fault) => fault.startsWith(what)))
        note(what, `given, for the balances of ${symbol}`, undefined);
    }
  }
  return faults;
}

function venuesOf(raw: Raw): readonly unknown[] {
  return marketsOf(raw).map((market) => memberOf(market, "venue"));
}

function marketsOf(raw: Raw): readonly unknown[] {
  const markets = raw["markets"];
  return Array.isArray(markets) ? markets : [];
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}
