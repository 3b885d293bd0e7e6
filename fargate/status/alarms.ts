/**
 * What would wake somebody, as far as the task itself can see it: every condition that an alarm (`infra/constructs/*-alarms.ts`,
 * `lambdas/grafana-provisioning/alerts.ts`) or a risk limit is about, in plain words. Owns the conditions and the words; how long each
 * has lasted is `alarm-watch.ts`'s. These are shown, and wake nobody: what does is on paths of its own.
 */
import type { AlarmState, IntegrationState, MarketState, TaskState } from "./state.ts";

/** As it is now. It is shown once it has lasted `afterMs`. */
export type Alarm = Omit<AlarmState, "sinceMs"> & {
  /** When it began, where that is known better than by looking. */
  readonly sinceMs?: number | null;
  readonly afterMs?: number;
};

/** The state without what is made of it, and the reasons of `GET /healthz`. */
export type Watched = Omit<TaskState, "alarms"> & { readonly healthReasons: readonly string[] };

/** As the alarms of CloudWatch count them. */
const STALE_MS = 5_000;
const TICK_TO_WIRE_MICROS_MAX = 100_000;
const AUDIT_AGE_MS_MAX = 15 * 60_000;
const SWEEP_AGE_MS_MAX = 180_000;

/** A placing that nobody answered is settled or shown to be unknown by then. */
const UNKNOWN_AFTER_MS = 10_000;
/** A queue that answers takes fills within a second. */
const OUTBOX_AFTER_MS = 30_000;
const START_AFTER_MS = 120_000;
/** Eight pushes of the metrics: whoever takes them may be away for a moment. */
const PUSH_AFTER_MS = 120_000;
/** Control items are read twice a second. */
const CONTROL_AFTER_MS = 3_000;
/** A lease is renewed, or read again, well within this. */
const LEASE_AFTER_MS = 3_000;

/** How `lambdas/operator-control` signs what it writes. */
const OPERATOR = "flashmm.operator";
/** And `lambdas/fill-audit`. */
const AUDITOR = "fill-audit";

export const RUNBOOK = {
  audit: "docs/runbook.md#fill-audit",
  configuration: "docs/runbook.md#configuration-refused",
  deadLetters: "docs/runbook.md#fills-set-aside",
  errors: "docs/runbook.md#errors-that-are-counted",
  failing: "docs/operations.md#orders-that-fail",
  halted: "docs/runbook.md#quoting-halted",
  integration: "docs/runbook.md#an-integration-is-ill",
  limit: "docs/runbook.md#risk-limit-breached",
  pnl: "docs/runbook.md#pnl-that-does-not-add-up",
  positions: "docs/runbook.md#positions-differ",
  noFill: "docs/operations.md#an-hour-without-a-fill",
  report: "docs/runbook.md#hourly-report",
  slow: "docs/operations.md#a-task-that-is-slow",
  start: "docs/runbook.md#a-start-that-does-not-get-to-quoting",
  byHand: "docs/runbook.md#stopping-and-resuming-by-hand",
} as const;

export function alarmsOf(watched: Watched): readonly Alarm[] {
  return [
    ...lossAlarms(watched),
    ...controlAlarms(watched),
    ...healthAlarms(watched),
    ...watched.markets.flatMap(marketAlarms),
    ...connectionAlarms(watched),
    ...integrationAlarms(watched),
    ...auditAlarms(watched),
    ...taskAlarms(watched),
  ];
}

function critical(key: string, what: string, detail: string, runbook: string): Alarm {
  return { key, severity: "critical", what, detail, runbook };
}

function warning(key: string, what: string, detail: string, runbook: string): Alarm {
  return { ...critical(key, what, detail, runbook), severity: "warning" };
}

const UNPRICED = "what a market holds has no price yet, so that no loss is judged";

function lossAlarms({ risk }: Watched): readonly Alarm[] {
  const { latch, tradingState, drawdownPercent, drawdownAlertPercent } = risk;
  const loss = `${drawdownPercent.toFixed(2)} % of the capital lost since the best moment`;
  const alarms: Alarm[] = [];
  if (latch !== null) alarms.push(critical("latch", "All is halted until an operator resumes", latch, RUNBOOK.limit));
  if (tradingState === "reducing") {
    // Below the alert it is not the loss.
    const why = drawdownPercent < drawdownAlertPercent ? UNPRICED : loss;
    alarms.push(warning("reducing", "Only what makes positions smaller is placed", why, RUNBOOK.limit));
  }
  if (drawdownPercent >= drawdownAlertPercent) {
    alarms.push(critical("drawdown", `Drawdown is ${drawdownAlertPercent} % or more`, loss, RUNBOOK.limit));
  }
  return alarms;
}

