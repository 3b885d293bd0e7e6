import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import { readLocalConfig, writeLocalConfig } from "../../../sim/local/local-config.ts";
import { openLocalExchange, venueSettings } from "../../../sim/local/local-exchange.ts";
import type { RunOptions } from "../../../sim/local/options.ts";
import { startSeiNode } from "../../../sim/sei-node/node.ts";
import { makeDrivenClock } from "../exchange/driven-clock.ts";

const root = resolve(import.meta.dirname, "../../..");

const OPTIONS: RunOptions = {
  forMs: undefined,
  seed: 7,
  markets: ["SEI/USDC", "ETH/USDC"],
  tape: undefined,
  venue: "sei-chain",
  chainFaultsPercent: 0,
  speed: 1,
  port: 0,
  dataDir: undefined,
  record: undefined,
  reportEveryMs: undefined,
};

test("a task that signs on chain is led to the chain, which holds the money of the wallet it is given", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flashmm-exchange-"));
  const clock = makeDrivenClock();
  const { exchange, markets, served } = await openLocalExchange({ options: OPTIONS, root, folder, clock });
  const node = await startSeiNode({ ...served, clock, rng: makeSeededRng(1, "node") });
  try {
    const urls = node.endpoints.map((endpoint) => endpoint.restUrl);
    const { config: chain, environment } = venueSettings(node, "sei-chain", ["SEI/USDC"]);
    expect(environment).toEqual({
      SEI_RPC_URL: urls.join(),
      SEI_MNEMONIC: `${"abandon ".repeat(11)}about`,
    });
    const of = { root, folder, markets, venue: OPTIONS.venue, record: undefined, reportsUrl: "http://x" };
    const written = JSON.parse(readFileSync(writeLocalConfig({ ...of, chain }), "utf8"));
    expect(written).toMatchObject({
      seiChain: {
        ...{ chainId: "sei-sim-1", gasPrice: "0.02usei", timeoutBlocks: 2, requestsPerSecond: 60 },
        assets: { SEI: { denom: "usei", decimals: 6 }, USDC: { denom: "uusdc", decimals: 6 } },
      },
      markets: [
        { symbol: "SEI/USDC", venue: "sei-chain", assetDenom: "SEI", priceDenom: "USDC" },
        { symbol: "ETH/USDC", venue: "sei-chain", assetDenom: "ETH", priceDenom: "USDC" },
      ],
    });
    const { address } = readLocalConfig(root).sei;
    expect(exchange.accountId).toBe(address);
    for (const symbol of exchange.markets) expect(exchange.mid(symbol)).toBeDefined();
    const answer = await fetch(`${urls[0]}/cosmos/bank/v1beta1/balances/${address}`);
    const coins = ["ueth", "usei", "uusdc"].map((denom) => ({ denom, amount: "1000000000000" }));
    expect(JSON.parse(await answer.text()).balances).toEqual(coins);
  } finally {
    await node.close();
    exchange.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a run whose orders go to the order API gets nothing of a chain", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flashmm-exchange-"));
  try {
    const options: RunOptions = { ...OPTIONS, venue: "cambrian" };
    const { exchange, markets, served } = await openLocalExchange({ options, root, folder, clock: makeDrivenClock() });
    exchange.stop();
    expect(served.chain).toBeUndefined();
    expect(venueSettings({ endpoints: [] }, "cambrian", ["SEI/USDC"])).toEqual({ config: undefined, environment: {} });
    const of = {
      root,
      folder,
      markets,
      venue: options.venue,
      chain: undefined,
      record: undefined,
      reportsUrl: "http://x",
    };
    const written = JSON.parse(readFileSync(writeLocalConfig(of), "utf8"));
    expect(written.seiChain).toBeUndefined();
    expect(written.markets[0]).toMatchObject({ venue: "cambrian" });
    expect(written.markets[0].assetDenom).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
