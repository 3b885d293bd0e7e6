/**
 * The end of a seed: the task is asked to stop and does so in order, the queue runs dry, and the ledger is proven: against the venue,
 * against itself, and by a rebuild that would change nothing. Owns this order; the proofs are the ledger's own.
 */
import { readClaimIndex } from "../../../lambdas/ledger-claims.ts";
import { rebuildMarket } from "../../../lambdas/ledger-rebuild.ts";
import { verifyMarket } from "../../../lambdas/ledger-verify.ts";
import { isProven } from "../../local/ledger-text.ts";
import { faultsAtEnd } from "../run-end.ts";
import { type Healing, settles } from "./liveness.ts";

/** CONTRACTS 8: a stop ends within 30 s. */
const STOPPED_MS = 30_000;
/** A stop has seventeen seconds for its orders, and sends nothing while the venue has asked for a pause: a longer one leaves them to the dead man. */
const PAUSE_MS_MAX = 12_000;

/** Rejects with `InvariantError`. */
export async function quiesces(healing: Healing): Promise<void> {
  const { world, service, mover, checks, shape } = healing;
  const { time, table, exchange, queue } = world;
  mover.stop();
  await settles(healing);
  const [task] = service.tasks;
  const pausedMs = checks.pausedUntilMs(task?.name ?? "") - PAUSE_MS_MAX - time.nowMs;
  if (pausedMs > 0) await time.pass(pausedMs);
  service.end();
  const fromMs = time.nowMs;
  while (service.tasks.length > 0) {
    if (time.nowMs - fromMs > STOPPED_MS) checks.fail("liveness", `a stop takes longer than ${STOPPED_MS} ms`);
    await time.pass(1_000);
  }
  await settles(healing);
  const faults = await faultsAtEnd({ exchange, queue, table, tasks: task === undefined ? [] : [task] });
  if (faults.length > 0) checks.fail("end", faults.join("; "));
  await time.hold(async () => {
    for (const { symbol } of shape.markets) {
      const fault = await ledgerFault(healing, symbol);
      if (fault !== undefined) checks.note("ledger", `${symbol}: ${fault}`);
    }
  });
  checks.throwNoted();
}

async function ledgerFault({ world }: Healing, market: string): Promise<string | undefined> {
  const table = { client: world.table.client, tableName: world.table.tableName };
  const clock = { now: () => Math.floor(world.time.epochMs), wait: () => Promise.resolve() };
  const claims = await readClaimIndex(table);
  const proof = await verifyMarket({ table, clock, market, claims });
  if (!isProven(proof))
    return `verify finds ${proof.differences.count} differences, ${proof.driftUnits} units of drift, ${proof.lost} lost`;
  const rebuilt = await rebuildMarket({ table, clock, market, isDryRun: true, claims });
  const { driftUnits } = rebuilt.books.differences;
  return driftUnits === 0n ? undefined : `a rebuild would move the books by ${driftUnits} units`;
}