/** Halts of operators, and of whoever else writes control items: this engine's limits, an earlier one's, the fill audit. */
function controlAlarms({ control }: Watched): readonly Alarm[] {
  return control.markets.flatMap(({ market, state, reason, by, at }): readonly Alarm[] => {
    const detail = reason ?? "";
    if (state === "unreadable") {
      const what = `Whether ${market} may be quoted cannot be read`;
      // At a start the first reading takes a moment.
      return [{ ...critical(`control ${market}`, what, detail, RUNBOOK.halted), afterMs: CONTROL_AFTER_MS }];
    }
    if (state !== "halted") return [];
    const said = `${detail} (${by ?? "nobody"})`;
    return [{ ...haltAlarm(market, by ?? "", said), sinceMs: at === null ? null : Date.parse(at) }];
  });
}

function haltAlarm(market: string, by: string, said: string): Alarm {
  const key = `halt ${market}`;
  if (by.startsWith(OPERATOR)) return warning(key, `${market} is halted by hand`, said, RUNBOOK.byHand);
  const until = "until an operator resumes";
  if (by === AUDITOR) return critical(key, `${market} is halted by the fill audit ${until}`, said, RUNBOOK.audit);
  // This engine's limits, an earlier one's, or whoever wrote the item: the detail says.
  return critical(key, `${market} is halted ${until}`, said, RUNBOOK.limit);
}

/** What `/healthz` says once the task runs; before that it only says so. */
function healthAlarms({ phase, healthReasons, startup }: Watched): readonly Alarm[] {
  if (phase === "starting" && healthReasons.length > 0) {
    const step = startup.find(({ state }) => state === "running");
    const detail = step === undefined ? "no step is under way" : `${step.step}: ${step.detail}`;
    return [
      { ...warning("start", "The start does not get to quoting", detail, RUNBOOK.start), afterMs: START_AFTER_MS },
    ];
  }
  if (phase !== "running") return [];
  // A reason carries figures that change: the market alone says which one it is.
  const markets = new Map(healthReasons.map((reason) => [reason.split(": ")[0] ?? "", reason]));
  return [...markets].map(([market, reason]) =>
    critical(
      `quoting ${market}`,
      `${market} is not quoted`,
      reason.slice(market.length).replace(/^: /, ""),
      RUNBOOK.halted,
    ),
  );
}

function marketAlarms(market: MarketState): readonly Alarm[] {
  const { market: name, ordersUnknown, bookAgeMs, differences, strategyRefused } = market;
  const alarms: Alarm[] = [];
  if (bookAgeMs !== null && bookAgeMs > STALE_MS) {
    const detail = `the newest book is ${(bookAgeMs / 1_000).toFixed(1)} s old`;
    alarms.push(critical(`stale ${name}`, `Market data of ${name} is stale`, detail, RUNBOOK.halted));
  }
  if (ordersUnknown > 0) {
    const what = `Orders of ${name} of unknown outcome`;
    const detail = `${ordersUnknown}, which count in full as exposure until the venue proves their end`;
    alarms.push({ ...warning(`unknown ${name}`, what, detail, RUNBOOK.errors), afterMs: UNKNOWN_AFTER_MS });
  }
  if (differences.length > 0) {
    const what = `Positions of ${name} differ`;
    alarms.push(critical(`positions ${name}`, what, differences.join("; "), RUNBOOK.positions));
  }
  if (strategyRefused.length > 0) {
    const what = `Parameters of ${name} were refused`;
    alarms.push(warning(`strategy ${name}`, what, strategyRefused.join("; "), RUNBOOK.configuration));
  }
  return alarms;
}

