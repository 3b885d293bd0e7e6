/**
 * Folder and dashboard by Grafana's `/apis`, object by object under a fixed name: looked at, and written where it is not what is wanted.
 * Owns what counts as the same, and the one more try after a clash; a Grafana without these is `legacy-objects.ts`'s.
 */
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { type GrafanaClient, GrafanaError } from "./grafana-client.ts";

export type Change = "created" | "updated" | "unchanged";

export type AppObject = {
  readonly group: "folder.grafana.app" | "dashboard.grafana.app";
  readonly kind: "Folder" | "Dashboard";
  readonly plural: "folders" | "dashboards";
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
};

/** Newest first. */
const VERSIONS = ["v1", "v1beta1"] as const;
const CLASHES_MAX = 2;
/** What Grafana itself keeps in a dashboard. */
const SERVER_OWNED = ["id", "uid", "version"];

const storedSchema = z.object({
  metadata: z.object({
    name: z.string(),
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.record(z.string(), z.unknown()),
});
type Stored = z.infer<typeof storedSchema>;

/** What a missing object is answered with; a missing API is answered otherwise. */
const missingSchema = z.object({ reason: z.literal("NotFound"), details: z.object({ name: z.string() }) });

/** Undefined when this Grafana has no such API. */
export async function putObject(
  client: GrafanaClient,
  namespace: string,
  wanted: AppObject,
): Promise<Change | undefined> {
  for (const version of VERSIONS) {
    const change = await putAs(client, `/apis/${wanted.group}/${version}/namespaces/${namespace}`, version, wanted);
    if (change !== undefined) return change;
  }
  return undefined;
}

async function putAs(
  client: GrafanaClient,
  base: string,
  version: string,
  wanted: AppObject,
): Promise<Change | undefined> {
  const path = `${base}/${wanted.plural}`;
  const objectPath = `${path}/${wanted.name}`;
  for (let clashes = 0; ; clashes++) {
    const { status, json } = await client.call({ method: "GET", path: objectPath, accepts: [404] });
    if (status === 404 && missingSchema.safeParse(json).data?.details.name !== wanted.name) return undefined;
    const stored = status === 404 ? undefined : storedSchema.parse(json);
    if (stored !== undefined && isAsWanted(stored, wanted)) return "unchanged";
    const body = toBody(version, wanted, stored);
    const answer = await client.call(
      stored === undefined
        ? { method: "POST", path, body, accepts: [409] }
        : { method: "PUT", path: objectPath, body, accepts: [409, 412] },
    );
    if (answer.status !== 409 && answer.status !== 412) return stored === undefined ? "created" : "updated";
    // Somebody wrote between the look and the write, or the first try of a call that was made twice had arrived.
    if (clashes >= CLASHES_MAX) {
      throw new GrafanaError(`${objectPath}: it was changed by others at each of ${CLASHES_MAX + 1} tries`, {
        status: answer.status,
      });
    }
  }
}

function toBody(version: string, wanted: AppObject, stored: Stored | undefined): unknown {
  const { group, kind, name, annotations, spec } = wanted;
  return {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: {
      name,
      // Those of others stay.
      annotations: { ...stored?.metadata.annotations, ...annotations },
      ...(stored === undefined ? {} : { resourceVersion: stored.metadata.resourceVersion }),
    },
    spec,
  };
}

function isAsWanted(stored: Stored, wanted: AppObject): boolean {
  const { annotations } = stored.metadata;
  const isPlaced = Object.entries(wanted.annotations).every(([name, value]) => annotations[name] === value);
  return isPlaced && isSameSpec(stored.spec, wanted.spec);
}

/** Whether two hold the same but for what the server keeps in them. */
export function isSameSpec(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  return isDeepStrictEqual(withoutServerOwned(a), withoutServerOwned(b));
}

/** As JSON carries it: an absent field and an undefined one are the same there. */
function withoutServerOwned(spec: Readonly<Record<string, unknown>>): unknown {
  const kept = Object.entries(spec).filter(([name]) => !SERVER_OWNED.includes(name));
  return JSON.parse(JSON.stringify(Object.fromEntries(kept)));
}
