/**
 * What a Grafana holds: folders, dashboards, contact points, rule groups, data sources. Owns the state alone; the calls that change it are
 * the routes', and a test may change it by hand, as a person does in the browser.
 */

type FolderState = { title: string; version: number; annotations: Record<string, string> };

type DashboardState = {
  spec: Record<string, unknown>;
  /** Grows with each write. */
  version: number;
  /** Empty for the root. */
  folderUid: string;
  annotations: Record<string, string>;
};

/** `""`: made by hand, and editable; `"api"`: made by a call. */
export type Provenance = "" | "api";

export type ContactPointState = {
  readonly uid: string;
  readonly name: string;
  readonly type: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly disableResolveMessage: boolean;
  readonly provenance: Provenance;
};

type RuleState = Readonly<Record<string, unknown>> & { readonly uid: string; readonly title: string };

type GroupState = {
  readonly title: string;
  readonly folderUid: string;
  readonly interval: number;
  readonly rules: readonly { readonly rule: RuleState; readonly provenance: Provenance }[];
};

type DataSourceState = {
  readonly uid: string;
  readonly name: string;
  readonly type: string;
  readonly isDefault: boolean;
};

export type GrafanaStore = {
  readonly folders: Map<string, FolderState>;
  readonly dashboards: Map<string, DashboardState>;
  readonly contactPoints: Map<string, ContactPointState>;
  /** By folder and title, `folder/title`. */
  readonly groups: Map<string, GroupState>;
  dataSources: readonly DataSourceState[];
};

export function makeStore(): GrafanaStore {
  return {
    folders: new Map(),
    dashboards: new Map(),
    contactPoints: new Map(),
    groups: new Map(),
    dataSources: [
      { uid: "grafanacloud-prom", name: "grafanacloud-flashmm-prom", type: "prometheus", isDefault: true },
      { uid: "grafanacloud-usage", name: "grafanacloud-usage", type: "prometheus", isDefault: false },
    ],
  };
}

/** Everything but what grows with each write, as text: two of the same are the same Grafana. */
export function describeStore(store: GrafanaStore): string {
  const withoutVersion = <State extends { version: number }>(map: Map<string, State>) =>
    [...map].map(([uid, { version: _, ...state }]) => [uid, state]);
  return JSON.stringify({
    folders: withoutVersion(store.folders),
    dashboards: withoutVersion(store.dashboards),
    contactPoints: [...store.contactPoints],
    groups: [...store.groups],
  });
}
