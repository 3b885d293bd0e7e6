/** Every expression that is put into Grafana, as Prometheus is asked for it: variables filled in. Owns nothing else. */
import { makeAlerts } from "../../lambdas/grafana-provisioning/alerts.ts";
import { makeDashboard } from "../../lambdas/grafana-provisioning/dashboard.ts";
import { ROWS } from "../../lambdas/grafana-provisioning/panels.ts";

export type Expression = { readonly name: string; readonly expr: string };
export type AlertExpression = Expression & { isTrue(value: number): boolean };

/** What `npm start` quotes. */
export const LOCAL_MARKET = "SEI/USDC";

/** What Grafana would put in for one scrape a second. */
const filled = (expr: string) => expr.replaceAll("$market", ".+").replaceAll("$__rate_interval", "1m");

export function panelExpressions(): readonly Expression[] {
  return ROWS.flatMap(({ panels }) =>
    panels.flatMap(({ title, queries }) =>
      queries.map(({ expr, legend }) => ({ name: `${title}: ${legend}`, expr: filled(expr) })),
    ),
  );
}

/** `markets` are those that are to be there; none where nobody has told the function. */
export function alertExpressions(markets: readonly string[]): readonly AlertExpression[] {
  return makeAlerts(markets).map(({ name, expr, above, below }) => ({
    name,
    expr: filled(expr),
    isTrue: (value) => (below === undefined ? value > (above ?? 0) : value < below),
  }));
}

export function annotationExpressions(): readonly Expression[] {
  const { annotations } = makeDashboard({ prometheus: { uid: "prometheus" }, cloudWatch: undefined });
  return (annotations?.list ?? []).flatMap(({ name, expr }) =>
    expr === undefined ? [] : [{ name, expr: filled(expr) }],
  );
}
