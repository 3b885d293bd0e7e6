/**
 * AWS's own DynamoDB for laptops, in a process of its own, where a Java is found. Owns the process, and the words of the tests
 * that cannot run without it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { AwsBackend } from "../../../sim/world/aws-access.ts";
import { hostTable, type TableHost } from "../../../sim/world/table-host.ts";

const require = createRequire(import.meta.url);

/** The Java to start it with, by `JAVA_HOME` or the path. */
export const JAVA = [process.env["JAVA_HOME"] ?? "", ...(process.env["PATH"] ?? "").split(delimiter)]
  .flatMap((folder) => (folder === "" ? [] : [join(folder, "bin", "java"), join(folder, "java")]))
  .find(isProgram);

/** What its tests say where they cannot run. */
export const NOT_RUN = "NOT RUN, no Java by JAVA_HOME or the path: nothing was tried on DynamoDB Local";

/** It starts in some seconds on a busy machine. */
const START_MS_MAX = 25_000;
const LOOK_EVERY_MS = 50;

export type DynamoDbLocal = TableHost & { close(): Promise<void> };

/** Starts it with the ledger's table, empty and in memory alone. */
export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  if (JAVA === undefined) throw new Error("there is no Java");
  const port = await freePort();
  const child = spawn(JAVA, ["-Djava.library.path=./DynamoDBLocal_lib", ...OPTIONS, "-port", `${port}`], {
    cwd: join(dirname(require.resolve("amplify-dynamodb-simulator/package.json")), "emulator"),
    stdio: "ignore",
  });
  try {
    const backend = answerOver(`http://127.0.0.1:${port}`);
    await waitUntilUp(child, port);
    const host = await hostTable(backend);
    return { ...host, close: () => end(child, host) };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

const OPTIONS = [
  "-XX:TieredStopAtLevel=1",
  "-Xmx512m",
  "-jar",
  "DynamoDBLocal.jar",
  "-inMemory",
  "-sharedDb",
  "-disableTelemetry",
];

async function waitUntilUp(child: ChildProcess, port: number): Promise<void> {
  for (let waited = 0; waited < START_MS_MAX; waited += LOOK_EVERY_MS) {
    if (child.exitCode !== null) throw new Error(`DynamoDB Local ended with code ${child.exitCode}`);
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answer !== undefined) return;
    await wait(LOOK_EVERY_MS);
  }
  throw new Error("DynamoDB Local did not start");
}

async function end(child: ChildProcess, host: TableHost): Promise<void> {
  host.stop();
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** It wants to see a signature; any will do. */
const SIGNATURE = {
  authorization:
    "AWS4-HMAC-SHA256 Credential=local/20260102/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none",
  "x-amz-date": "20260102T000000Z",
};

function answerOver(url: string): AwsBackend {
  return async ({ headers, body }) => {
    const { "content-length": _length, host: _host, ...rest } = headers;
    const answer = await fetch(url, { method: "POST", headers: { ...rest, ...SIGNATURE }, body });
    return { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a server must have a port");
  return address.port;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
