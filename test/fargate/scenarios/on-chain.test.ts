/**
 * The whole task on the simulated chain, in virtual time: it quotes while transactions are lost and refused, crashes, and the next one
 * ends what it left and goes on. Chain, queue, ledger and engine agree at the end.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../fargate/config.ts";
import { openVenue } from "../../../fargate/venue-choice.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import type { SeiChain } from "../../../sim/sei-chain/chain.ts";
import { makeChainExchange } from "../../../sim/sei-chain/chain-exchange.ts";
import { makeChainAccount, makeDexRoutes } from "../../../sim/sei-chain/dex-rest.ts";
import { makeChainRpc } from "../../../sim/sei-chain/rpc.ts";
import { startSeiNode } from "../../../sim/sei-node/node.ts";
import { Accountant } from "../../../sim/world/accountant.ts";
import { EventBusHost } from "../../../sim/world/event-bus-host.ts";
import { NetworkListener } from "../../../sim/world/hosts.ts";
import { Network } from "../../../sim/world/network.ts";
import { QueueHost } from "../../../sim/world/queue-host.ts";
import { faultsAtEnd } from "../../../sim/world/run-end.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";
import { makeWorldTask } from "../../../sim/world/world-task.ts";
import { CHAIN_ID, CONTRACT, OURS } from "../../sim/sei-chain/chain-world.ts";

const SEED = 5;
const SYMBOL = "SEI/USDC";
const FILE = JSON.parse(readFileSync(new URL("../../../sim/world/plain-config.json", import.meta.url), "utf8"));

async function startChainWorld() {
  const time = new VirtualTime();
  const restoreDate = time.takeOverDate();
  const { clock } = time;
  const network = new Network(time, SEED);
  const markets = [{ symbol: SYMBOL, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];
  const of = { chainId: CHAIN_ID, contract: CONTRACT, address: OURS };
  const exchange = makeChainExchange({ clock, seed: SEED, markets, ...of });
  const { chain } = exchange;
  const node = await startSeiNode({
    ...{ source: exchange, clock, rng: makeSeededRng(SEED, "node"), contracts: { [SYMBOL]: CONTRACT } },
    ...{ chain: makeChainRpc(chain, { base64: true }), account: makeChainAccount(chain), routes: makeDexRoutes(chain) },
    endpoints: 2,
    listener: (index) => new NetworkListener(network, `node-${index}.world`),
  });
  const table = makeMemoryTableHost();
  const queue = new QueueHost(() => time.nowMs);
  const bus = new EventBusHost(() => time.nowMs);
  const { client, tableName } = table;
  const accountant = new Accountant({ time, rng: makeSeededRng(SEED, "accountant"), queue, client, tableName });
  accountant.start();
  exchange.start();
  const urls = node.endpoints.map(({ restUrl }) => restUrl);
  const config = loadConfig({
    env: {
      SEI_WS_URLS: node.endpoints.map(({ wsUrl }) => wsUrl).join(),
      SEI_REST_URL: urls.join(),
      SEI_RPC_URL: urls.join(),
      SEI_MNEMONIC: `${"abandon ".repeat(11)}about`,
      FILLS_QUEUE_URL: queue.queueUrl,
      TABLE_NAME: tableName,
      STATUS_PORT: "0",
    },
    readFile: () =>
      JSON.stringify({
        ...FILE,
        sei: { ...FILE.sei, address: OURS },
        seiChain: {
          ...{ chainId: CHAIN_ID, gasPrice: "0.02usei", requestsPerSecond: 60, placementsInFlight: 20 },
          assets: { SEI: { denom: "usei", decimals: 6 }, USDC: { denom: "uusdc", decimals: 6 } },
        },
        markets: FILE.markets.map((market: object) => ({ ...market, venue: "sei-chain", contractAddr: CONTRACT })),
      }),
  });
  const makeVenue = await openVenue(config);
  const services = { table: table.backend, queue: queue.backend, bus: bus.backend };
  const makeTask = (name: string) =>
    makeWorldTask({
      ...{ name, time, network, services, seed: SEED, config, nodeUrls: urls, edges: { makeVenue } },
      venueUrl: config.cambrian.baseUrl,
    });
  const close = async () => {
    exchange.stop();
    accountant.stop();
    table.stop();
    await node.close();
    restoreDate();
  };
  return { time, exchange, chain, queue, table, makeTask, close };
}

it("a task on chain quotes through faults, and the next one ends what a crash left and agrees with the chain", async () => {
  const { time, exchange, chain, queue, table, makeTask, close } = await startChainWorld();
  const ours = () => chain.contract.pairs[0]?.book.ordersOf(OURS) ?? [];
  const isTwoSided = () => new Set(ours().map(({ side }) => side)).size === 2;
  const first = makeTask("task-1");
  expect(await time.settled(first.start(), "the first start", 60_000)).toBe(true);
  await time.until(isTwoSided, "both sides stand", 60_000);
  chain.faults.byChance([
    { fault: { type: "drop" }, share: 0.02 },
    { fault: { type: "lose-answer" }, share: 0.02 },
    { fault: { type: "refuse", code: 32 }, share: 0.02 },
    { fault: { type: "fail-to-place" }, share: 0.02 },
    { fault: { type: "ignore-cancels" }, share: 0.02 },
  ]);
  await time.pass(30_000);
  chain.faults.byChance([]);
  await time.until(isTwoSided, "both sides stand", 60_000);
  first.process.crash();
  expect(ours().length).toBeGreaterThan(0);
  const left = new Set(ours().map(({ id }) => id));

  const second = makeTask("task-2");
  expect(await time.settled(second.start(), "the second start", 120_000)).toBe(true);
  expect(ours().filter(({ id }) => left.has(id))).toEqual([]);
  await time.until(isTwoSided, "both sides stand", 60_000);
  await time.pass(10_000);
  expect(second.market()?.quoting).toBe(true);
  const { faults } = await time.settled(second.stop(), "the stop", 30_000);
  expect(faults).toEqual([]);
  expect([...first.faults, ...second.faults, ...second.useless]).toEqual([]);
  expect(ours()).toEqual([]);
  await time.pass(10_000);
  expect(await faultsAtEnd({ exchange, queue, table, tasks: [second] })).toEqual([]);
  expect(exchange.standing(SYMBOL).fillCount).toBeGreaterThan(20);
  await close();
}, 120_000);

describe("on a halted chain, where blocks and not time end a transaction,", () => {
  const isWaiting = ({ mempool }: SeiChain) =>
    mempool.transactions.some(({ messages }) => messages.some(({ type }) => type === "place-orders"));

  async function haltedWithFirstQuotes() {
    const world = await startChainWorld();
    const { time, chain, makeTask } = world;
    const first = makeTask("task-1");
    await time.settled(first.start(), "the first start", 60_000);
    await time.until(() => isWaiting(chain), "the first quotes are under way", 60_000);
    chain.halt(true);
    return { ...world, first, ours: () => chain.contract.pairs[0]?.book.ordersOf(OURS) ?? [] };
  }

  it("a stop is not clean, and the next task ends what came to rest after it", async () => {
    const { time, chain, makeTask, close, first, ours } = await haltedWithFirstQuotes();
    await time.pass(12_000);
    const { faults } = await time.settled(first.stop(), "the stop", 40_000);
    expect(faults.join()).toContain("orders may be open");
    expect(isWaiting(chain)).toBe(true);
    chain.halt(false);
    await time.pass(1_000);
    const left = new Set(ours().map(({ id }) => id));
    expect(left.size).toBeGreaterThan(0);
    const second = makeTask("task-2");
    expect(await time.settled(second.start(), "the second start", 120_000)).toBe(true);
    expect(ours().filter(({ id }) => left.has(id))).toEqual([]);
    expect((await time.settled(second.stop(), "the stop", 40_000)).faults).toEqual([]);
    await close();
  }, 120_000);

  it("a start after a crash waits until no block can carry anything of the task before", async () => {
    const { time, chain, makeTask, close, first, ours } = await haltedWithFirstQuotes();
    first.process.crash();
    const second = makeTask("task-2");
    const started = second.start();
    await time.pass(60_000);
    expect(second.market()?.quoting ?? false).toBe(false);
    const height = chain.height;
    chain.halt(false);
    await time.until(() => chain.height > height, "a block", 10_000);
    const left = new Set(ours().map(({ id }) => id));
    expect(left.size).toBeGreaterThan(0);
    expect(await time.settled(started, "the second start", 120_000)).toBe(true);
    expect(ours().filter(({ id }) => left.has(id))).toEqual([]);
    expect((await time.settled(second.stop(), "the stop", 40_000)).faults).toEqual([]);
    await close();
  }, 120_000);
});
