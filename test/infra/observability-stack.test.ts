import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { EmfMetrics } from "../../fargate/emf.ts";
import { makeMetrics } from "../../fargate/telemetry.ts";
import { observability, removeOutput, templates } from "./mainnet-stacks.ts";
import { resourcesOf } from "./template-references.ts";

afterAll(removeOutput);

const alarms = resourcesOf(templates, "AWS::CloudWatch::Alarm");
const descriptionOf = (alarm: (typeof alarms)[number]): string => alarm.Properties.AlarmDescription;

type Dimension = { readonly Name: string; readonly Value: unknown };
type Stat = { readonly MetricName: string; readonly Namespace: string; readonly Dimensions?: readonly Dimension[] };

/** The metrics of an alarm, of its expression too. */
function metricsOf(
  properties: Stat & { readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: Stat } }[] },
): readonly Stat[] {
  if (properties.Metrics === undefined) return [properties];
  return properties.Metrics.flatMap((each) => (each.MetricStat === undefined ? [] : [each.MetricStat.Metric]));
}

describe("every alarm", () => {
  test("says what it means and leads to a section of the documentation that is there", () => {
    for (const alarm of [...alarms, ...resourcesOf(templates, "AWS::CloudWatch::CompositeAlarm")]) {
      const [, means, page = "", anchor] =
        /^([A-Z].+\.) (docs\/[a-z]+\.md)#([a-z0-9-]+)$/.exec(descriptionOf(alarm)) ?? [];
      expect(means, alarm.key).toBeDefined();
      expect(anchorsOf(page), alarm.key).toContain(anchor);
    }
  });

  test("says on purpose what silence means", () => {
    for (const alarm of alarms) {
      expect(["breaching", "notBreaching", "ignore"], alarm.key).toContain(alarm.Properties.TreatMissingData);
    }
  });

  test("tells the topic when it begins and when it is over", () => {
    for (const alarm of alarms) {
      for (const actions of [alarm.Properties.AlarmActions, alarm.Properties.OKActions]) {
        expect(JSON.stringify(actions), alarm.key).toContain("AlarmsTopic");
      }
    }
  });

  test("of the task is on a figure that the task sends, under the same dimensions", () => {
    const lines: string[] = [];
    const clock = { now: () => ({ epochMs: 0, monotonicMs: 0 }), after: () => () => undefined };
    const emf = new EmfMetrics({ shard: "main", markets: ["SEI/USDC"], clock, write: (line) => lines.push(line) });
    const metrics = emf.watch(makeMetrics());
    const market = "SEI/USDC";
    metrics.set("flashmm_drawdown_percent", {}, 1);
    metrics.set("flashmm_quoting_state", { market }, 1);
    metrics.set("flashmm_feed_staleness_seconds", { market }, 1);
    metrics.observe("flashmm_tick_to_wire_seconds", { market }, 1);
    emf.stop();
    const sent = new Set(
      lines.flatMap((line) => {
        const { _aws, ...values } = JSON.parse(line);
        const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics;
        const labels = Dimensions[0].map((name: string) => `${name}=${values[name]}`).toSorted();
        return Metrics.map((metric: { readonly Name: string }) => [Namespace, metric.Name, ...labels].join(" "));
      }),
    );
    const wanted = alarms.flatMap((alarm) => metricsOf(alarm.Properties)).filter(isOfTask);
    expect(wanted.length).toBeGreaterThan(10);
    for (const { Namespace, MetricName, Dimensions = [] } of wanted) {
      const labels = Dimensions.map((each) => `${each.Name}=${each.Value}`).toSorted();
      expect([...sent]).toContain([Namespace, MetricName, ...labels].join(" "));
    }
  });
});

/** Of the page's headings, as GitHub makes them. */
function anchorsOf(page: string): readonly string[] {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), "utf8");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, "")
      .replaceAll(" ", "-"),
  );
}

function isOfTask({ Dimensions = [] }: Stat): boolean {
  return Dimensions.some((each) => each.Name === "service" && each.Value === "task");
}

