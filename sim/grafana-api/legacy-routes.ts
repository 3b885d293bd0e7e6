/** Folders and dashboards by Grafana's classic API, with its versions and its 412s. Owns the calls; the state is the store's. */
import * as z from "zod";
import { type GrafanaAnswer, type GrafanaCall, refuse } from "./answer.ts";
import type { GrafanaStore } from "./store.ts";

const newFolder = z.object({ uid: z.string().min(1).max(40), title: z.string().min(1) });
const folderChange = z.object({
  title: z.string().min(1),
  version: z.number().optional(),
  overwrite: z.boolean().default(false),
});
const dashboardWrite = z.object({
  dashboard: z.looseObject({
    id: z.null(),
    uid: z.string().min(1).max(40),
    title: z.string().min(1),
    schemaVersion: z.number(),
    version: z.number().optional(),
  }),
  folderUid: z.string().default(""),
  message: z.string().optional(),
  overwrite: z.boolean().default(false),
});

/** Undefined when it is no call to these. */
export function answerLegacy(store: GrafanaStore, call: GrafanaCall): GrafanaAnswer | undefined {
  const [, collection, segment, uid] =
    /^\/api\/(folders|dashboards)(?:\/([^/]+)(?:\/([^/]+))?)?$/.exec(call.path) ?? [];
  switch (`${call.method} ${collection}`) {
    case "GET folders":
      return segment === undefined ? undefined : { status: 200, body: readFolder(store, segment) };
    case "POST folders":
      return segment === undefined ? createFolder(store, parse(newFolder, call)) : undefined;
    case "PUT folders":
      return segment === undefined ? undefined : changeFolder(store, segment, parse(folderChange, call));
    case "GET dashboards":
      return segment === "uid" && uid !== undefined ? { status: 200, body: readDashboard(store, uid) } : undefined;
    case "POST dashboards":
      return segment === "db" ? writeDashboard(store, parse(dashboardWrite, call)) : undefined;
    default:
      return undefined;
  }
}

function readFolder(store: GrafanaStore, uid: string) {
  const folder = store.folders.get(uid);
  if (folder === undefined) return refuse(404, "folder not found");
  return { uid, title: folder.title, version: folder.version };
}

function createFolder(store: GrafanaStore, { uid, title }: z.infer<typeof newFolder>): GrafanaAnswer {
  if (store.folders.has(uid)) refuse(412, "a folder with the same uid already exists", { status: "name-exists" });
  store.folders.set(uid, { title, version: 1, annotations: {} });
  return { status: 200, body: readFolder(store, uid) };
}

function changeFolder(store: GrafanaStore, uid: string, change: z.infer<typeof folderChange>): GrafanaAnswer {
  const { version } = readFolder(store, uid);
  if (!change.overwrite && change.version !== version) {
    refuse(412, "the folder has been changed by someone else", { status: "version-mismatch" });
  }
  store.folders.set(uid, { title: change.title, version: version + 1, annotations: {} });
  return { status: 200, body: readFolder(store, uid) };
}

function readDashboard(store: GrafanaStore, uid: string) {
  const stored = store.dashboards.get(uid);
  if (stored === undefined) return refuse(404, "Dashboard not found");
  const { spec, version, folderUid } = stored;
  return { dashboard: { ...spec, id: 7, uid, version }, meta: { folderUid, version } };
}

function writeDashboard(store: GrafanaStore, write: z.infer<typeof dashboardWrite>): GrafanaAnswer {
  const { dashboard, folderUid, overwrite } = write;
  const { id: _, uid, version: given, ...spec } = dashboard;
  if (folderUid !== "" && !store.folders.has(folderUid)) refuse(400, "folder not found");
  const stored = store.dashboards.get(uid);
  if (!overwrite && stored !== undefined && given !== stored.version) {
    refuse(412, "The dashboard has been changed by someone else", { status: "version-mismatch" });
  }
  const version = (stored?.version ?? 0) + 1;
  // A write that names no folder moves the dashboard to the root.
  store.dashboards.set(uid, { spec: { ...spec, uid }, version, folderUid, annotations: {} });
  return { status: 200, body: { id: 7, uid, url: `/d/${uid}`, status: "success", version, slug: "flashmm" } };
}

function parse<Value>(schema: z.ZodType<Value>, { body }: GrafanaCall): Value {
  const parsed = schema.safeParse(body);
  return parsed.success ? parsed.data : refuse(400, z.prettifyError(parsed.error));
}
