/** What this Grafana is: its version, its namespace, its data sources. Owns the choice of the data sources and the refusal to guess one. */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import { boundedText } from "../bounded-text.ts";
import { readAnswer } from "../read-answer.ts";
import type { DataSources } from "./dashboard.ts";
import { type GrafanaClient, GrafanaError } from "./grafana-client.ts";

export type Instance = {
  readonly version: string;
  /** Of the `/apis`: `default`, or `stacks-<id>` in the cloud; undefined where this Grafana has none. */
  readonly namespace: string | undefined;
};

/** The oldest whose alerting API is the one that is written. */
const MAJOR_MIN = 11;
/** The data source that Grafana Cloud keeps a stack's own metrics in. */
const CLOUD_UID = "grafanacloud-prom";
/** Grafana Cloud's bill is of the same type, and holds none of our metrics. */
const USAGE_UID = "grafanacloud-usage";

/** Kubernetes' own bound of a namespace (RFC 1123 label). */
const NAMESPACE_CHARACTERS_MAX = 63;

const healthSchema = z.object({ version: z.string(), database: z.string().optional() });
const settingsSchema = z.object({ namespace: boundedText(NAMESPACE_CHARACTERS_MAX, 1).optional() });
const dataSourcesSchema = z.array(
  z.object({ uid: z.string(), type: z.string(), name: z.string(), isDefault: z.boolean().default(false) }),
);

export async function readInstance(client: GrafanaClient): Promise<Instance> {
  const { json } = await client.call({ method: "GET", path: "/api/health" });
  const health = healthSchema.safeParse(json);
  if (!health.success) throw new GrafanaError("GET /api/health: the address answers, and it is no Grafana");
  const { version } = health.data;
  if (Number.parseInt(version, 10) < MAJOR_MIN) {
    throw new InputError({ what: "Grafana's version", expected: `${MAJOR_MIN} or newer`, was: version });
  }
  const settings = await client.call({ method: "GET", path: "/api/frontend/settings", accepts: [404] });
  return { version, namespace: settingsSchema.safeParse(settings.json).data?.namespace };
}

/** With `missing`, what is wrong: the Prometheus of `dataSources` is then the one that is expected, and is not there. */
export type FoundDataSources = { readonly dataSources: DataSources; readonly missing: InputError | undefined };

/** `wantedUid` is an operator's choice; without one it is the cloud's own, the default, or the only one there is. */
export async function findDataSources(client: GrafanaClient, wantedUid: string | undefined): Promise<FoundDataSources> {
  const { json } = await client.call({ method: "GET", path: "/api/datasources" });
  const all = readAnswer(dataSourcesSchema, json, "Grafana's data sources");
  const prometheus = all.filter(({ type, uid }) => type === "prometheus" && uid !== USAGE_UID);
  const found =
    wantedUid === undefined
      ? (prometheus.find(({ uid }) => uid === CLOUD_UID) ??
        prometheus.find(({ isDefault }) => isDefault) ??
        (prometheus.length === 1 ? prometheus[0] : undefined))
      : prometheus.find(({ uid }) => uid === wantedUid);
  const cloudWatch = all.find(({ type }) => type === "cloudwatch");
  const prometheusUid = found?.uid ?? wantedUid ?? CLOUD_UID;
  return {
    dataSources: { prometheus: { uid: prometheusUid }, cloudWatch: cloudWatch && { uid: cloudWatch.uid } },
    missing: found === undefined ? missingSource(wantedUid, all) : undefined,
  };
}

function missingSource(wantedUid: string | undefined, all: z.infer<typeof dataSourcesSchema>): InputError {
  const expected =
    wantedUid === undefined
      ? `one of type prometheus that is named ${CLOUD_UID}, is the default or stands alone (GRAFANA_DATASOURCE_UID chooses)`
      : `one of type prometheus with uid ${wantedUid}`;
  const was = all.map(({ uid, type }) => `${uid} (${type})`).join(", ") || "none";
  return new InputError({ what: "Grafana's data sources", expected, was });
}
