/** The dashboard as Grafana takes it. Owns the layout and the JSON; what is shown is `panels.ts`'s and `function-panels.ts`'s. */
import { MetricsQueryBuilder, QueryMode } from "@grafana/grafana-foundation-sdk/cloudwatch";
import { LegendDisplayMode, LegendPlacement, VizLegendOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { type CloudWatchQuery, FUNCTION_PANELS } from "./function-panels.ts";
import { type PanelSpec, ROWS } from "./panels.ts";
import { gauge, increase, MARKET_SELECTOR } from "./queries.ts";

export type DataSources = {
  readonly prometheus: { readonly uid: string };
  /** Undefined where Grafana has none. */
  readonly cloudWatch: { readonly uid: string } | undefined;
};

export const DASHBOARD_UID = "flashmm-overview";

const COLUMNS = 24;
const HEIGHT = 8;
const STAT_HEIGHT = 4;
const THIRD = 8;

/** The same bytes for the same data sources. */
export function makeDashboard(sources: DataSources): Dashboard {
  const prometheus = { type: "prometheus", uid: sources.prometheus.uid };
  const builder = new DashboardBuilder("FlashMM")
    .uid(DASHBOARD_UID)
    .description("Made by FlashMM's grafana-provisioning: changes by hand are undone at the next provisioning")
    .tags(["flashmm"])
    .editable()
    .timezone("utc")
    .time({ from: "now-6h", to: "now" })
    .refresh("30s")
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(marketVariable(prometheus));
  for (const annotation of annotationsOf(prometheus)) builder.annotation(annotation);
  const layout = new Layout();
  for (const row of ROWS) {
    builder.withRow(new RowBuilder(row.title).gridPos(layout.row()));
    for (const panel of row.panels) builder.withPanel(panelOf(panel, prometheus, layout));
  }
  const { cloudWatch } = sources;
  if (cloudWatch !== undefined) {
    builder.withRow(new RowBuilder("Functions").gridPos(layout.row()));
    for (const spec of FUNCTION_PANELS) {
      const panel = new TimeseriesBuilder().id(spec.id).title(spec.title).description(spec.description).unit(spec.unit);
      panel
        .datasource({ type: "cloudwatch", uid: cloudWatch.uid })
        .gridPos(layout.place(THIRD, HEIGHT))
        .legend(legend());
      for (const [index, query] of spec.queries.entries()) panel.withTarget(cloudWatchQuery(query, index));
      builder.withPanel(panel);
    }
  }
  return builder.build();
}

function panelOf(spec: PanelSpec, datasource: { type: string; uid: string }, layout: Layout) {
  const panel = spec.kind === "stat" ? new StatBuilder() : new TimeseriesBuilder().legend(legend());
  panel.id(spec.id).title(spec.title).description(spec.description).unit(spec.unit).datasource(datasource);
  panel.gridPos(layout.place(spec.width, spec.kind === "stat" ? STAT_HEIGHT : HEIGHT));
  if (spec.min !== undefined) panel.min(spec.min);
  if (spec.max !== undefined) panel.max(spec.max);
  const steps = stepsOf(spec);
  if (steps.length > 0) panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
  for (const [index, { expr, legend: text }] of spec.queries.entries()) {
    panel.withTarget(new DataqueryBuilder().refId(refIdOf(index)).expr(expr).legendFormat(text).range());
  }
  return panel;
}

function stepsOf({ redFrom, redBelow }: PanelSpec): { color: string; value: number | null }[] {
  if (redFrom !== undefined)
    return [
      { color: "green", value: null },
      { color: "red", value: redFrom },
    ];
  if (redBelow !== undefined)
    return [
      { color: "red", value: null },
      { color: "green", value: redBelow },
    ];
  return [];
}

function cloudWatchQuery(query: CloudWatchQuery, index: number): MetricsQueryBuilder {
  const { namespace, metric, dimensions, statistic, legend: label } = query;
  return new MetricsQueryBuilder()
    .refId(refIdOf(index))
    .queryMode(QueryMode.Metrics)
    .id("")
    .region("default")
    .namespace(namespace)
    .metricName(metric)
    .dimensions(Object.fromEntries(Object.entries(dimensions).map(([name, value]) => [name, [value]])))
    .matchExact(true)
    .statistic(statistic)
    .period("300")
    .label(label.replace(/\{\{(\w+)\}\}/g, (_all, name) => `$\{PROP('Dim.${name}')}`));
}

function marketVariable(datasource: { type: string; uid: string }): QueryVariableBuilder {
  return new QueryVariableBuilder("market")
    .label("Market")
    .datasource(datasource)
    .query(`label_values(${gauge("flashmm_quoting_state")}, market)`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue(".+")
    .current({ text: "All", value: "$__all" });
}

/** Told by the figures themselves, so that nobody has to write them down. */
function annotationsOf(datasource: { type: string; uid: string }): readonly AnnotationQueryBuilder[] {
  const marked = (name: string, color: string, expr: string, text: string) =>
    new AnnotationQueryBuilder()
      .name(name)
      .datasource(datasource)
      .enable(true)
      .iconColor(color)
      .expr(expr)
      .step("60s")
      .titleFormat(name)
      .textFormat(text);
  const restarts = "max by (market) (resets(flashmm_orders_placed_total[1m])) > 0";
  return [
    marked("Deploys and restarts", "blue", restarts, "{{market}}: a new task counts from 0"),
    marked(
      "Halts",
      "red",
      `min by (market) (${gauge("flashmm_quoting_state", MARKET_SELECTOR)}) == 0`,
      "{{market}} is not quoted",
    ),
    marked(
      "Failovers",
      "orange",
      `sum by (endpoint) (${increase("flashmm_feed_reconnects_total", "1m")}) > 0`,
      "{{endpoint}}",
    ),
  ];
}

function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([]);
}

function refIdOf(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

/** Places panels from left to right and line by line. */
class Layout {
  #x = 0;
  #y = 0;
  #lineHeight = 0;

  row(): { x: number; y: number; w: number; h: number } {
    this.#nextLine();
    const place = { x: 0, y: this.#y, w: COLUMNS, h: 1 };
    this.#y += 1;
    return place;
  }

  place(width: number, height: number): { x: number; y: number; w: number; h: number } {
    if (this.#x + width > COLUMNS) this.#nextLine();
    const place = { x: this.#x, y: this.#y, w: width, h: height };
    this.#x += width;
    this.#lineHeight = Math.max(this.#lineHeight, height);
    return place;
  }

  #nextLine(): void {
    this.#y += this.#lineHeight;
    this.#x = 0;
    this.#lineHeight = 0;
  }
}
