/** What answers the sweep's looks and the provisioning: a node, Grafana, X; through the looks themselves, whose words people read. */
import { InputError } from "../../../core/errors.ts";
import { GrafanaClient, GrafanaError } from "../../../lambdas/grafana-provisioning/grafana-client.ts";
import { findDataSources, readInstance } from "../../../lambdas/grafana-provisioning/instance.ts";
import { checkGrafana, checkSeiRest, checkX, type HttpGet } from "../../../lambdas/health-sweep/external-checks.ts";
import type { Outcome } from "../../../lambdas/health-sweep/integration-record.ts";
import { STILL_TIMING } from "../recordings.ts";
import { judgeLater, requireLaw, type Target } from "../target.ts";

/** A message names the answer's place, and so much of what stood there. */
const WORDS_MAX = 1_000;
const SECRET = "secret-that-stands-in-no-word";
const SIGNAL = new AbortController().signal;
const X_KEYS = { appKey: SECRET, appSecret: SECRET, accessToken: SECRET, accessSecret: SECRET };

export function makeLookTargets(): readonly Target[] {
  return [
    makeLook("look-at-node", ['{"balances":[{"denom":"usei","amount":"1"}],"pagination":null}'], (get) =>
      checkSeiRest(["https://rest.invalid"], { get, timeoutMs: 1_000 }, SIGNAL),
    ),
    makeLook("look-at-grafana", ['{"database":"ok","version":"12.1.0","commit":"x"}'], (get) =>
      checkGrafana({ url: "https://grafana.invalid" }, get, SIGNAL),
    ),
    makeLook("look-at-x", ['{"data":{"id":"1","name":"Flash","username":"flash_mm"}}'], (get) =>
      checkX(X_KEYS, undefined, get, SIGNAL),
    ),
    makeDataSourcesTarget(),
    makeInstanceTarget(),
  ];
}

function makeLook(name: string, recordings: readonly string[], look: (get: HttpGet) => Promise<Outcome>): Target {
  return {
    name,
    share: 1,
    recordings,
    run: (input) =>
      judgeLater(() => look(async () => ({ status: 200, text: async () => input.toString("utf8") })), {
        isRefusal: isInWords,
        laws: ({ detail }) =>
          requireLaw(detail.length <= WORDS_MAX, "a look's words are few", () => `${detail.length}`),
      }),
  };
}

function makeDataSourcesTarget(): Target {
  const sources = [
    { uid: "grafanacloud-prom", type: "prometheus", name: "prom", isDefault: true },
    { uid: "cw", type: "cloudwatch", name: "CloudWatch" },
  ];
  return {
    name: "grafana-sources",
    share: 1,
    recordings: [JSON.stringify(sources)],
    run: (input) =>
      judgeLater(() => findDataSources(grafanaOf(input), undefined), {
        isRefusal: isInWords,
        laws: ({ dataSources, missing }) => {
          requireLaw(
            dataSources.prometheus.uid.length > 0 || missing === undefined,
            "a source has a uid",
            () => "none",
          );
          requireLaw(
            (missing?.message.length ?? 0) <= WORDS_MAX,
            "an error's words are few",
            () => `${missing?.message}`,
          );
        },
      }),
  };
}

function makeInstanceTarget(): Target {
  return {
    name: "grafana-instance",
    share: 1,
    recordings: ['{"version":"12.1.0","database":"ok","namespace":"stacks-123"}'],
    run: (input) =>
      judgeLater(() => readInstance(grafanaOf(input)), {
        isRefusal: isInWords,
        laws: ({ namespace }) =>
          requireLaw(namespace !== "", "a namespace is a name or is not there", () => `${namespace}`),
      }),
  };
}

/** Says one thing to every question. */
function grafanaOf(input: Buffer): GrafanaClient {
  const answer = { status: 200, headers: new Headers(), text: async () => input.toString("utf8") };
  const access = { url: "https://grafana.invalid", apiKey: SECRET };
  return new GrafanaClient({ access, fetch: async () => answer, timing: STILL_TIMING });
}

/** An error that is meant: of few words, and without a key. */
function isInWords(error: unknown): boolean {
  const isMeant =
    error instanceof InputError ||
    error instanceof GrafanaError ||
    (error instanceof Error && error.constructor === Error);
  if (!isMeant) return false;
  requireLaw(error.message.length <= WORDS_MAX, "an error's words are few", () => `${error.message.length}`);
  requireLaw(!error.message.includes(SECRET), "no error shows a key", () => error.message);
  return true;
}
