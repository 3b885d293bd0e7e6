/**
 * Contact points and rule groups by Grafana's provisioning API: receivers that must exist, groups that are replaced as a whole, and
 * provenance that cannot be taken away. Owns the calls; the state is the store's.
 */
import * as z from "zod";
import { queryFault, type Rule, ruleSchema } from "./alert-rule.ts";
import { type GrafanaAnswer, type GrafanaCall, refuse } from "./answer.ts";
import type { ContactPointState, GrafanaStore, Provenance } from "./store.ts";

const POINTS = /^\/api\/v1\/provisioning\/contact-points(?:\/([^/]+))?$/;
const GROUPS = /^\/api\/v1\/provisioning\/folder\/([^/]+)\/rule-groups\/([^/]+)$/;
/** The scheduler's own step. */
const INTERVAL_STEP_SECONDS = 10;

const contactPoint = z.discriminatedUnion("type", [
  z.strictObject({
    uid: z.string().regex(/^[a-zA-Z0-9-_]{1,40}$/),
    name: z.string().min(1),
    type: z.literal("webhook"),
    settings: z.looseObject({ url: z.url() }),
    disableResolveMessage: z.boolean().default(false),
  }),
  z.strictObject({
    uid: z.string().regex(/^[a-zA-Z0-9-_]{1,40}$/),
    name: z.string().min(1),
    type: z.literal("email"),
    settings: z.looseObject({ addresses: z.string().includes("@") }),
    disableResolveMessage: z.boolean().default(false),
  }),
]);

const groupSchema = z.strictObject({
  title: z.string().min(1).max(190),
  folderUid: z.string(),
  interval: z.number().int().positive(),
  rules: z.array(ruleSchema).optional(),
});

/** Undefined when it is no call to these. */
export function answerAlerting(store: GrafanaStore, call: GrafanaCall): GrafanaAnswer | undefined {
  const point = POINTS.exec(call.path);
  if (point !== null) return answerPoints(store, call, point[1]);
  const [, folder, group] = GROUPS.exec(call.path) ?? [];
  if (folder === undefined || group === undefined) return undefined;
  const key = `${decodeURIComponent(folder)}/${decodeURIComponent(group)}`;
  switch (call.method) {
    case "GET":
      return { status: 200, body: readGroup(store, key) };
    case "PUT":
      return putGroup(store, key, call);
    default:
      return refuse(405, "method not allowed");
  }
}

function answerPoints(store: GrafanaStore, call: GrafanaCall, uid: string | undefined): GrafanaAnswer {
  const { contactPoints } = store;
  switch (`${call.method} ${uid === undefined ? "all" : "one"}`) {
    case "GET all": {
      const name = call.query.get("name");
      const found = [...contactPoints.values()].filter((point) => name === null || point.name === name);
      return { status: 200, body: found };
    }
    case "POST all": {
      const point = parse(contactPoint, call);
      if (contactPoints.has(point.uid)) refuse(409, `contact point ${point.uid} already exists`);
      contactPoints.set(point.uid, { ...point, provenance: provenanceOf(call) });
      return { status: 202, body: contactPoints.get(point.uid) };
    }
    case "PUT one": {
      const point = parse(contactPoint, call);
      const standing = contactPoints.get(uid ?? "");
      if (standing === undefined || point.uid !== uid) return refuse(404, "contact point not found");
      assertProvenance(standing.provenance, provenanceOf(call));
      contactPoints.set(uid, { ...point, provenance: provenanceOf(call) });
      return { status: 202, body: { message: "contactpoint updated" } };
    }
    case "DELETE one": {
      const standing = contactPoints.get(uid ?? "");
      if (standing === undefined) return refuse(404, "contact point not found");
      if (isInUse(store, standing)) refuse(409, "contact point is currently used by an alert rule");
      contactPoints.delete(standing.uid);
      return { status: 202, body: { message: "contactpoint deleted" } };
    }
    default:
      return refuse(405, "method not allowed");
  }
}

/** A receiver goes with its last integration. */
function isInUse(store: GrafanaStore, point: ContactPointState): boolean {
  const others = [...store.contactPoints.values()].filter(({ name, uid }) => name === point.name && uid !== point.uid);
  return others.length === 0 && receiversInUse(store).includes(point.name);
}

