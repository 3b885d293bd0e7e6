/** Folder and dashboard by the API that Grafana had before its `/apis`, and still has. Owns its shapes and its clashes. */
import * as z from "zod";
import { type Change, isSameSpec } from "./app-objects.ts";
import type { GrafanaClient } from "./grafana-client.ts";

const folderSchema = z.object({ uid: z.string(), title: z.string() });
const dashboardSchema = z.object({
  dashboard: z.record(z.string(), z.unknown()),
  meta: z.object({ folderUid: z.string().default("") }),
});

export async function putLegacyFolder(client: GrafanaClient, uid: string, title: string): Promise<Change> {
  const path = `/api/folders/${uid}`;
  const { status, json } = await client.call({ method: "GET", path, accepts: [404] });
  if (status === 404) {
    // 409 and 412: it has come to be meanwhile, which is all that is wanted.
    await client.call({ method: "POST", path: "/api/folders", body: { uid, title }, accepts: [409, 412] });
    return "created";
  }
  if (folderSchema.parse(json).title === title) return "unchanged";
  await client.call({ method: "PUT", path, body: { title, overwrite: true } });
  return "updated";
}

export async function putLegacyDashboard(
  client: GrafanaClient,
  wanted: { readonly uid: string; readonly folderUid: string; readonly message: string },
  spec: Readonly<Record<string, unknown>>,
): Promise<Change> {
  const { uid, folderUid, message } = wanted;
  const { status, json } = await client.call({ method: "GET", path: `/api/dashboards/uid/${uid}`, accepts: [404] });
  const stored = status === 404 ? undefined : dashboardSchema.parse(json);
  if (stored !== undefined && stored.meta.folderUid === folderUid && isSameSpec(stored.dashboard, spec)) {
    return "unchanged";
  }
  // Without its folder it would move to the root; `overwrite` takes the place of whatever version stands there.
  const dashboard = { ...spec, id: null, uid };
  await client.call({
    method: "POST",
    path: "/api/dashboards/db",
    body: { dashboard, folderUid, message, overwrite: true },
  });
  return stored === undefined ? "created" : "updated";
}
