/**
 * The simulated Grafana as a host of the simulated network, with objects of other people in it. Owns these, and that whoever writes there
 * leaves them alone; the API is `sim/grafana-api`'s.
 */
import { type GrafanaApi, makeGrafanaApi } from "../grafana-api/grafana-api.ts";
import { describeStore, type GrafanaStore } from "../grafana-api/store.ts";
import { type HostTrouble, HostTroubles } from "./host-troubles.ts";
import type { Host, HostReply, HostRequest, Network } from "./network.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const GRAFANA_URL = "http://grafana.world";
export const GRAFANA_TOKEN = "glsa_the-token";

export class GrafanaHost implements Host {
  readonly api: GrafanaApi = makeGrafanaWithOthers();
  /** Told when something of other people's is not as it was. */
  onTouched: ((what: string) => void) | undefined;
  readonly #time: VirtualTime;
  readonly #troubles = new HostTroubles();
  readonly #others: string;

  constructor(time: VirtualTime, network: Network) {
    this.#time = time;
    this.#others = othersIn(this.api.store);
    network.serve(GRAFANA_URL, this);
  }

  strike(trouble: HostTrouble, times: number): () => void {
    return this.#troubles.strike(trouble, times);
  }

  callOf(): "grafana" {
    return "grafana";
  }

  async serve({ method, path, headers, body }: HostRequest, _from: unknown, onEffect: () => void): Promise<HostReply> {
    const trouble = this.#troubles.take(path);
    const url = new URL(GRAFANA_URL + path);
    const call = { method, path: url.pathname, query: url.searchParams, headers, body: parseJson(body) };
    const own = trouble?.when === "before" ? undefined : this.api.answer(call);
    if (method !== "GET" && othersIn(this.api.store) !== this.#others) this.onTouched?.(`${method} ${path}`);
    onEffect();
    if (trouble !== undefined) return trouble.reply(this.#time.epochMs);
    const text = typeof own?.body === "string" ? own.body : JSON.stringify(own?.body ?? {});
    return { type: "answer", status: own?.status ?? 200, headers: { ...own?.headers }, body: text };
  }

  accept(_path: string, _take: unknown, refuse: () => void): void {
    refuse();
  }
}

/** A Grafana in which other people have a folder, dashboards, a contact point under our name, and rules, some of it in our folder. */
export function makeGrafanaWithOthers(): GrafanaApi {
  const api = makeGrafanaApi({ token: GRAFANA_TOKEN });
  const { folders, dashboards, contactPoints, groups } = api.store;
  folders.set("team", { title: "Team", version: 3, annotations: {} });
  for (const [uid, folderUid] of [
    ["team-latency", "team"],
    ["my-copy", "flashmm"],
  ] as const)
    dashboards.set(uid, { spec: { title: uid, panels: [] }, version: 7, folderUid, annotations: {} });
  for (const [uid, name] of [
    ["by-hand", "flashmm"],
    ["pager", "pager"],
  ] as const)
    contactPoints.set(uid, {
      ...{ uid, name, type: "webhook", settings: { url: "https://pager.test" } },
      ...{ disableResolveMessage: false, provenance: "" },
    });
  for (const [folderUid, title] of [
    ["team", "on-call"],
    ["flashmm", "mine"],
  ] as const)
    groups.set(`${folderUid}/${title}`, { title, folderUid, interval: 60, rules: [] });
  return api;
}

/** What a Grafana holds, in an order of its own: two of the same are the same Grafana. */
export function contentsOf(store: GrafanaStore): string {
  const kinds: Record<string, [string, unknown][]> = JSON.parse(describeStore(store));
  const sorted = Object.entries(kinds).map(([kind, all]) => [kind, all.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
  return JSON.stringify(sorted);
}

const OTHERS = ["team", "team-latency", "my-copy", "by-hand", "pager", "team/on-call", "flashmm/mine"];

function othersIn({ folders, dashboards, contactPoints, groups }: GrafanaStore): string {
  return JSON.stringify(
    [folders, dashboards, contactPoints, groups].map((all) => [...all].filter(([uid]) => OTHERS.includes(uid))),
  );
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
