/**
 * What wakes somebody for the books: fills set aside, fills that contradict, an audit that is old or finds something, functions that
 * fail. Owns thresholds and words; each description says what it means and which section of `docs/runbook.md` goes on. Whom an alarm
 * tells is not decided here.
 */
import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, MathExpression, Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { AuditDifferenceKind, CounterName, FunctionMetricName } from "../../core/metrics.ts";
import { toDescription } from "./alarms.ts";

export type LedgerAlarmsProps = {
  readonly markets: readonly string[];
  /** By their folder, which is the service that their metrics carry. */
  readonly functions: Readonly<Record<"fill-accounting" | "fill-audit", IFunction>>;
  readonly deadLetters: Readonly<Record<"fills" | "audits", IQueue>>;
};

type AlarmSettings = {
  readonly metric: Metric | MathExpression;
  /** What it means, a sentence or two. */
  readonly means: string;
  /** A section of `docs/runbook.md`. */
  readonly section:
    | "Fills set aside"
    | "Fill audit"
    | "PnL that does not add up"
    | "A function fails"
    | "Errors that are counted";
  /** In alarm at this and above; 1 unless told. */
  readonly from?: number;
  /** Periods in a row; 1 unless told. */
  readonly periods?: number;
  readonly missing?: TreatMissingData;
};

const PERIOD = Duration.minutes(5);

/** Three runs of the audit: one late or failed run is no news, and without any run for so long nothing is known. */
const AUDIT_AGE = Duration.minutes(15);

/** What a person must look at, whoever finds it; a fill that is missing is queued again by the audit. */
const FOR_A_PERSON = ["different", "unknown-to-venue"] as const satisfies readonly AuditDifferenceKind[];

const NAMESPACE = "FlashMM";
const ERRORS = "flashmm_fill_processing_errors_total" satisfies CounterName;
const AGE = "flashmm_audit_age_seconds" satisfies FunctionMetricName;
const DIFFERENCES = "flashmm_audit_differences_total" satisfies FunctionMetricName;

export class LedgerAlarms extends Construct {
  constructor(scope: Construct, id: string, props: LedgerAlarmsProps) {
    super(scope, id);
    this.#deadLetters(props);
    this.#accounting();
    for (const market of props.markets) this.#audit(market);
    for (const [folder, each] of Object.entries(props.functions)) {
      this.#alarm(`Errors of ${folder}`, {
        metric: each.metricErrors({ period: PERIOD, statistic: "Sum" }),
        means: `The function ${folder} failed or ran out of time. What it was given comes again by itself.`,
        section: "A function fails",
      });
    }
  }

  #deadLetters({ deadLetters }: LedgerAlarmsProps): void {
    const waiting = (queue: IQueue) =>
      queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: "Maximum" });
    this.#alarm("Fills dead letters", {
      metric: waiting(deadLetters.fills),
      means: "A fill message was set aside after five tries. What was traded may not be in the books.",
      section: "Fills set aside",
    });
    this.#alarm("Audit dead letters", {
      metric: waiting(deadLetters.audits),
      means: "A run of the fill audit could not be started, or failed each time it was tried.",
      section: "A function fails",
    });
  }

  #accounting(): void {
    const errors = (kind: string) =>
      new Metric({
        namespace: NAMESPACE,
        metricName: ERRORS,
        dimensionsMap: { service: "fill-accounting", kind },
        period: PERIOD,
        statistic: "Sum",
      });
    this.#alarm("Fill conflict", {
      metric: errors("conflict"),
      means: "A fill came a second time with other contents. It was kept aside as CONFLICT#… and not booked.",
      section: "Fills set aside",
    });
    this.#alarm("Fill undecodable", {
      metric: errors("undecodable"),
      means: "A fill message cannot be read. It is tried again and then set aside.",
      section: "Fills set aside",
    });
    this.#alarm("Fill third asset fee", {
      metric: errors("third-asset-fee"),
      means: "A fill was booked whose fee is in an asset that has no price here: no profit figure has it taken off.",
      section: "Errors that are counted",
    });
    this.#alarm("Fill foreign order", {
      metric: errors("foreign-order"),
      means: "A fill was booked of an order that does not bear our name.",
      section: "Errors that are counted",
    });
  }

  #audit(market: string): void {
    this.#alarm(`Audit age of ${market}`, {
      metric: auditMetric(AGE, { market }, { period: AUDIT_AGE, statistic: "Maximum" }),
      means: `For more than 15 minutes nobody could say that the ledger of ${market} is what the venue shows.`,
      section: "Fill audit",
      from: AUDIT_AGE.toSeconds(),
      missing: TreatMissingData.BREACHING,
    });
    this.#alarm(`Audit differences of ${market}`, {
      metric: new MathExpression({
        expression: "different + unknown",
        usingMetrics: {
          different: differences(market, FOR_A_PERSON[0]),
          unknown: differences(market, FOR_A_PERSON[1]),
        },
        label: "fills that differ or are unknown to the venue",
        period: PERIOD,
      }),
      means: `The venue and the ledger of ${market} say different things of a fill, or only the ledger has it.`,
      section: "Fill audit",
    });
    this.#alarm(`Fills missing of ${market}`, {
      metric: differences(market, "missing"),
      means: `The audit queued fills of ${market} that the ledger lacked, and three runs later they are not booked.`,
      section: "Fill audit",
      periods: 3,
    });
    this.#alarm(`PnL identity of ${market}`, {
      metric: differences(market, "identity"),
      means: `The PnL of an hour of ${market} does not add up to its fills, by a unit or more. The market is halted.`,
      section: "PnL that does not add up",
    });
  }

  #alarm(id: string, settings: AlarmSettings): void {
    const { metric, means, section } = settings;
    new Alarm(this, id, {
      metric,
      alarmDescription: toDescription(means, section),
      threshold: settings.from ?? 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: settings.periods ?? 1,
      treatMissingData: settings.missing ?? TreatMissingData.NOT_BREACHING,
    });
  }
}

/** The most at any run in the period: differences are counted anew at every run for as long as they stand. */
function differences(market: string, kind: AuditDifferenceKind): Metric {
  return auditMetric(DIFFERENCES, { market, kind }, { period: PERIOD, statistic: "Maximum" });
}

function auditMetric(
  metricName: FunctionMetricName,
  dimensions: Readonly<Record<string, string>>,
  over: { readonly period: Duration; readonly statistic: string },
): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { service: "fill-audit", ...dimensions },
    ...over,
  });
}
