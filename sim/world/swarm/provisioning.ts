/**
 * The provisioning of Grafana in a seed, by its real lines: after a deployment, when an operator asks, tried again as deployed. Owns when it is
 * invoked, and what must come of it: exactly the wanted objects, and nothing of other people's touched.
 */
import { parseTargets } from "../../../lambdas/grafana-provisioning/contact-points.ts";
import { GrafanaClient, type GrafanaFetch } from "../../../lambdas/grafana-provisioning/grafana-client.ts";
import type { ProvisionSettings } from "../../../lambdas/grafana-provisioning/provision.ts";
import type { Timing } from "../../../lambdas/timing.ts";
import { contentsOf, GRAFANA_TOKEN, GRAFANA_URL, GrafanaHost, makeGrafanaWithOthers } from "../grafana-host.ts";
import { deliverEvent } from "./asynchronous-event.ts";
import type { Checks } from "./checks.ts";
import type { Deployment } from "./deployment.ts";
import { type FunctionCloud, FunctionHost, toHeaders } from "./function-host.ts";

const LOOK_MS = 1_000;
const ACCESS = { url: GRAFANA_URL, apiKey: GRAFANA_TOKEN };
const METHODS = ["GET", "POST", "PUT", "DELETE"] as const;

export type ProvisioningInput = {
  readonly cloud: FunctionCloud;
  readonly deployment: Deployment;
  readonly markets: readonly string[];
  readonly checks: Checks;
  /** Whether no function is invoked now. */
  readonly isThrottled: () => boolean;
  readonly mark: (name: string) => void;
};

export class Provisioning {
  readonly host: FunctionHost;
  readonly grafana: GrafanaHost;
  readonly #input: ProvisioningInput;
  readonly #settings: ProvisionSettings;
  #pending = 0;
  #error: unknown;

  constructor(input: ProvisioningInput) {
    this.#input = input;
    const { cloud, deployment, markets, checks } = input;
    const timeoutMs = deployment.timeoutsMs["grafana-provisioning"] ?? 180_000;
    this.host = new FunctionHost("grafana-provisioning", cloud, timeoutMs);
    this.grafana = new GrafanaHost(cloud.time, cloud.network);
    this.grafana.onTouched = (what) => checks.note("grafana", `${what} changes what others have made`);
    const targets = parseTargets("https://hooks.test/secret-path", "ops@flashmm.test");
    this.#settings = { targets, dataSourceUid: undefined, runbookUrl: "https://docs.test/runbook", markets };
  }

  /** A deployment has ended, or an operator asks. */
  request(): void {
    const { cloud, deployment, isThrottled } = this.#input;
    const { time } = cloud;
    this.#pending += 1;
    const event = { time, beganMs: time.nowMs, ...deployment.provisioning, isThrottled, invoke: () => this.#invoke() };
    void deliverEvent(event).then(() => {
      this.#pending -= 1;
    });
  }

  /** Asks twice at once; then Grafana has what it is to have. Rejects with `InvariantError`. */
  async holds(): Promise<void> {
    const { cloud, checks, deployment } = this.#input;
    const { time } = cloud;
    const untilMs = time.nowMs + deployment.provisioning.eventAgeMs;
    this.request();
    this.request();
    while (this.#pending > 0 && time.nowMs < untilMs) await time.pass(LOOK_MS);
    if (this.#pending > 0) checks.fail("grafana", `${this.#pending} runs do not end: ${String(this.#error)}`);
    const wanted = await time.hold(() => this.#wanted());
    const has = contentsOf(this.grafana.api.store);
    if (has !== wanted) checks.fail("grafana", differenceOf(has, wanted));
  }

  async #invoke(): Promise<boolean> {
    const invoked = await this.host.invoke(async ({ exchange, timing }) => {
      const fetch: GrafanaFetch = async (url, { method, headers, body = "", signal }) => {
        const known = METHODS.find((each) => each === method) ?? "GET";
        const answer = await exchange({ method: known, url, headers, body, signal });
        return { status: answer.status, headers: toHeaders(answer.headers), text: async () => answer.body };
      };
      return await this.#provision(fetch, timing);
    });
    this.#input.mark(`provisioning ${invoked.type}`);
    if (invoked.type === "failed") this.#error = invoked.error;
    return invoked.type === "done";
  }

  async #provision(fetch: GrafanaFetch, timing: Timing): Promise<unknown> {
    // The builders of dashboards are large: the first run of a process loads them, outside of this world's time.
    const load = () => import("../../../lambdas/grafana-provisioning/provision.ts");
    const { provision } = await this.#input.cloud.time.hold(load);
    return await provision(new GrafanaClient({ access: ACCESS, fetch, timing }), this.#settings);
  }

  /** What one run leaves in a Grafana to which nothing happens. */
  async #wanted(): Promise<string> {
    const api = makeGrafanaWithOthers();
    const fetch: GrafanaFetch = async (address, { method, headers, body }) => {
      const url = new URL(address);
      const parsed: unknown = body === undefined ? undefined : JSON.parse(body);
      const answer = api.answer({ method, path: url.pathname, query: url.searchParams, headers, body: parsed });
      const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
      return { status: answer.status, headers: new Headers(answer.headers), text: async () => text };
    };
    const { time } = this.#input.cloud;
    const nowMs = () => time.nowMs;
    await this.#provision(fetch, { epochMs: nowMs, monotonicMs: nowMs, wait: async () => undefined, random: () => 0 });
    return contentsOf(api.store);
  }
}

function differenceOf(has: string, wanted: string): string {
  let at = 0;
  while (at < has.length && has[at] === wanted[at]) at += 1;
  const shown = (text: string) => text.slice(Math.max(0, at - 60), at + 60);
  return `Grafana must have …${shown(wanted)}…, has …${shown(has)}…`;
}
