/**
 * What Grafana demands of one alert rule. Owns the grammar, as strict as the server's own and stricter in one thing: a field that is not
 * known is refused, where the server would pass it over.
 */
import * as z from "zod";

const DURATION = /^(?:0|(?:\d+(?:ms|[smhdw]))+)$/;
const duration = z.string().regex(DURATION);
const uid = z.string().regex(/^[a-zA-Z0-9-_]{1,40}$/);
const label = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/);

const EXPRESSION = "__expr__";

const threshold = z.object({
  type: z.literal("threshold"),
  expression: z.string(),
  conditions: z
    .array(z.object({ evaluator: z.object({ type: z.string(), params: z.array(z.number()).min(1) }) }))
    // "threshold expression requires exactly one condition" (pkg/expr/threshold.go).
    .length(1),
});
const reduce = z.object({
  type: z.literal("reduce"),
  expression: z.string(),
  reducer: z.enum(["sum", "mean", "min", "max", "count", "last", "median"]),
});
const expressionModel = z.union([threshold, reduce]);

const query = z.strictObject({
  refId: z.string().min(1),
  queryType: z.string().default(""),
  relativeTimeRange: z.strictObject({ from: z.number().int(), to: z.number().int() }),
  datasourceUid: z.string().min(1),
  model: z.looseObject({ refId: z.string() }),
});

const notificationSettings = z.strictObject({
  receiver: z.string().min(1),
  group_by: z
    .array(z.string())
    .refine((by) => by.includes("...") || (by.includes("alertname") && by.includes("grafana_folder")), {
      message: "group_by must contain alertname and grafana_folder",
    })
    .optional(),
  group_wait: duration.optional(),
  group_interval: duration.optional(),
  repeat_interval: duration.optional(),
  mute_time_intervals: z.array(z.string()).optional(),
  active_time_intervals: z.array(z.string()).optional(),
});

export const ruleSchema = z
  .strictObject({
    uid,
    id: z.number().optional(),
    orgID: z.number().int(),
    folderUID: uid,
    ruleGroup: z.string().min(1).max(190),
    title: z.string().min(1).max(190),
    condition: z.string().min(1),
    data: z.array(query).min(1),
    for: duration,
    keep_firing_for: duration.optional(),
    noDataState: z.enum(["Alerting", "NoData", "OK", "KeepLast"]),
    execErrState: z.enum(["OK", "Error", "Alerting", "KeepLast"]),
    isPaused: z.boolean().default(false),
    missingSeriesEvalsToResolve: z.number().int().positive().optional(),
    labels: z.record(label, z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
    notification_settings: notificationSettings.optional(),
  })
  .refine((rule) => rule.data.some(({ refId }) => refId === rule.condition), {
    message: "condition must name one of the queries",
  })
  .refine((rule) => !("__panelId__" in rule.annotations) || "__dashboardUid__" in rule.annotations, {
    message: "__panelId__ needs __dashboardUid__",
  })
  .refine((rule) => new Set(rule.data.map(({ refId }) => refId)).size === rule.data.length, {
    message: "refIds must differ",
  });

export type Rule = z.infer<typeof ruleSchema>;

/** What is wrong with the queries of a rule, or undefined: their data sources, and expressions that name no query. */
export function queryFault(rule: Rule, dataSourceUids: ReadonlySet<string>): string | undefined {
  const refIds = new Set(rule.data.map(({ refId }) => refId));
  for (const { datasourceUid, model, refId } of rule.data) {
    if (model.refId !== refId) return `refId of the model of ${refId} is ${model.refId}`;
    if (datasourceUid !== EXPRESSION) {
      if (!dataSourceUids.has(datasourceUid)) return `data source ${datasourceUid} not found`;
      continue;
    }
    const parsed = expressionModel.safeParse(model);
    if (!parsed.success) return `failed to parse expression ${refId}: ${z.prettifyError(parsed.error)}`;
    if (!refIds.has(parsed.data.expression)) return `expression ${refId} names ${parsed.data.expression}`;
  }
  return undefined;
}
