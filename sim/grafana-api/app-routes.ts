/**
 * Folders and dashboards by Grafana's `/apis` (folder.grafana.app, dashboard.grafana.app), as Kubernetes objects: versions, clashes, and the
 * errors of both. Owns the calls; the state is the store's.
 */
import * as z from "zod";
import { type GrafanaAnswer, type GrafanaCall, GrafanaRefusal, refuseObject } from "./answer.ts";
import type { GrafanaStore } from "./store.ts";

const PATH = /^\/apis\/([^/]+)\/([^/]+)\/namespaces\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/;
const FOLDER = "grafana.app/folder";
const UID = /^[a-zA-Z0-9-_]{1,40}$/;

const KINDS = {
  folders: { group: "folder.grafana.app", kind: "Folder" },
  dashboards: { group: "dashboard.grafana.app", kind: "Dashboard" },
} as const;
type Plural = keyof typeof KINDS;

const bodySchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    resourceVersion: z.string().optional(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.record(z.string(), z.unknown()),
});
type Body = z.infer<typeof bodySchema>;

export type AppSettings = { readonly namespace: string; readonly versions: readonly string[] };

/** Undefined when it is no call to these. */
export function answerApp(store: GrafanaStore, call: GrafanaCall, settings: AppSettings): GrafanaAnswer | undefined {
  if (!call.path.startsWith("/apis/")) return undefined;
  const [, group, version = "", namespace, plural = "", name] = PATH.exec(call.path) ?? [];
  const isServed =
    isPlural(plural) &&
    KINDS[plural].group === group &&
    namespace === settings.namespace &&
    settings.versions.includes(version);
  // An API that is not there is told as text, unlike an object that is not there.
  if (!isServed) throw new GrafanaRefusal({ status: 404, body: "404 page not found\n" });
  switch (`${call.method} ${name === undefined ? "all" : "one"}`) {
    case "GET one":
      return { status: 200, body: read(store, plural, version, name ?? "") };
    case "POST all":
      return create(store, plural, version, parse(call, plural, version));
    case "PUT one":
      return replace(store, plural, version, name ?? "", parse(call, plural, version));
    default:
      throw new GrafanaRefusal({ status: 405, body: "method not allowed" });
  }
}

function read(store: GrafanaStore, plural: Plural, version: string, name: string): unknown {
  const stored = plural === "folders" ? store.folders.get(name) : store.dashboards.get(name);
  const { group, kind } = KINDS[plural];
  if (stored === undefined) refuse(404, "NotFound", plural, name, `${plural}.${group} "${name}" not found`);
  const folderUid = "folderUid" in stored && stored.folderUid !== "" ? { [FOLDER]: stored.folderUid } : {};
  return {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: {
      name,
      uid: `k8s-${plural}-${name}`,
      resourceVersion: `${stored.version}`,
      annotations: { ...stored.annotations, ...folderUid },
    },
    // The server keeps fields of its own in a dashboard.
    spec: "spec" in stored ? { ...stored.spec, version: stored.version } : { title: stored.title },
  };
}

function create(store: GrafanaStore, plural: Plural, version: string, body: Body): GrafanaAnswer {
  const { name } = body.metadata;
  const isThere = plural === "folders" ? store.folders.has(name) : store.dashboards.has(name);
  if (isThere) refuse(409, "AlreadyExists", plural, name, `${plural} "${name}" already exists`);
  write(store, plural, body);
  return { status: 201, body: read(store, plural, version, name) };
}

function replace(store: GrafanaStore, plural: Plural, version: string, name: string, body: Body): GrafanaAnswer {
  if (body.metadata.name !== name)
    refuse(400, "BadRequest", plural, name, "the name of the URL and of the object differ");
  const stored = plural === "folders" ? store.folders.get(name) : store.dashboards.get(name);
  const { resourceVersion } = body.metadata;
  // Without one the write is unconditional, and makes what is not there (`AllowUnconditionalUpdate`, `AllowCreateOnUpdate`).
  if (resourceVersion !== undefined && resourceVersion !== `${stored?.version}`) {
    refuse(
      409,
      "Conflict",
      plural,
      name,
      "the object has been modified; please apply your changes to the latest version",
    );
  }
  write(store, plural, body);
  return { status: stored === undefined ? 201 : 200, body: read(store, plural, version, name) };
}

function write(store: GrafanaStore, plural: Plural, { metadata, spec }: Body): void {
  const { name, annotations } = metadata;
  const { [FOLDER]: folderUid = "", ...others } = annotations;
  if (typeof spec["title"] !== "string" || spec["title"] === "")
    refuse(400, "Invalid", plural, name, "spec.title is required");
  if (plural === "folders") {
    const version = (store.folders.get(name)?.version ?? 0) + 1;
    store.folders.set(name, { title: spec["title"], version, annotations: others });
    return;
  }
  if (folderUid !== "" && !store.folders.has(folderUid)) refuse(400, "Invalid", plural, name, "folder not found");
  if (typeof spec["schemaVersion"] !== "number") refuse(400, "Invalid", plural, name, "spec.schemaVersion is required");
  const version = (store.dashboards.get(name)?.version ?? 0) + 1;
  const { version: _, id: __, ...kept } = spec;
  store.dashboards.set(name, { spec: kept, version, folderUid, annotations: others });
}

function parse(call: GrafanaCall, plural: Plural, version: string): Body {
  const { group, kind } = KINDS[plural];
  const parsed = bodySchema.safeParse(call.body);
  if (!parsed.success) return refuse(400, "BadRequest", plural, "", z.prettifyError(parsed.error));
  const { metadata, apiVersion } = parsed.data;
  const { name } = metadata;
  if (apiVersion !== `${group}/${version}`) refuse(400, "BadRequest", plural, name, `apiVersion is ${apiVersion}`);
  if (parsed.data.kind !== kind) refuse(400, "BadRequest", plural, name, `kind is ${parsed.data.kind}`);
  if (!UID.test(name))
    refuse(400, "Invalid", plural, name, "name must match [a-zA-Z0-9-_] and have at most 40 characters");
  return parsed.data;
}

function refuse(
  status: number,
  reason: Parameters<typeof refuseObject>[1],
  plural: Plural,
  name: string,
  message: string,
): never {
  return refuseObject(status, reason, { group: KINDS[plural].group, kind: plural, name, message });
}

function isPlural(text: string): text is Plural {
  return text in KINDS;
}
