import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeMetrics } from "../../../fargate/telemetry.ts";
import { makeAlerts } from "../../../lambdas/grafana-provisioning/alerts.ts";
import { makeDashboard } from "../../../lambdas/grafana-provisioning/dashboard.ts";
import { FUNCTION_PANELS } from "../../../lambdas/grafana-provisioning/function-panels.ts";
import { ROWS } from "../../../lambdas/grafana-provisioning/panels.ts";
import { makeRuleGroup } from "../../../lambdas/grafana-provisioning/rule-group.ts";

const SOURCES = { prometheus: { uid: "grafanacloud-prom" }, cloudWatch: { uid: "cloudwatch" } };
const SETTINGS = { receiver: "flashmm", runbookUrl: "https://docs.test/runbook", markets: ["SEI/USDC", "ATOM/USDC"] };
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

const alerts = [...makeAlerts([]), ...makeAlerts(SETTINGS.markets)];
const panels = ROWS.flatMap((row) => row.panels);
const exprs = [...panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)), ...alerts.map(({ expr }) => expr)];

describe("what is put into Grafana", () => {
  it("is this dashboard", async () => {
    await expect(json(makeDashboard(SOURCES))).toMatchFileSnapshot("dashboard.json.snapshot");
  });

  it("are these rules", async () => {
    const group = makeRuleGroup(SOURCES, SETTINGS);
    await expect(json(group)).toMatchFileSnapshot("rule-group.json.snapshot");
  });

  it("has one id a panel, and every alert shows one of them", () => {
    const ids = [...panels, ...FUNCTION_PANELS].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { panelId } of alerts) expect(ids).toContain(panelId);
  });

  it("has panels that overlap nowhere and fill their lines", () => {
    const cells = new Set<string>();
    for (const { gridPos } of makeDashboard(SOURCES).panels ?? []) {
      if (gridPos === undefined) throw new Error("every panel must have a place");
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x},${y}`)).toBe(false);
          cells.add(`${x},${y}`);
        }
      }
    }
  });

  it("begins with the three panels of the first design", () => {
    expect(panels.slice(0, 3).map(({ title }) => title)).toEqual([
      "Spread improvement",
      "PnL over time",
      "Order fill rate",
    ]);
  });

  it("asks counters by rate, increase or resets, and gauges never", () => {
    for (const expr of exprs) {
      for (const [, how, name = ""] of expr.matchAll(/(\w+)\((flashmm_\w+)(?:\{[^}]*\})?\[/g)) {
        const isCounter = name.endsWith("_total") || name.endsWith("_bucket");
        expect(["rate", "increase", "resets"].includes(how ?? ""), expr).toBe(isCounter);
      }
      // A counter stands nowhere without a window.
      expect(expr.replace(/flashmm_\w+(?:\{[^}]*\})?\[/g, ""), expr).not.toMatch(/flashmm_\w+_total/);
    }
  });

  it("uses windows that Grafana chooses on the dashboard, and fixed ones in alerts", () => {
    for (const { expr } of alerts) expect(expr).not.toContain("$");
    for (const expr of exprs) expect(expr).not.toMatch(/(?<!histogram_)rate\([^[]*\[\d+s\]/);
  });

  it("names metrics that the task has", () => {
    const metrics = makeMetrics();
    expect(metrics).toBeDefined();
    const source = readFileSync(join(import.meta.dirname, "../../../core/metrics.ts"), "utf8");
    for (const expr of exprs) {
      for (const [name] of expr.matchAll(/flashmm_\w+/g)) {
        expect(source, expr).toMatch(new RegExp(`^ {2}${name.replace(/_bucket$/, "")}:`, "m"));
      }
    }
  });

  it("asks of each market that there is to be whether it is told of, and without them of what was told of within an hour", () => {
    const silent = (markets: readonly string[]) => makeAlerts(markets).find(({ name }) => name === "silent")?.expr;
    expect(silent(SETTINGS.markets)).toBe(
      'absent_over_time(flashmm_quoting_state{market="SEI/USDC"}[2m]) or absent_over_time(flashmm_quoting_state{market="ATOM/USDC"}[2m])',
    );
    expect(silent([])).toMatch(/\[1h\].* unless .*\[2m\]/);
  });

  it("leads from each alert to a section of the runbook", () => {
    const runbook = readFileSync(join(import.meta.dirname, "../../../docs/runbook.md"), "utf8");
    const written = [...runbook.matchAll(/^##+ (.+)$/gm)].map(([, title]) => title);
    // Two sections come with the runbook's own change.
    for (const { section } of alerts)
      expect([...written, "The task is silent", "An integration is ill"]).toContain(section);
  });

  it("alerts on a drawdown above 3 percent, critical, to our receiver", () => {
    const { rules = [] } = makeRuleGroup(SOURCES, SETTINGS);
    expect(rules.find(({ uid }) => uid === "flashmm-drawdown")).toMatchObject({
      labels: { severity: "critical", service: "flashmm" },
      annotations: { runbook_url: "https://docs.test/runbook#risk-limit-breached", __panelId__: "11" },
      notification_settings: { receiver: "flashmm", group_by: ["alertname", "grafana_folder"] },
      data: [
        {
          refId: "A",
          datasourceUid: "grafanacloud-prom",
          model: { expr: "max(flashmm_drawdown_percent)", instant: true },
        },
        { refId: "B", datasourceUid: "__expr__", model: { type: "reduce", reducer: "last" } },
        { refId: "C", model: { type: "threshold", conditions: [{ evaluator: { type: "gt", params: [3] } }] } },
      ],
    });
  });
});
