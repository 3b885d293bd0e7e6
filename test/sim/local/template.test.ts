// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the placeholders of CloudFormation.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { makeApp } from "../../../infra/app.ts";
import { BATCH_SIZE } from "../../../sim/bench/bench-handler.ts";
import { readTemplates } from "../../../sim/local/template.ts";
import type { JsonObject } from "../../../sim/local/template-values.ts";
import { readDeployment, writtenDeployment } from "../../../sim/world/swarm/deployment.ts";

const SQS_URL = "http://127.0.0.1:9";
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "flashmm-template-"));
  folders.push(folder);
  return folder;
}

/** Writes the stacks and reads them back. */
function readStacks(stacks: Readonly<Record<string, JsonObject>>) {
  const folder = tempFolder();
  for (const [name, template] of Object.entries(stacks)) {
    writeFileSync(join(folder, `${name}.template.json`), JSON.stringify(template));
  }
  return readTemplates(folder, SQS_URL);
}

const functionWith = (variables: JsonObject): JsonObject => ({
  Type: "AWS::Lambda::Function",
  Metadata: { "flashmm:entry": "lambdas/f/handler.ts" },
  Properties: { Environment: { Variables: variables } },
});

const STATE: JsonObject = {
  Resources: { Q: { Type: "AWS::SQS::Queue", Properties: { QueueName: "fills" } } },
  Outputs: { Out: { Value: { "Fn::GetAtt": ["Q", "Arn"] }, Export: { Name: { "Fn::Sub": "${AWS::StackName}:Out" } } } },
};

describe("the templates of this repository", () => {
  const outdir = tempFolder();
  makeApp({ outdir, deploying: false }).synth();
  const cloud = readTemplates(outdir, SQS_URL);

  test("say what the fault world obeys: a changed time-out or schedule is written into its deployment.json", () => {
    expect(readDeployment(outdir)).toEqual(writtenDeployment());
  });

  test("give the accounting function its table, over the border of the stacks", () => {
    const [accounting] = cloud.functions.filter((each) => each.entry === "lambdas/fill-accounting/handler.ts");
    expect(accounting?.environment["TABLE_NAME"]).toBe(cloud.tables[0]?.name);
    expect(accounting).toMatchObject({ timeoutMs: 10_000, memoryMegabytes: 512 });
  });

  test("give the fill audit all that it needs but the key itself, and its schedule", () => {
    const [audit] = cloud.functions.filter((each) => each.entry === "lambdas/fill-audit/handler.ts");
    expect(audit?.environment).toMatchObject({
      TABLE_NAME: cloud.tables[0]?.name,
      FILLS_QUEUE_URL: cloud.queues.find((queue) => queue.name === "fills")?.url,
      EVENT_BUS_NAME: "flashmm",
      MARKETS: "SEI/USDC",
      CAMBRIAN_TESTNET: "true",
      CAMBRIAN_SECRET_ARN: expect.stringMatching(/^arn:aws:secretsmanager:/),
    });
    expect(cloud.schedules.filter((each) => each.target.functionName === audit?.name)).toMatchObject([
      { kind: "schedule", expression: "rate(5 minutes)", target: { input: null } },
    ]);
  });

  test("give the report its bucket, its schedule each hour, and the rule of an operator's request", () => {
    const [report] = cloud.functions.filter((each) => each.entry === "lambdas/hourly-report/handler.ts");
    expect(cloud.buckets).toEqual([expect.stringMatching(/^flashmm-testnet-state-reports[0-9a-f]+$/)]);
    expect(report?.environment).toMatchObject({ REPORT_BUCKET: cloud.buckets[0], MARKETS: "SEI/USDC" });
    const target = { functionName: report?.name, input: null };
    expect(cloud.schedules).toContainEqual(expect.objectContaining({ expression: "cron(15 * * * ? *)", target }));
    expect(cloud.rules).toContainEqual(
      expect.objectContaining({ bus: "flashmm", pattern: expect.anything(), targets: [target] }),
    );
  });

  test("give the health sweep every queue to look at, and its schedule", () => {
    const [sweep] = cloud.functions.filter((each) => each.entry === "lambdas/health-sweep/handler.ts");
    const aside = cloud.queues.filter((queue) => queue.name.endsWith("-dead-letters")).map((queue) => queue.url);
    expect(sweep?.environment["DEAD_LETTER_QUEUE_URLS"]?.split(",").sort()).toEqual(aside.sort());
    expect(cloud.schedules.filter((each) => each.target.functionName === sweep?.name)).toMatchObject([
      { kind: "schedule", expression: "rate(1 minute)", target: { input: null } },
    ]);
  });

  test("lead from the queue of fills to the function, and aside to the dead letters", () => {
    const fills = cloud.queues.find((queue) => queue.name === "fills");
    const aside = cloud.queues.find((queue) => queue.name === "fills-dead-letters");
    expect(fills).toMatchObject({ visibilitySeconds: 60, redrive: { deadLetterArn: aside?.arn, receivesMax: 5 } });
    expect(cloud.mappings).toContainEqual(
      expect.objectContaining({
        queueArn: fills?.arn,
        batchSize: BATCH_SIZE,
        batchingWindowSeconds: 1,
        concurrencyMax: 2,
      }),
    );
    expect(cloud.buses).toEqual(["flashmm"]);
  });
});

