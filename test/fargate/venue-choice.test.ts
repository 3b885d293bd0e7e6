/** Which venue a configuration trades at: what a market on chain needs, and whose wallet it is. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "../../fargate/config.ts";
import { gasAssetsOf, openVenue, requestLimitsOf } from "../../fargate/venue-choice.ts";

const WORDS = `${"abandon ".repeat(11)}about`;
const ADDRESS = "sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5";
const ENV = {
  FILLS_QUEUE_URL: "http://127.0.0.1:4566/000000000000/fills",
  TABLE_NAME: "flashmm-ledger",
  SEI_RPC_URL: "http://127.0.0.1:4,http://127.0.0.1:5",
  SEI_MNEMONIC: WORDS,
};
const CHAIN = {
  chainId: "sei-sim-1",
  gasPrice: "0.02usei",
  requestsPerSecond: 60,
  placementsInFlight: 20,
  assets: { SEI: { denom: "usei", decimals: 6 }, USDC: { denom: "uusdc", decimals: 6 } },
};
const LOCAL = JSON.parse(readFileSync("config/local.json", "utf8"));
const [MARKET] = LOCAL.markets;

type Change = {
  readonly file?: object;
  readonly sei?: object;
  readonly markets?: readonly object[];
  readonly env?: object;
};

function load({ file = {}, sei = {}, markets = [{ ...MARKET, venue: "sei-chain" }], env = {} }: Change = {}) {
  const raw = { ...LOCAL, seiChain: CHAIN, sei: { ...LOCAL.sei, ...sei }, markets, ...file };
  return loadConfig({ env: { ...ENV, ...env }, readFile: () => JSON.stringify(raw) });
}

function faultsOf(change: Change): readonly string[] {
  try {
    load(change);
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.faults : [String(error)];
  }
}

describe("a market on chain", () => {
  it("needs no key of the order API, takes the chain's limits, and fills in what the module asks for", () => {
    const config = load();
    expect(config.sei.rpcUrls).toEqual(["http://127.0.0.1:4", "http://127.0.0.1:5"]);
    expect(config.seiChain).toMatchObject({ gasPrice: "0.02usei", timeoutBlocks: 3, dexGasPerOrder: 55_000 });
    expect(requestLimitsOf(config)).toEqual({ requestsPerSecond: 60, placementsInFlight: 20 });
    expect([...gasAssetsOf(config)]).toEqual(["SEI"]);
    expect(JSON.stringify(config)).not.toContain("abandon");
  });

  it.each<[string, Change, readonly RegExp[]]>([
    ["the section", { file: { seiChain: undefined } }, [/^seiChain must be given/]],
    ["an address", { sei: { address: undefined } }, [/^sei\.address must be given/]],
    ["a node", { env: { SEI_RPC_URL: "" } }, [/^sei\.rpcUrls \(SEI_RPC_URL\) must be given/]],
    ["its words", { env: { SEI_MNEMONIC: "" } }, [/^SEI_MNEMONIC must be 12 to 24 lower-case words.*was absent$/]],
    ["words that are some", { env: { SEI_MNEMONIC: "tiger" } }, [/^SEI_MNEMONIC .* was something else \(not shown\)$/]],
    [
      "a contract",
      { markets: [{ ...MARKET, venue: "sei-chain", contractAddr: undefined }] },
      [/^markets\[0\]\.contractAddr must be given/],
    ],
    [
      "its assets' names",
      { file: { seiChain: { ...CHAIN, assets: { SEI: CHAIN.assets.SEI } } } },
      [/^seiChain\.assets\.USDC must be given, for the balances of SEI\/USDC/],
    ],
    [
      "the other markets on chain too",
      {
        markets: [
          { ...MARKET, venue: "sei-chain" },
          { ...MARKET, symbol: "ETH/USDC" },
        ],
        env: { CAMBRIAN_API_KEY: "k", CAMBRIAN_SECRET_KEY: "s" },
      },
      [/^markets\[1\]\.venue must be "sei-chain" as another market's/],
    ],
    [
      "a gas price",
      { file: { seiChain: { ...CHAIN, gasPrice: "0usei" } } },
      [/^seiChain\.gasPrice must be a price of gas/],
    ],
    [
      "a gas price whose fee can be whole",
      { file: { seiChain: { ...CHAIN, gasPrice: "0.1234567usei" } } },
      [/^seiChain\.gasPrice must be whole units of the denom at 10000 units of gas or fewer .*, was "0\.1234567usei"$/],
    ],
    [
      "a known key",
      { file: { seiChain: { ...CHAIN, chainid: "x" } } },
      [/^seiChain\.chainid is not a known key, did you mean "chainId"/],
    ],
  ])("cannot do without %s", (_, change, faults) => {
    const found = faultsOf(change);
    expect(found).toHaveLength(faults.length);
    for (const [index, fault] of faults.entries()) expect(found[index]).toMatch(fault);
  });

  it("is traded with the wallet that the configuration names", async () => {
    await expect(openVenue(load())).resolves.toBeTypeOf("function");
    expect(load().sei.address).toBe(ADDRESS);
  });

  it.each([
    [
      "another wallet",
      `${"zoo ".repeat(11)}wrong`,
      /^sei\.address must be the address of SEI_MNEMONIC, sei1[a-z0-9]{38}, was "sei19rl4/m,
    ],
    [
      "a bad checksum",
      `${"abandon ".repeat(11)}zoo`,
      /^SEI_MNEMONIC must be an English mnemonic .* was "something else \(not shown\)"/m,
    ],
    ["no English words", `${"tigermilk ".repeat(11)}about`, /^SEI_MNEMONIC must be an English mnemonic/m],
  ])("does not start with %s, and shows no word of it", async (_, words, fault) => {
    const error = await openVenue(load({ env: { SEI_MNEMONIC: words } })).catch((found: unknown) => found);
    expect(error).toBeInstanceOf(ConfigError);
    const text = error instanceof ConfigError ? error.faults.join("\n") : "";
    expect(text).toMatch(fault);
    const [word = ""] = words.split(" ");
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(word);
  });
});

it("a market at Cambrian needs its keys, and no wallet", async () => {
  const env = { SEI_MNEMONIC: "", SEI_RPC_URL: "" };
  expect(faultsOf({ markets: [MARKET], file: { seiChain: undefined }, env })).toEqual([
    expect.stringMatching(/^CAMBRIAN_API_KEY must be/),
    expect.stringMatching(/^CAMBRIAN_SECRET_KEY must be/),
  ]);
  const config = load({ markets: [MARKET], env: { ...env, CAMBRIAN_API_KEY: "k", CAMBRIAN_SECRET_KEY: "s" } });
  expect(config.mnemonic).toBeUndefined();
  expect(requestLimitsOf(config)).toEqual({ requestsPerSecond: 9, placementsInFlight: 5 });
  expect(gasAssetsOf(config).size).toBe(0);
  await expect(openVenue(config)).resolves.toBeTypeOf("function");
});
