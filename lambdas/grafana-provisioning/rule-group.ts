/**
 * The alert rules as Grafana takes them: one group, replaced as a whole, so that what is not in it any more goes. Owns the JSON; what is
 * alerted is `alerts.ts`'s. Rules name their receiver themselves: the stack's policy tree, which others share, is never written.
 */
import {
  NotificationSettingsBuilder,
  QueryBuilder,
  RuleBuilder,
  type RuleGroup,
  RuleGroupBuilder,
} from "@grafana/grafana-foundation-sdk/alerting";
import { TypeReduceBuilder, TypeThresholdBuilder } from "@grafana/grafana-foundation-sdk/expr";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { type AlertSpec, makeAlerts } from "./alerts.ts";
import { DASHBOARD_UID, type DataSources } from "./dashboard.ts";

export const FOLDER_UID = "flashmm";
export const RULE_GROUP = "flashmm-core";

export type RuleSettings = {
  /** The contact point that alerts go to; undefined leaves it to the stack's own policies. */
  readonly receiver: string | undefined;
  /** Where `docs/runbook.md` can be read, without a fragment. */
  readonly runbookUrl: string;
  /** Every market there is to be; empty where nobody says. */
  readonly markets: readonly string[];
};

const EVERY_SECONDS = 60;
/** How far back a query of the rule may look; the queries' own windows are what counts. */
const RANGE = { from: 600, to: 0 };
const NOW = { from: 0, to: 0 };
const EXPRESSION = "__expr__";

/** The same bytes for the same settings. */
export function makeRuleGroup(sources: Pick<DataSources, "prometheus">, settings: RuleSettings): RuleGroup {
  const group = new RuleGroupBuilder(RULE_GROUP).folderUid(FOLDER_UID).interval(EVERY_SECONDS);
  for (const alert of makeAlerts(settings.markets)) group.withRule(ruleOf(alert, sources, settings));
  return group.build();
}

function ruleOf(
  alert: AlertSpec,
  sources: Pick<DataSources, "prometheus">,
  { receiver, runbookUrl }: RuleSettings,
): RuleBuilder {
  const rule = new RuleBuilder(alert.title)
    .uid(`flashmm-${alert.name}`)
    .orgID(1)
    .folderUID(FOLDER_UID)
    .ruleGroup(RULE_GROUP)
    .forDuration(alert.forDuration)
    .noDataState(alert.noData)
    .execErrState("Error")
    .isPaused(false)
    .labels({ service: "flashmm", severity: alert.severity })
    .annotations({
      summary: alert.summary,
      runbook_url: `${runbookUrl}#${anchorOf(alert.section)}`,
      __dashboardUid__: DASHBOARD_UID,
      __panelId__: String(alert.panelId),
    })
    .withQuery(firstQuery(alert, sources))
    .withQuery(
      new QueryBuilder("B")
        .datasourceUid(EXPRESSION)
        .relativeTimeRange(NOW)
        .model(new TypeReduceBuilder().refId("B").expression("A").reducer("last").settings({ mode: "dropNN" })),
    )
    .withQuery(
      new QueryBuilder("C")
        .datasourceUid(EXPRESSION)
        .relativeTimeRange(NOW)
        .model(
          new TypeThresholdBuilder()
            .refId("C")
            .expression("B")
            .conditions([{ evaluator: evaluatorOf(alert) }]),
        ),
    )
    .condition("C");
  if (receiver === undefined) return rule;
  return rule.notificationSettings(
    new NotificationSettingsBuilder()
      .receiver(receiver)
      .groupBy(["alertname", "grafana_folder"])
      .groupWait("10s")
      .groupInterval("1m")
      .repeatInterval("4h"),
  );
}

function firstQuery({ expr }: AlertSpec, { prometheus }: Pick<DataSources, "prometheus">): QueryBuilder {
  const model = new DataqueryBuilder().refId("A").expr(expr).instant();
  return new QueryBuilder("A").relativeTimeRange(RANGE).datasourceUid(prometheus.uid).model(model);
}

function evaluatorOf({ above, below }: AlertSpec): { type: "gt" | "lt"; params: number[] } {
  return below === undefined ? { type: "gt", params: [above ?? 0] } : { type: "lt", params: [below] };
}

/** A section's fragment as Markdown renderers make it. */
function anchorOf(section: string): string {
  return section
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .replace(/\s/g, "-");
}
