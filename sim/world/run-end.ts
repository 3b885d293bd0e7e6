/**
 * Rule (f), at the end of a run: nothing is open, and venue, queue, ledger and engine agree on every fill. Owns this comparison;
 * it waits for nothing, so the caller lets the queue run dry first.
 */
import { parseScaled } from "../../core/decimal.ts";
import { readBooks } from "../../lambdas/ledger-table.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { QueueHost } from "./queue-host.ts";
import type { TableHost } from "./table-host.ts";
import type { WorldTask } from "./world-task.ts";

const DECIMALS = 18;
const FILLS_MAX = 1_000_000;

export type RunEnd = {
  readonly exchange: Exchange;
  readonly queue: QueueHost;
  readonly table: TableHost;
  /** Those whose engine must agree with the venue: not the crashed ones. */
  readonly tasks: readonly WorldTask[];
};

/** Everything that does not agree, in words; empty when all does. */
export async function faultsAtEnd({ exchange, queue, table, tasks }: RunEnd): Promise<readonly string[]> {
  const faults: string[] = [];
  const open = exchange.openOrders().filter(({ clientOrderId }) => clientOrderId.startsWith("fm-"));
  if (open.length > 0) faults.push(`open at the venue: ${open.map(({ clientOrderId }) => clientOrderId).join(", ")}`);
  const queued = new Set(queue.sent.map((body) => String(Reflect.get(Object(JSON.parse(body)), "fillId"))));
  if (queue.size > 0) faults.push(`${queue.size} messages are still on the queue`);
  let fillCount = 0;
  for (const market of exchange.markets) {
    const { fills } = exchange.fillsAfter({ market, cursor: undefined, limit: FILLS_MAX });
    fillCount += fills.length;
    const missing = fills.filter(({ fillId }) => !queued.has(fillId)).map(({ fillId }) => fillId);
    if (missing.length > 0) faults.push(`never on the queue: ${missing.join(", ")}`);
    faults.push(...(await faultsOfMarket({ exchange, table, tasks }, market)));
  }
  if (queued.size > fillCount) faults.push(`${queued.size} fills were on the queue, the venue has ${fillCount}`);
  return faults;
}

async function faultsOfMarket(
  { exchange, table, tasks }: Omit<RunEnd, "queue">,
  market: string,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const { position, fillCount, fees, volume } = exchange.standing(market);
  const expect = (whose: string, what: string, was: bigint | number, expected: bigint | number) => {
    if (was !== expected) faults.push(`${whose} ${what} of ${market} is ${was}, the venue's ${expected}`);
  };
  const books = await readBooks({ client: table.client, tableName: table.tableName }, market);
  expect("the ledger's", "fill count", books.fillCount, fillCount);
  expect("the ledger's", "position", books.position, amount(position));
  expect("the ledger's", "fees", books.fees, amount(fees));
  expect("the ledger's", "volume", books.volume, amount(volume));
  for (const task of tasks) {
    const state = task.market(market);
    if (state === undefined) continue;
    expect(`${task.name}'s`, "fill count", state.fillCount, fillCount);
    expect(`${task.name}'s`, "position", amount(state.position), amount(position));
  }
  return faults;
}

function amount(text: string): bigint {
  return parseScaled(text, DECIMALS, "amount");
}