describe("an alarm", () => {
  test.each([
    [
      "of a market nobody makes is one of silence",
      {
        MetricName: "flashmm_quoting_state",
        Statistic: "SampleCount",
        Threshold: 1,
        ComparisonOperator: "LessThanThreshold",
        DatapointsToAlarm: 3,
        TreatMissingData: "breaching",
      },
    ],
    [
      "of loss follows the configuration's own limit at its first minute",
      {
        MetricName: "flashmm_drawdown_percent",
        Statistic: "Maximum",
        Threshold: 3,
        EvaluationPeriods: 1,
        TreatMissingData: "ignore",
      },
    ],
    [
      "of old data wants two of three minutes",
      {
        MetricName: "flashmm_feed_staleness_seconds",
        Statistic: "Maximum",
        Threshold: 5,
        DatapointsToAlarm: 2,
        EvaluationPeriods: 3,
        TreatMissingData: "ignore",
      },
    ],
    [
      "of slowness looks at one in a hundred",
      {
        MetricName: "flashmm_tick_to_wire_seconds",
        ExtendedStatistic: "p99",
        DatapointsToAlarm: 3,
        EvaluationPeriods: 5,
      },
    ],
    ["of fills that wait", { MetricName: "ApproximateAgeOfOldestMessage", Threshold: 120, EvaluationPeriods: 3 }],
    [
      "of a schedule that starts nothing",
      { Namespace: "AWS/Scheduler", MetricName: "InvocationDroppedCount", Threshold: 1 },
    ],
  ])("%s", (_what, properties) => {
    observability.hasResourceProperties("AWS::CloudWatch::Alarm", properties);
  });

  test("stands for every function that fails, and one for all that are held back", () => {
    const functions = resourcesOf(templates, "AWS::Lambda::Function").length;
    const named = (name: string) => alarms.filter((alarm) => alarm.Properties.MetricName === name);
    expect(named("Errors")).toHaveLength(functions);
    expect(named("Throttles").map((alarm) => alarm.Properties.Dimensions)).toEqual([undefined]);
  });
});

describe("unsafe", () => {
  test("is any of silence, loss and old data, under a fixed name", () => {
    const [unsafe] = Object.values(observability.findResources("AWS::CloudWatch::CompositeAlarm"));
    expect(unsafe?.["Properties"].AlarmName).toBe("FlashMM-mainnet-unsafe");
    const rule = JSON.stringify(unsafe?.["Properties"].AlarmRule);
    for (const part of ["Drawdown", "Silent", "Stale"]) expect(rule).toContain(part);
    expect(rule.match(/ALARM\(/g)).toHaveLength(3);
  });
});

describe("the topic", () => {
  test("takes words of this account's alarms, and of rules, which name no account, over TLS alone", () => {
    const [policy] = resourcesOf(templates, "AWS::SNS::TopicPolicy");
    expect(policy?.Properties.PolicyDocument.Statement).toMatchObject([
      { Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } },
      {
        Effect: "Allow",
        Action: "sns:Publish",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
      },
      { Effect: "Allow", Action: "sns:Publish", Principal: { Service: "events.amazonaws.com" } },
    ]);
    expect(policy?.Properties.PolicyDocument.Statement[2].Condition).toBeUndefined();
    expect(resourcesOf(templates, "AWS::SNS::TopicPolicy")).toHaveLength(1);
  });

  test("hears of limits, of orders that were left, of integrations and of refusals", () => {
    observability.hasResourceProperties("AWS::Events::Rule", {
      EventPattern: {
        source: ["flashmm.engine", "flashmm.health"],
        "detail-type": ["Risk Limit Breached", "Integration Health Changed", "Operator Request Refused"],
      },
    });
  });

  test("hears of every end of a task", () => {
    observability.hasResourceProperties("AWS::Events::Rule", {
      EventPattern: {
        source: ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        detail: { lastStatus: ["STOPPED"] },
      },
    });
  });
});

test("there is one dashboard, with every market and every alarm on it", () => {
  observability.resourceCountIs("AWS::CloudWatch::Dashboard", 1);
  const body = JSON.stringify(observability.findResources("AWS::CloudWatch::Dashboard"));
  for (const figure of [
    "flashmm_spread_improvement_bps",
    "flashmm_pnl_usdc",
    "flashmm_audit_age_seconds",
    "SEI/USDC",
  ]) {
    expect(body).toContain(figure);
  }
});