describe("a value", () => {
  const cases: readonly (readonly [string, JsonObject[string], string])[] = [
    ["Ref of a queue is its address", { Ref: "Q" }, "http://127.0.0.1:9/000000000000/q-name"],
    ["Ref of a secret is its ARN", { Ref: "S" }, "arn:aws:secretsmanager:us-east-1:000000000000:secret:App-S"],
    ["Ref of a pseudo parameter is known", { Ref: "AWS::Region" }, "us-east-1"],
    ["GetAtt in its list form", { "Fn::GetAtt": ["Q", "QueueName"] }, "q-name"],
    ["GetAtt in its dotted form", { "Fn::GetAtt": "Q.Arn" }, "arn:aws:sqs:us-east-1:000000000000:q-name"],
    ["Join of references", { "Fn::Join": ["/", ["a", { Ref: "AWS::AccountId" }, 3]] }, "a/000000000000/3"],
    ["Sub of a resource, an attribute and a literal", { "Fn::Sub": "${B}|${Q.QueueName}|${!B}" }, "app-b|q-name|${B}"],
    ["Sub with variables of its own", { "Fn::Sub": ["${X}-${AWS::Partition}", { X: { Ref: "B" } }] }, "app-b-aws"],
    ["Select of a list", { "Fn::Select": [1, ["a", "b"]] }, "b"],
    ["an export of another stack", { "Fn::ImportValue": "State:Out" }, "arn:aws:sqs:us-east-1:000000000000:fills"],
    [
      "an output of another stack",
      { "Fn::GetStackOutput": { StackName: "State", OutputName: "Out", Region: { Ref: "AWS::Region" } } },
      "arn:aws:sqs:us-east-1:000000000000:fills",
    ],
  ];

  test.each(cases)("%s", (_what, value, expected) => {
    const cloud = readStacks({
      State: STATE,
      App: {
        Resources: {
          Q: { Type: "AWS::SQS::Queue", Properties: { QueueName: "q-name" } },
          S: { Type: "AWS::SecretsManager::Secret" },
          B: { Type: "AWS::S3::Bucket" },
          F: functionWith({ VALUE: value, NONE: { Ref: "AWS::NoValue" } }),
        },
      },
    });
    expect(cloud.functions[0]?.environment).toEqual({ VALUE: expected });
  });

  const faults: readonly (readonly [string, JsonObject[string], string])[] = [
    ["a resource that is not there", { Ref: "Nobody" }, "a reference to a resource of its stack"],
    ["a kind that is not known", { Ref: "P" }, "a reference to a kind of resource known here"],
    ["an attribute that is not known", { "Fn::GetAtt": ["Q", "Colour"] }, "an attribute known here"],
    ["a function that is not known", { "Fn::Cidr": [] }, "free of functions the local cloud cannot evaluate"],
    ["an export nobody makes", { "Fn::ImportValue": "Other:Out" }, "an import of what another stack exports"],
    [
      "an output nobody makes",
      { "Fn::GetStackOutput": { StackName: "X", OutputName: "Y" } },
      "an output of another stack",
    ],
    ["a text that is a list", { "Fn::Sub": ["${L}", { L: [] }] }, "a text"],
  ];

  test.each(faults)("%s is an error that names the place", (_what, value, expected) => {
    const read = () =>
      readStacks({
        App: {
          Resources: {
            P: { Type: "AWS::Custom::Thing" },
            Q: { Type: "AWS::SQS::Queue" },
            F: functionWith({ VALUE: value }),
          },
        },
      });
    expect(read).toThrow(`template App: F.Environment must be ${expected}`);
  });

  test("references in a circle end in an error", () => {
    const circle: JsonObject = {
      Resources: { F: functionWith({ VALUE: { "Fn::GetStackOutput": { StackName: "App", OutputName: "A" } } }) },
      Outputs: { A: { Value: { "Fn::GetStackOutput": { StackName: "App", OutputName: "A" } } } },
    };
    expect(() => readStacks({ App: circle })).toThrow("a value without circular references");
  });
});

