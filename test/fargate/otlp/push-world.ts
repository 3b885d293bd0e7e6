/**
 * A push of metrics and what it talks to, in time that a test moves on: the collector's stand-in without sockets, and Secrets Manager as the
 * SDK asks it.
 */
import { setImmediate as turn } from "node:timers/promises";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { MetricsPush } from "../../../fargate/otlp/push.ts";
import { type PushSource, readPushSource } from "../../../fargate/otlp/target.ts";
import type { Fetch } from "../../../fargate/seams.ts";
import { makeMetrics } from "../../../fargate/telemetry.ts";
import { Collector, type Taken } from "../../../sim/otlp-collector/collector.ts";
import { AWS_SETTINGS, makeRequestHandler } from "../../../sim/world/aws-access.ts";
import { makeDrivenClock } from "../../sim/exchange/driven-clock.ts";
import { makeRecorder } from "../driven-world.ts";
import { seriesKey } from "../scrape.ts";

export const ACCOUNT = { instanceId: "1234567", token: "glc_the-very-token" };
export const URL_OF_CARD = "https://otlp-gateway-prod-eu-west-2.grafana.net/otlp";
export const SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:flashmm/grafana-a1B2c3";

const WORDS = { OTLP_URL: URL_OF_CARD, OTLP_INSTANCE_ID: ACCOUNT.instanceId, OTLP_TOKEN: ACCOUNT.token };

/** Such a secret, as people fill it. */
export function secretText(changes: Readonly<Record<string, unknown>> = {}): string {
  const fields = { otlpUrl: URL_OF_CARD, otlpInstanceId: ACCOUNT.instanceId, otlpToken: ACCOUNT.token };
  return JSON.stringify({ url: "https://flash.grafana.net", apiKey: "glsa_x", ...fields, ...changes });
}

/** What Secrets Manager holds: a text, or the name of the error it answers with. */
export type Held = { readonly text: string } | { readonly error: string };

function makeSecrets(held: () => Held) {
  let readings = 0;
  let underWay = 0;
  const client = new SecretsManagerClient({
    ...AWS_SETTINGS,
    requestHandler: makeRequestHandler(async () => {
      readings += 1;
      const secret = held();
      const headers = { "content-type": "application/x-amz-json-1.1" };
      if ("text" in secret) return { statusCode: 200, headers, body: JSON.stringify({ SecretString: secret.text }) };
      return { statusCode: 400, headers, body: JSON.stringify({ __type: secret.error, message: `${secret.error}!` }) };
    }),
  });
  client.middlewareStack.add(
    (next) => async (request) => {
      underWay += 1;
      try {
        return await next(request);
      } finally {
        underWay -= 1;
      }
    },
    { step: "initialize", priority: "high" },
  );
  return { client, readings: () => readings, isUnderWay: () => underWay > 0 };
}

export const GIVEN: PushSource | undefined = readPushSource((name) => new Map(Object.entries(WORDS)).get(name), []);

export function makePushWorld(settings: { readonly source?: PushSource | undefined; readonly held?: Held } = {}) {
  const source = "source" in settings ? settings.source : GIVEN;
  const clock = makeDrivenClock();
  const collector = new Collector(ACCOUNT);
  const registry = makeMetrics({ markets: ["SEI/USDC"], endpoints: ["wss://a/websocket"] });
  const world = {
    held: settings.held ?? { error: "ResourceNotFoundException" },
    isInCharge: true,
    isDown: false,
    /** What the next calls throw; empty for nothing. */
    thrown: "",
    inFlight: 0,
    inFlightMax: 0,
    arrivalsMs: [] as number[],
  };
  const secrets = makeSecrets(() => world.held);
  const fetch: Fetch = async ({ method, url, headers, body = "", signal, fence }) => {
    const reason = fence?.();
    if (reason !== undefined) throw new Error(reason);
    world.arrivalsMs.push(clock.now().monotonicMs);
    if (world.thrown !== "") throw new Error(world.thrown);
    if (world.isDown) throw new Error("connect ECONNREFUSED");
    world.inFlight += 1;
    world.inFlightMax = Math.max(world.inFlightMax, world.inFlight);
    try {
      const { pathname: path } = new URL(url);
      const answer = collector.answer({ method, path, headers: { ...headers }, body: Buffer.from(body) });
      if (answer !== undefined) return answer;
      await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("ABORTED"))));
      throw new Error("it waits until it is given up");
    } finally {
      world.inFlight -= 1;
    }
  };
  let collections = 0;
  const collect = () => {
    collections += 1;
    return registry.collect();
  };
  const { log, lines, records } = makeRecorder();
  const push = new MetricsPush({
    ...{ source, secrets: secrets.client, registry: { collect }, metrics: registry, fetch, clock, log },
    sender: { stage: "testnet", shard: "main", startedMs: clock.now().epochMs },
    isInCharge: () => world.isInCharge,
    rng: { next: () => 1 },
  });
  const settle = async (): Promise<void> => {
    for (let count = 0; count < 5 || secrets.isUnderWay(); count += 1) await turn();
  };
  const pass = async (seconds: number): Promise<void> => {
    await settle();
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000);
      await settle();
    }
  };
  return {
    ...{
      push,
      collector,
      registry,
      clock,
      lines,
      records,
      world,
      secrets,
      settle,
      pass,
      collections: () => collections,
    },
  };
}

/** The value that a push told of a series; undefined when it told of none. */
export function toldOf(taken: Taken | undefined, name: string, labels: Readonly<Record<string, string>>) {
  const from = { job: "flashmm", instance: "testnet/main" };
  const key = seriesKey(name, { ...labels, ...from });
  return taken?.series.find((series) => seriesKey(series.name, series.labels) === key)?.value;
}
