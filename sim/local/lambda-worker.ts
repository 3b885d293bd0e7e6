/**
 * One execution environment of a function, in a worker thread: loads the real handler once, then runs one invocation at
 * a time. Owns the thread's side of the protocol of `lambda-runtime.ts`.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { InvocationReply, InvocationRequest, WorkerSettings } from "./lambda-runtime.ts";

type Handler = (event: unknown, context: unknown) => unknown;

const settings: WorkerSettings = workerData;

const handler = await loadHandler();

parentPort?.on("message", (request: InvocationRequest) => {
  void invoke(request).then((reply) => parentPort?.postMessage(reply));
});
parentPort?.postMessage({ kind: "ready" } satisfies InvocationReply);

async function loadHandler(): Promise<Handler> {
  const module: { readonly handler?: Handler } = await import(settings.entryUrl);
  if (typeof module.handler !== "function")
    throw new Error(`${settings.entryUrl} must export a function named handler`);
  return module.handler;
}

async function invoke(request: InvocationRequest): Promise<InvocationReply> {
  const startedAt = performance.now();
  const context = {
    functionName: settings.functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: settings.functionArn,
    memoryLimitInMB: `${settings.memoryMegabytes}`,
    awsRequestId: request.requestId,
    logGroupName: `/aws/lambda/${settings.functionName}`,
    logStreamName: "local",
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, request.timeoutMs - (performance.now() - startedAt)),
  };
  try {
    const value = await handler(request.event, context);
    // Lambda answers in JSON: what JSON cannot say is not said here either.
    return { kind: "returned", json: JSON.stringify(value) ?? "null" };
  } catch (error) {
    return { kind: "threw", error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
