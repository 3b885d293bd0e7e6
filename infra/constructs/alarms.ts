/**
 * The one way in which an alarm is made: what it means, where to go on, and what silence says. Owns these words; whom an alarm tells is
 * `alarm-topic.ts`'s.
 */
import { Alarm, type ComparisonOperator, type IMetric, type TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";

type Page = "runbook" | "operations";

export type AlarmSettings = {
  readonly metric: IMetric;
  /** A sentence or two. */
  readonly means: string;
  /** A heading of a page of `docs/`; of the runbook unless told. */
  readonly section: string;
  readonly page?: Page;
  readonly threshold: number;
  readonly comparison: ComparisonOperator;
  /** Of how many periods so many must be beyond the threshold. */
  readonly periods: number;
  readonly of?: number;
  readonly missing: TreatMissingData;
  /** Left out, CloudFormation makes one up. */
  readonly name?: string;
};

export function makeAlarm(scope: Construct, id: string, settings: AlarmSettings): Alarm {
  const { metric, means, section, page, name } = settings;
  return new Alarm(scope, id, {
    metric,
    alarmDescription: toDescription(means, section, page),
    threshold: settings.threshold,
    comparisonOperator: settings.comparison,
    evaluationPeriods: settings.of ?? settings.periods,
    datapointsToAlarm: settings.periods,
    treatMissingData: settings.missing,
    ...(name === undefined ? {} : { alarmName: name }),
  });
}

/** What an alarm says: what it means, and where to go on. */
export function toDescription(means: string, section: string, page: Page = "runbook"): string {
  return `${means} docs/${page}.md#${toAnchor(section)}`;
}

/** The anchor of a heading, as GitHub makes it. */
function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
