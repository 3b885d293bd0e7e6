/**
 * Grafana as it is to be: folder, contact points, dashboard, rules, in an order in which each finds what it names. Owns the order and what
 * is told of it; every step leaves what is right as it is, so that it may be run as often as one likes and ended anywhere.
 */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import { type Change, putObject } from "./app-objects.ts";
import { type AlertTargets, putContactPoints, removeLeftPoints } from "./contact-points.ts";
import { DASHBOARD_UID, type DataSources, makeDashboard } from "./dashboard.ts";
import type { GrafanaClient } from "./grafana-client.ts";
import { findDataSources, readInstance } from "./instance.ts";
import { putLegacyDashboard, putLegacyFolder } from "./legacy-objects.ts";
import { FOLDER_UID, makeRuleGroup, RULE_GROUP } from "./rule-group.ts";

export type ProvisionSettings = {
  readonly targets: AlertTargets;
  /** An operator's choice of the Prometheus data source. */
  readonly dataSourceUid: string | undefined;
  readonly runbookUrl: string;
  /** Every market there is to be; empty where nobody says. */
  readonly markets: readonly string[];
};

export type Provisioned = {
  readonly version: string;
  /** `apis`: Grafana's current API; `legacy`: the one before. */
  readonly api: "apis" | "legacy";
  readonly dataSources: DataSources;
  readonly folder: Change;
  readonly dashboard: Change;
  readonly rules: number;
  readonly receiver: string | undefined;
  readonly removed: readonly string[];
};

const FOLDER_TITLE = "FlashMM";
const MESSAGE = "provisioned by FlashMM";

const groupSchema = z.object({ interval: z.number(), rules: z.array(z.object({ uid: z.string() })) });

/**
 * Rejects with `GrafanaError` or `InputError`; what was done until then stays. A data source that is missing is told after everything that
 * needs none is in place: the dashboard, which names the one that is expected and shows its figures once it is there, and no rule, since
 * Grafana takes none that asks nobody.
 */
export async function provision(client: GrafanaClient, settings: ProvisionSettings): Promise<Provisioned> {
  const { version, namespace } = await readInstance(client);
  const found = await findDataSources(client, settings.dataSourceUid);
  const { folder, api } = await putFolder(client, namespace);
  const receiver = await putContactPoints(client, settings.targets);
  const dashboard = await putDashboard(client, namespace, found.dataSources);
  if (found.missing !== undefined) throw found.missing;
  const { dataSources } = found;
  const rules = await putRules(client, dataSources, { ...settings, receiver });
  const removed = await removeLeftPoints(client, settings.targets);
  return { version, api, dataSources, folder, dashboard, rules, receiver, removed };
}

async function putFolder(
  client: GrafanaClient,
  namespace: string | undefined,
): Promise<{ readonly folder: Change; readonly api: Provisioned["api"] }> {
  if (namespace !== undefined) {
    const folder = await putObject(client, namespace, {
      group: "folder.grafana.app",
      kind: "Folder",
      plural: "folders",
      name: FOLDER_UID,
      annotations: {},
      spec: { title: FOLDER_TITLE },
    });
    if (folder !== undefined) return { folder, api: "apis" };
  }
  return { folder: await putLegacyFolder(client, FOLDER_UID, FOLDER_TITLE), api: "legacy" };
}

async function putDashboard(
  client: GrafanaClient,
  namespace: string | undefined,
  dataSources: DataSources,
): Promise<Change> {
  const spec = { ...makeDashboard(dataSources) };
  if (namespace !== undefined) {
    const change = await putObject(client, namespace, {
      group: "dashboard.grafana.app",
      kind: "Dashboard",
      plural: "dashboards",
      name: DASHBOARD_UID,
      annotations: { "grafana.app/folder": FOLDER_UID },
      spec,
    });
    if (change !== undefined) return change;
  }
  return await putLegacyDashboard(client, { uid: DASHBOARD_UID, folderUid: FOLDER_UID, message: MESSAGE }, spec);
}

/** The group is written as a whole each time: Grafana itself finds what differs. Answers how many rules it says it has now. */
async function putRules(
  client: GrafanaClient,
  dataSources: DataSources,
  settings: Parameters<typeof makeRuleGroup>[1],
): Promise<number> {
  const group = makeRuleGroup(dataSources, settings);
  const path = `/api/v1/provisioning/folder/${FOLDER_UID}/rule-groups/${RULE_GROUP}`;
  await client.call({ method: "PUT", path, body: group });
  const { json } = await client.call({ method: "GET", path });
  const stored = groupSchema.parse(json).rules.map(({ uid }) => uid);
  const wanted = group.rules?.map(({ uid }) => uid ?? "") ?? [];
  if (stored.toSorted().join() !== wanted.toSorted().join()) {
    throw new InputError({ what: "the rules that Grafana has", expected: wanted.join(", "), was: stored.join(", ") });
  }
  return stored.length;
}
