/**
 * `npm run bench:broadcast`: how long a requote on chain takes from the decision's first command to the bytes of its signed
 * transaction, and how much of that the deciding turn itself waits for. Owns the clock around both; the venue is the task's own, its node answers at once.
 */
import { RequestBudget } from "../../core/execution/request-budget.ts";
import { makeMarket } from "../../core/market.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { makeSystemClock, makeSystemRng } from "../../fargate/clock.ts";
import { makeLog } from "../../fargate/log.ts";
import type { Connect, Fetch } from "../../fargate/seams.ts";
import { Secret } from "../../fargate/secret.ts";
import { makeSeiChainVenue } from "../../fargate/sei-chain/venue.ts";
import { openWallet } from "../../fargate/sei-chain/wallet.ts";
import { makeMetrics } from "../../fargate/telemetry.ts";
import type { Venue } from "../../fargate/venue.ts";

const EXIT_SLOW = 2;
const GOAL_MS = 3;
const REQUOTES = 400;
const WARM = 20;
/** A block's time would only make the bench long: a pause in which the code cools a little is enough. */
const PAUSE_MS = 20;
/** The wallet of BIP 39's first example. */
const WORDS = `${"abandon ".repeat(11)}about`;
const ADDRESS = "sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5";
const CONTRACT = "sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg";
const ASSETS = { SEI: { denom: "usei", decimals: 6 }, USDC: { denom: "uusdc", decimals: 6 } };
/** Field 1 an Any whose field 2 is an account numbered 3 (field 3) of sequence 1 (field 4). */
const ACCOUNT = Buffer.from([0x0a, 0x06, 0x12, 0x04, 0x18, 0x03, 0x20, 0x01]).toString("base64");

const market = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
const clock = makeSystemClock();

let wroteAtMs = 0;

/** A node that takes everything. */
const fetch: Fetch = async (request) => {
  const { method } = JSON.parse(String(request.body ?? "{}"));
  if (method === "broadcast_tx_sync") {
    request.fence?.();
    wroteAtMs = performance.now();
  }
  return { status: 200, headers: {}, body: JSON.stringify({ jsonrpc: "2.0", id: 1, result: resultOf(method) }) };
};

function resultOf(method: unknown): unknown {
  switch (method) {
    case "status":
      return { node_info: { network: "sei-bench-1" }, sync_info: { latest_block_height: "10", catching_up: false } };
    case "abci_query":
      return { response: { code: 0, value: ACCOUNT } };
    case "tx_search":
      return { txs: [] };
    default:
      return { code: 0, codespace: "", log: "[]" };
  }
}

const connect: Connect = () => ({ send: () => undefined, ping: () => undefined, terminate: () => undefined });

async function makeVenue(): Promise<Venue> {
  return makeSeiChainVenue({
    wallet: await openWallet(new Secret(WORDS), ADDRESS),
    settings: {
      ...{ chainId: "sei-bench-1", gasDenom: "usei", gasPrice: "0.02", dexGasPrice: "0.1", dexGasPerOrder: 55_000 },
      ...{ dexGasPerCancel: 53_000, dexContracts: 1, timeoutBlocks: 20, requestTimeoutMs: 2_000, assets: ASSETS },
    },
    markets: [{ market, contract: CONTRACT, assetDenom: "SEI", priceDenom: "USDC" }],
    ...{ rpcUrls: ["http://127.0.0.1:1"], restUrls: ["http://127.0.0.1:1"], stalenessMs: 600_000 },
    budget: new RequestBudget({ requestsPerSecond: 1_000_000, placementsInFlight: 1_000_000 }),
    ...{ clock, rng: makeSystemRng(), connect, fetch, log: makeLog("SILENT", {}), metrics: makeMetrics() },
    onEvent: () => undefined,
    fence: () => undefined,
  });
}

/** Four placings in one turn, as a decision hands them over. */
function requote(venue: Venue, round: number): void {
  for (const [index, side] of (["buy", "buy", "sell", "sell"] as const).entries()) {
    const clientOrderId = `fm-3-SEIUSDC-${side === "buy" ? "b" : "s"}${index % 2}-${round}`;
    const order = { market: market.symbol, clientOrderId, side, price: toTicks(4_200 + round), size: toLots(500) };
    venue.execute({ type: "place-order", requestId: 0, ...order });
  }
}

const venue = await makeVenue();
const toWire: number[] = [];
const inTurn: number[] = [];
for (let round = 0; round < REQUOTES + WARM; round += 1) {
  for (let i = 0; i < 8; i += 1) venue.rehearse();
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  const beganMs = performance.now();
  requote(venue, round);
  const turnMs = performance.now() - beganMs;
  await new Promise((resolve) => setImmediate(resolve));
  if (round < WARM) continue;
  toWire.push(wroteAtMs - beganMs);
  inTurn.push(turnMs);
}
const p50 = percentile(toWire, 50);
process.stdout.write(
  `decision to broadcast, signed: p50 ${p50.toFixed(2)} ms, p99 ${percentile(toWire, 99).toFixed(2)} ms (goal: p50 below ${GOAL_MS} ms)\n`,
);
process.stdout.write(
  `of it within the deciding turn: p50 ${percentile(inTurn, 50).toFixed(3)} ms, p99 ${percentile(inTurn, 99).toFixed(3)} ms\n`,
);
await venue.stop();
process.exit(p50 < GOAL_MS ? 0 : EXIT_SLOW);

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? Number.NaN;
}
