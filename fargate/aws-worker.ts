/**
 * The thread that makes the calls to AWS (`aws-thread.ts`): signing, serialising and reading an answer take the processor for up to a
 * millisecond a call, which the thread that quotes does not have. Owns its own clients; it keeps nothing between two calls.
 */
import { access } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { type AwsAnswer, type AwsOrder, makeCall, toPlainError } from "./aws-calls.ts";
import { makeAwsClients } from "./aws-clients.ts";

/** Of Linux's nineteen steps below the usual: a tenth of a core where the quoting thread would have all of it. */
const NICE = 10;

// Where both have one core, the thread that quotes is not kept from it by a call that it has just asked for. Linux alone has a priority a thread: elsewhere
// it would be that of the whole process.
if (process.platform === "linux" && getPriority() < NICE) {
  // The process's pool of threads (names looked up, files) has the priority of whoever uses it first: that is not to be this one.
  access("/", () => undefined);
  setPriority(NICE);
}

const clients = makeAwsClients();
const underWay = new Map<number, AbortController>();

parentPort?.on("message", (order: AwsOrder) => {
  if ("abort" in order) underWay.get(order.abort)?.abort();
  else void carryOut(order);
});

/** Never rejects. */
async function carryOut({ id, call }: Exclude<AwsOrder, { readonly abort: number }>): Promise<void> {
  const controller = new AbortController();
  underWay.set(id, controller);
  try {
    const output = await makeCall(clients, call, controller.signal);
    answer({ id, output });
  } catch (error) {
    answer({ id, error: toPlainError(error) });
  } finally {
    underWay.delete(id);
  }
}

function answer(message: AwsAnswer): void {
  parentPort?.postMessage(message);
}