function receiversInUse({ groups }: GrafanaStore): readonly string[] {
  const settings = z.object({ notification_settings: z.object({ receiver: z.string() }) });
  return [...groups.values()].flatMap(({ rules }) =>
    rules.flatMap(({ rule }) => settings.safeParse(rule).data?.notification_settings.receiver ?? []),
  );
}

function readGroup(store: GrafanaStore, key: string): unknown {
  const group = store.groups.get(key);
  if (group === undefined) return refuse(404, "rule group not found");
  const rules = group.rules.map(({ rule, provenance }, index) => ({ id: index + 1, ...rule, provenance }));
  return { title: group.title, folderUid: group.folderUid, interval: group.interval, rules };
}

function putGroup(store: GrafanaStore, key: string, call: GrafanaCall): GrafanaAnswer {
  const group = parse(groupSchema, call);
  if (`${group.folderUid}/${group.title}` !== key) refuse(400, "folder and title must be those of the URL");
  if (!store.folders.has(group.folderUid)) refuse(400, "folder does not exist");
  if (group.interval % INTERVAL_STEP_SECONDS !== 0) refuse(400, "interval must be a multiple of 10 s");
  const standing = store.groups.get(key);
  const provenance = provenanceOf(call);
  if (group.rules === undefined) {
    // Without rules the interval alone is written.
    if (standing === undefined) return refuse(400, "a new group needs rules");
    store.groups.set(key, { ...standing, interval: group.interval });
    return { status: 200, body: readGroup(store, key) };
  }
  for (const rule of group.rules) assertRule(store, key, rule);
  assertAllDiffer(group.rules);
  for (const { rule, provenance: before } of standing?.rules ?? []) {
    const isLeft = !group.rules.some(({ uid }) => uid === rule.uid);
    // One that is deleted is changed too.
    if (isLeft || before !== "") assertProvenance(before, provenance);
  }
  // Those not in the list are gone.
  const rules = group.rules.map((rule) => ({ rule, provenance }));
  store.groups.set(key, { title: group.title, folderUid: group.folderUid, interval: group.interval, rules });
  return { status: 200, body: readGroup(store, key) };
}

function assertRule(store: GrafanaStore, key: string, rule: Rule): void {
  if (`${rule.folderUID}/${rule.ruleGroup}` !== key) refuse(400, `rule ${rule.uid} names another folder or group`);
  const fault = queryFault(rule, new Set(store.dataSources.map(({ uid }) => uid)));
  if (fault !== undefined) refuse(400, `rule ${rule.uid}: ${fault}`);
  const receiver = rule.notification_settings?.receiver;
  const receivers = [...store.contactPoints.values()].map(({ name }) => name);
  if (receiver !== undefined && !receivers.includes(receiver)) {
    refuse(400, `rule ${rule.uid}: receiver "${receiver}" does not exist`);
  }
  const elsewhere = [...store.groups].filter(([other]) => other !== key).flatMap(([, { rules }]) => rules);
  if (elsewhere.some(({ rule: other }) => other.uid === rule.uid)) refuse(400, `rule ${rule.uid} is in another group`);
}

function assertAllDiffer(rules: NonNullable<z.infer<typeof groupSchema>["rules"]>): void {
  for (const field of ["uid", "title"] as const) {
    const values = rules.map((rule) => rule[field]);
    if (new Set(values).size !== values.length) refuse(400, `rules of one folder must differ in their ${field}`);
  }
}

/** The header's presence decides, whatever it says. */
function provenanceOf({ headers }: GrafanaCall): Provenance {
  return headers["x-disable-provenance"] === undefined ? "api" : "";
}

function assertProvenance(before: Provenance, after: Provenance): void {
  if (before !== "" && before !== after) refuse(409, `cannot change provenance from '${before}' to '${after}'`);
}

function parse<Value>(schema: z.ZodType<Value>, { body }: GrafanaCall): Value {
  const parsed = schema.safeParse(body);
  return parsed.success ? parsed.data : refuse(400, z.prettifyError(parsed.error));
}