function connectionAlarms({ feed, venue, phase, lease, fills }: Watched): readonly Alarm[] {
  if (phase === "starting") return [];
  const alarms: Alarm[] = [];
  if (feed.status === "failed") {
    alarms.push(critical("feed", "No Sei endpoint answers", feed.endpoints.join(", "), RUNBOOK.halted));
  } else if (feed.endpoint !== feed.endpoints[0]) {
    alarms.push(warning("backup", "Market data comes from a backup endpoint", feed.endpoint, RUNBOOK.halted));
  }
  if (venue.circuit === 2) {
    alarms.push(critical("circuit", "The order API fails", "its breaker is open: nothing is placed", RUNBOOK.halted));
  } else if (venue.circuit === 1) {
    alarms.push(warning("circuit", "The order API is tried again", "its breaker is half open", RUNBOOK.halted));
  }
  if (!venue.streamConnected) {
    const detail = "fills are read from the history, which is slower";
    alarms.push({ ...warning("stream", "The fill stream is away", detail, RUNBOOK.errors), afterMs: LEASE_AFTER_MS });
  }
  if (phase === "running" && lease.status !== "held") {
    const detail = lease.detail === "" ? lease.status : `${lease.status}: ${lease.detail}`;
    alarms.push({
      ...critical("lease", "The lease is not held for sure", detail, RUNBOOK.halted),
      afterMs: LEASE_AFTER_MS,
    });
  }
  if (fills.outbox > 0) {
    const detail = `${fills.outbox} wait for the queue, ${fills.sendFailures} sends failed`;
    // Another one once any was taken: in a busy market some always wait.
    alarms.push({
      ...warning(`outbox ${fills.sent}`, "Fills are not handed on", detail, RUNBOOK.errors),
      afterMs: OUTBOX_AFTER_MS,
    });
  }
  return alarms;
}

function integrationAlarms({ integrations, nowMs }: Watched): readonly Alarm[] {
  if (integrations === null || integrations.length === 0) return [];
  const newestMs = Math.max(...integrations.map(({ checkedAtMs }) => checkedAtMs ?? 0));
  const isOld = newestMs > 0 && nowMs - newestMs > SWEEP_AGE_MS_MAX;
  const ill = integrations.filter(({ healthy, configured }) => configured && !healthy).map(integrationAlarm);
  if (!isOld) return ill;
  const detail = `the last one was ${Math.floor((nowMs - newestMs) / 60_000)} min ago`;
  return [
    ...ill,
    { ...warning("sweep", "No health sweep comes", detail, RUNBOOK.integration), sinceMs: newestMs + SWEEP_AGE_MS_MAX },
  ];
}

function integrationAlarm({ integration, detail, sinceMs }: IntegrationState): Alarm {
  const alarm = {
    "dead-letters": critical(integration, "Messages are set aside", detail, RUNBOOK.deadLetters),
    "fill-audit": critical(integration, "The ledger and the venue differ, or nobody can tell", detail, RUNBOOK.audit),
  }[integration];
  const other = warning(`integration ${integration}`, `${integration} is ill`, detail, RUNBOOK.integration);
  return { ...(alarm ?? other), sinceMs };
}

function auditAlarms({ audits, nowMs }: Watched): readonly Alarm[] {
  return (audits ?? []).flatMap(({ market, state, reason, checkedAtMs, unprovenHours }) => {
    const alarms: Alarm[] = [];
    if (state === "different" || state === "failed") {
      const what = state === "failed" ? `The audit of ${market} failed` : `The ledger of ${market} differs`;
      alarms.push(critical(`audit ${market}`, what, reason ?? "", RUNBOOK.audit));
    }
    if (unprovenHours > 0) {
      const what = `Profit of ${market} does not add up`;
      const detail = `${unprovenHours} ${unprovenHours === 1 ? "hour" : "hours"} without a proof`;
      alarms.push(critical(`proof ${market}`, what, detail, RUNBOOK.pnl));
    }
    if (checkedAtMs !== null && nowMs - checkedAtMs > AUDIT_AGE_MS_MAX) {
      const detail = `the last audit was ${Math.floor((nowMs - checkedAtMs) / 60_000)} min ago`;
      alarms.push({
        ...warning(`audit age ${market}`, `${market} is not audited`, detail, RUNBOOK.audit),
        sinceMs: checkedAtMs + AUDIT_AGE_MS_MAX,
      });
    }
    return alarms;
  });
}

function taskAlarms({ latency, reports, metricsPush }: Watched): readonly Alarm[] {
  const alarms: Alarm[] = [];
  const micros = latency.tickToWireMicrosP99;
  if (micros !== null && micros > TICK_TO_WIRE_MICROS_MAX) {
    const detail = `of the last 1,000 orders one in a hundred left ${(micros / 1_000).toFixed(0)} ms or more after its frame`;
    alarms.push(warning("slow", "The task is slow", detail, RUNBOOK.slow));
  }
  const newest = reports?.[0];
  if (newest?.state === "failed") {
    const detail = `${newest.id}: ${newest.reason ?? "no reason given"}`;
    alarms.push(warning("report", "The last report failed", detail, RUNBOOK.report));
  }
  if (metricsPush.status === "failing") {
    const what = "The figures do not reach Grafana";
    const alarm = warning("push", what, metricsPush.detail, RUNBOOK.errors);
    alarms.push({ ...alarm, sinceMs: metricsPush.sinceMs, afterMs: PUSH_AFTER_MS });
  }
  return alarms;
}