describe("rules and schedules", () => {
  const target = { Arn: { "Fn::GetAtt": ["F", "Arn"] }, Id: "T" };
  const read = (resources: JsonObject) => readStacks({ App: { Resources: { F: functionWith({}), ...resources } } });

  test("a rule with a pattern is a rule of its bus, with its targets", () => {
    const cloud = read({
      Bus: { Type: "AWS::Events::EventBus", Properties: { Name: "flashmm" } },
      R: {
        Type: "AWS::Events::Rule",
        Properties: {
          EventBusName: { Ref: "Bus" },
          EventPattern: { source: ["flashmm.operator"] },
          State: "ENABLED",
          Targets: [target],
        },
      },
    });
    expect(cloud.rules).toEqual([
      {
        name: "App-R",
        bus: "flashmm",
        pattern: { source: ["flashmm.operator"] },
        targets: [{ functionName: "App-F", input: null }],
      },
    ]);
  });

  test("a schedule starts its function with its input; a disabled one starts nothing", () => {
    const schedule = (state: string) => ({
      Type: "AWS::Scheduler::Schedule",
      Properties: {
        ScheduleExpression: "rate(1 minute)",
        State: state,
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: { ...target, Input: "{}", RoleArn: { "Fn::GetAtt": ["Role", "Arn"] } },
      },
    });
    const cloud = read({ Role: { Type: "AWS::IAM::Role" }, On: schedule("ENABLED"), Off: schedule("DISABLED") });
    expect(cloud.schedules.map(({ name, kind, target: { input } }) => ({ name, kind, input }))).toEqual([
      { name: "App-On", kind: "schedule", input: "{}" },
    ]);
  });

  test("a rule with an expression is a schedule too", () => {
    const cloud = read({
      R: { Type: "AWS::Events::Rule", Properties: { ScheduleExpression: "rate(5 minutes)", Targets: [target] } },
    });
    expect(cloud.schedules).toMatchObject([{ kind: "rule", expression: "rate(5 minutes)" }]);
    expect(cloud.rules).toEqual([]);
  });

  test.each<[string, JsonObject]>([
    ["a transformed input", { InputTransformer: { InputTemplate: "{}" } }],
    ["a part of the event as input", { InputPath: "$.detail" }],
    ["an input that is no JSON", { Input: "{" }],
  ])("%s is refused", (_what, more) => {
    const properties = { EventPattern: { source: ["x"] }, Targets: [{ ...target, ...more }] };
    expect(() => read({ R: { Type: "AWS::Events::Rule", Properties: properties } })).toThrow("template App.R.Targets");
  });
});

describe("what would be misread is refused", () => {
  const table = (more: JsonObject): JsonObject => ({
    Type: "AWS::DynamoDB::Table",
    Properties: {
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      ...more,
    },
  });
  const mapping = (more: JsonObject): JsonObject => ({
    Type: "AWS::Lambda::EventSourceMapping",
    Properties: { FunctionName: { Ref: "F" }, EventSourceArn: { "Fn::GetAtt": ["Q", "Arn"] }, ...more },
  });

  test.each<[string, JsonObject, string]>([
    [
      "an index nobody would serve",
      { T: table({ GlobalSecondaryIndexes: [] }) },
      "template App.T.GlobalSecondaryIndexes",
    ],
    ["a filter nobody would apply", { M: mapping({ FilterCriteria: {} }) }, "template App.M.FilterCriteria"],
    [
      "a batch of more than one receive without a window",
      { M: mapping({ BatchSize: 11 }) },
      "template App.M.BatchSize",
    ],
    [
      "a batch Lambda does not take",
      { M: mapping({ BatchSize: 10_001, MaximumBatchingWindowInSeconds: 1 }) },
      "template App.M.BatchSize",
    ],
    ["a source that is no queue", { M: mapping({ EventSourceArn: "arn:aws:kinesis:x" }) }, "an event source must be"],
    ["a target without a source", { M: mapping({ FunctionName: "Other" }) }, "a target must be"],
  ])("%s", (_what, resources, expected) => {
    const all = { F: functionWith({}), Q: { Type: "AWS::SQS::Queue" }, ...resources };
    expect(() => readStacks({ App: { Resources: all } })).toThrow(expected);
  });

  test("a folder without a template is an error that says so", () => {
    expect(() => readTemplates(tempFolder(), SQS_URL)).toThrow("the output of a synthesis");
  });

  test("a broken file is named", () => {
    const folder = tempFolder();
    writeFileSync(join(folder, "App.template.json"), "{");
    expect(() => readTemplates(folder, SQS_URL)).toThrow("App.template.json must be JSON");
  });
});
