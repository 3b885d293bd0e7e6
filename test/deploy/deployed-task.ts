/**
 * The task as its image holds it, told what the deployed service would tell it, on this machine: beside it a simulated exchange, order
 * API and node, since no emulator is a venue. Owns their life.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeSystemClock, makeSystemRng } from "../../fargate/clock.ts";
import { startCambrianApi } from "../../sim/cambrian-api/server.ts";
import { makeSimulatedExchange } from "../../sim/exchange/exchange.ts";
import { startSeiNode } from "../../sim/sei-node/node.ts";
import type { Container } from "./aws.ts";
import type { MiniStack } from "./ministack.ts";

const SYMBOL = "SEI/USDC";
export const KEYS = { apiKey: "the-key", secretKey: "the-secret" };

const STOP_WITHIN_MS = 30_000;

export type DeployedTask = {
  /** Where its page is. */
  readonly url: string;
  /** What the exchange shows of it. */
  readonly openOrders: () => number;
  readonly fillCount: () => number;
  /** Its lines so far. */
  readonly lines: () => readonly string[];
  /** Asks it to stop; answers its exit code. */
  readonly stop: () => Promise<number | null>;
};

/** `folder` is the image's context. What is not the venue's address comes from the deployed task definition. */
export async function startDeployedTask(input: {
  readonly folder: string;
  readonly container: Container;
  readonly ministack: MiniStack;
  readonly port: number;
}): Promise<DeployedTask & AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const clock = makeSystemClock();
  const rng = makeSystemRng();
  const markets = [{ symbol: SYMBOL, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];
  const exchange = makeSimulatedExchange({ clock, seed: 7, markets });
  starting.defer(() => exchange.stop());
  const api = await startCambrianApi({ ...KEYS, exchange, network: "testnet", clock, rng, port: 0 });
  starting.defer(() => api.close());
  const node = await startSeiNode({ source: exchange, clock, rng });
  starting.defer(() => node.close());
  exchange.start();
  const deployed = Object.fromEntries(input.container.environment.map(({ name, value }) => [name, value]));
  const child = spawn(process.execPath, ["main.js"], {
    cwd: join(input.folder, "app"),
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...input.ministack.environment,
      ...deployed,
      CAMBRIAN_API_KEY: KEYS.apiKey,
      CAMBRIAN_SECRET_KEY: KEYS.secretKey,
      STATUS_PORT: `${input.port}`,
      SEI_WS_URLS: node.endpoints.map((endpoint) => endpoint.wsUrl).join(),
      SEI_REST_URL: node.endpoints.map((endpoint) => endpoint.restUrl).join(),
      CAMBRIAN_BASE_URL: api.url,
    },
  });
  process.once("exit", () => child.kill("SIGKILL"));
  const lines: string[] = [];
  child.stdout
    .setEncoding("utf8")
    .on("data", (text: string) => lines.push(...text.split("\n").filter((line) => line !== "")));
  starting.defer(async () => {
    await stopped(child);
  });
  const running = starting.move();
  return {
    url: `http://127.0.0.1:${input.port}`,
    openOrders: () => exchange.openOrders(SYMBOL).length,
    fillCount: () => exchange.standing(SYMBOL).fillCount,
    lines: () => lines,
    stop: () => stopped(child),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function stopped(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const code = new Promise<number | null>((resolve) => child.once("exit", (exitCode) => resolve(exitCode)));
  child.kill("SIGTERM");
  const killed = sleep(STOP_WITHIN_MS, null, { ref: false }).then(() => {
    child.kill("SIGKILL");
    return null;
  });
  return await Promise.race([code, killed]);
}
