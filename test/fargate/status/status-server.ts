/** The real status server for tests, and the real bus's wire protocol behind its operator's part. */
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { Clock } from "../../../fargate/seams.ts";
import { OperatorApi, type OperatorApiOptions } from "../../../fargate/status/operator-api.ts";
import { type StatusServer, type StatusSources, startStatusServer } from "../../../fargate/status/server.ts";
import { makeMetrics } from "../../../fargate/telemetry.ts";
import { localClientSettings } from "../../../sim/local/local-client.ts";
import { makeHistoryPoints, makeTaskState } from "./task-state.ts";

export const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Operation is off unless `bus` is given. */
export function makeOperatorApi(changes: Partial<OperatorApiOptions> = {}): OperatorApi {
  const markets = ["SEI/USDC", "ATOM/USDC"];
  return new OperatorApi({ markets, region: "eu-west-1", busName: "flashmm", bus: undefined, log: quiet, ...changes });
}

/** A client of the bus at `url`, which is asked once. */
export function busAt(url: string, clock: Clock, busName = "flashmm") {
  return { client: new EventBridgeClient({ ...localClientSettings(url), maxAttempts: 1 }), busName, clock };
}

export function startServer(changes: Partial<StatusSources & { readonly port: number }> = {}): Promise<StatusServer> {
  return startStatusServer({
    port: 0,
    metrics: makeMetrics(),
    state: () => makeTaskState(),
    health: () => ({ healthy: true, reasons: [] }),
    liveness: () => ({ healthy: true, reasons: [] }),
    history: () => makeHistoryPoints(1_800),
    operator: makeOperatorApi(),
    chart: () => Promise.resolve(undefined),
    log: quiet,
    ...changes,
  });
}
