/** A DynamoDB wire protocol in this process, with the ledger's table, and clients whose calls can be made to fail. */
import type { Server } from "node:http";
import { createRequire } from "node:module";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { LedgerTable } from "../../../lambdas/ledger-table.ts";
import { AWS_SETTINGS, type AwsBackend, makeRequestHandler, muteClient } from "../../../sim/world/aws-access.ts";
import { answerInProcess, hostTable } from "../../../sim/world/table-host.ts";

export const TABLE_NAME = "ledger";

const startDynalite: (options: { createTableMs: number }) => Server = createRequire(import.meta.url)("dynalite");

/** `before`: the call never arrives. `after`: it takes effect and its answer is lost. `twice`: it takes effect two times. */
export type Fault = { readonly atWrite: number; readonly how: "before" | "after" | "twice"; readonly kills: boolean };

type CallCount = { calls: number; writes: number; itemsRead: number };

export type LedgerCloud = {
  readonly endpoint: string;
  /** A client of its own: `fault` strikes its n-th write, counted from 1, and with `kills` every later call fails too. */
  connect(fault?: Fault): LedgerTable & { readonly count: CallCount };
  close(): Promise<void>;
};

export async function startLedgerCloud(): Promise<LedgerCloud> {
  const server = startDynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const endpoint = `http://127.0.0.1:${address.port}`;
  // Functions that are started whole come over the socket; clients of this process need none.
  const { backend, tableName } = await hostTable(answerInProcess(server));
  const underWay = new Set<Promise<unknown>>();
  let isClosed = false;
  const carry: AwsBackend = (request) => {
    if (isClosed) return Promise.reject(new Error("the cloud is closed"));
    const answer = backend(request);
    underWay.add(answer);
    return answer.finally(() => underWay.delete(answer));
  };
  const connect: LedgerCloud["connect"] = (fault) => {
    const client = new DynamoDBClient({ ...AWS_SETTINGS, requestHandler: makeRequestHandler(carry) });
    muteClient(client);
    return { client, tableName, count: injectFault(client, fault) };
  };
  return {
    endpoint,
    connect,
    close: async () => {
      // A reader that was stopped early may have asked for one page more.
      isClosed = true;
      await Promise.allSettled(underWay);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const WRITES = new Set(["PutItemCommand", "UpdateItemCommand", "DeleteItemCommand"]);

function injectFault(client: DynamoDBClient, fault: Fault | undefined): CallCount {
  const count = { calls: 0, writes: 0, itemsRead: 0 };
  let dead = false;
  client.middlewareStack.add((next, context) => async (args) => {
    if (dead) throw new Error("the process has ended");
    const isWrite = WRITES.has(String(context["commandName"]));
    count.calls++;
    if (isWrite) count.writes++;
    const strikes = isWrite && count.writes === fault?.atWrite;
    if (strikes) dead = fault.kills;
    if (strikes && fault.how === "before") throw new Error("the write did not arrive");
    if (strikes && fault.how === "twice") await next(args).catch(() => undefined);
    const answer = await next(args);
    if (strikes && fault.how === "after") throw new Error("the answer was lost");
    const { output } = answer;
    if (typeof output === "object" && output !== null && "Items" in output && Array.isArray(output.Items)) {
      count.itemsRead += output.Items.length;
    }
    return answer;
  });
  return count;
}
