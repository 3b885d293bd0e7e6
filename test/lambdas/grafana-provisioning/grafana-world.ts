/** The simulated Grafana, called in this process, and a provisioning of it. Time is the test's. */
import { parseTargets } from "../../../lambdas/grafana-provisioning/contact-points.ts";
import { GrafanaClient, type GrafanaFetch } from "../../../lambdas/grafana-provisioning/grafana-client.ts";
import { type ProvisionSettings, provision } from "../../../lambdas/grafana-provisioning/provision.ts";
import { type GrafanaSettings, makeGrafanaApi } from "../../../sim/grafana-api/grafana-api.ts";
import { describeStore } from "../../../sim/grafana-api/store.ts";
import { makeDrivenTiming } from "../driven-timing.ts";

export const TOKEN = "glsa_the-token";
const HOST = "https://flashmm.grafana.test";

export const SETTINGS: ProvisionSettings = {
  targets: parseTargets("https://hooks.test/secret-path", "ops@flashmm.test"),
  dataSourceUid: undefined,
  runbookUrl: "https://docs.test/runbook",
  markets: ["SEI/USDC", "ATOM/USDC"],
};

export function makeGrafanaWorld(grafana: Partial<GrafanaSettings> = {}) {
  const api = makeGrafanaApi({ token: TOKEN, ...grafana });
  const timing = makeDrivenTiming();
  const lost: { readonly call: RegExp; left: number }[] = [];
  const fetch: GrafanaFetch = async (address, { method, headers, body }) => {
    const url = new URL(address);
    const found = lost.find(({ call, left }) => left > 0 && call.test(`${method} ${url.pathname}`));
    const answer = api.answer({
      method,
      path: url.pathname,
      query: url.searchParams,
      headers,
      body: body === undefined ? undefined : JSON.parse(body),
    });
    if (found !== undefined) {
      found.left -= 1;
      throw new TypeError("fetch failed");
    }
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    return new Response(text, { status: answer.status, headers: { ...answer.headers } });
  };
  const makeClient = (apiKey = TOKEN) => new GrafanaClient({ access: { url: HOST, apiKey }, fetch, timing });
  return {
    api,
    store: api.store,
    timing,
    makeClient,
    /** The next `times` calls of that kind have their effect, and their answers never come. */
    loseAnswers: (call: RegExp, times: number) => void lost.push({ call, left: times }),
    provision: async (settings: Partial<ProvisionSettings> = {}) =>
      await provision(makeClient(), { ...SETTINGS, ...settings }),
    describe: () => describeStore(api.store),
    writes: () => api.calls.filter((call) => !call.startsWith("GET ")),
  };
}
