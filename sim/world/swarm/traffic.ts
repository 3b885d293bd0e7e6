/**
 * What the venue takes of an account in any one second (CONTRACTS 3), shared out as the product shares it: so much to the tasks, so much to
 * an audit, so much to a dead man. Owns who counts with whom, and whose share is how large; the counting is `invariants.ts`'s.
 */
import type { Share } from "../invariants.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { WorldProcess } from "../world-process.ts";
import type { FunctionHost } from "./function-host.ts";
import { FUNCTION_NAMES, type FunctionName } from "./functions.ts";

/** For so long a task that woke may be one whose lease has gone to another, and not know it. */
const WOKEN_MS = 60_000;
/** One question at a time, and the next one a second after the answer (`lambdas/cambrian-client.ts`). */
const AUDIT_MAX = 1;
/** What the audit and the task's last ones leave: four lanes, each with half a second after an answer (`lambdas/health-sweep/venue-orders.ts`). */
const DEAD_MAN_MAX = 8;

const MAX_OF: Readonly<Record<FunctionName, number | undefined>> = {
  "fill-audit": AUDIT_MAX,
  "health-sweep": DEAD_MAN_MAX,
  "fill-accounting": undefined,
  "operator-control": undefined,
};

/** `holder` is the owner of the lease as the table has it: the name of a task, a slash, and what is its own. */
export type Woken = { readonly name: string; readonly sinceWokenMs: number; readonly holder: string | undefined };

/** Whether a task is one that woke beside its successor: until it has read so, it ends its orders, and each has all of the budget. */
export function isBesideSuccessor({ name, sinceWokenMs, holder }: Woken): boolean {
  return sinceWokenMs < WOKEN_MS && holder !== undefined && !holder.startsWith(`${name}/`);
}

export type TrafficInput = {
  readonly time: Pick<VirtualTime, "nowMs">;
  readonly tasks: readonly { readonly name: string; readonly process: Pick<WorldProcess, "wokenMs"> }[];
  /** As every task is configured. */
  readonly requestsPerSecond: number;
  readonly hosts: Readonly<Record<FunctionName, Pick<FunctionHost, "invocationOf">>>;
  readonly holder: () => string | undefined;
};

/** Undefined for who has no way to the order API. */
export function shareOf(process: string, input: TrafficInput): Share | undefined {
  const { time, tasks, requestsPerSecond, hosts, holder } = input;
  const task = tasks.find(({ name }) => name === process);
  if (task !== undefined) {
    const sinceWokenMs = time.nowMs - task.process.wokenMs;
    const isApart = isBesideSuccessor({ name: process, sinceWokenMs, holder: holder() });
    return { group: isApart ? process : "tasks", max: requestsPerSecond };
  }
  const name = FUNCTION_NAMES.find((each) => process.startsWith(`${each}-`));
  const max = name && MAX_OF[name];
  if (name === undefined || max === undefined) return undefined;
  // Of two at once each has its own pace, and the next one in the same environment begins it anew.
  return { group: `${process} ${hosts[name].invocationOf(process)}`, max };
}
