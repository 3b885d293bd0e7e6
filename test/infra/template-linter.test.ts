import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { removeOutput, templates } from "./mainnet-stacks.ts";
import {
  deadLettersUnwatched,
  namesWithoutPermissions,
  permissionsOf,
  targetsWithoutPermission,
  visibilityTooShort,
} from "./template-linter.ts";
import { resourcesOf, type StackTemplate, type Templates, toReference } from "./template-references.ts";

afterAll(removeOutput);

const RULES = [
  ["names fit permissions", namesWithoutPermissions],
  ["queues fit their readers", visibilityTooShort],
  ["what failed is watched", deadLettersUnwatched],
  ["what starts something may start it", targetsWithoutPermission],
] as const;

describe("in the templates", () => {
  test.each(RULES)("%s", (_what, rule) => {
    expect(rule(templates)).toEqual([]);
  });

  test("every variable that a handler needs is set, and it starts with them", () => {
    const wanted = resourcesOf(templates, "AWS::Lambda::Function").map((each) => ({
      entry: join(import.meta.dirname, "../..", each.Metadata["flashmm:entry"]),
      environment: Object.fromEntries(
        Object.entries(each.Properties.Environment.Variables).map(([name, value]) => [
          name,
          toReference(templates, each.stack, value),
        ]),
      ),
    }));
    const child = spawnSync(process.execPath, [join(import.meta.dirname, "load-handlers.ts")], {
      input: JSON.stringify(wanted),
      encoding: "utf8",
      env: { PATH: process.env["PATH"], AWS_REGION: "us-east-1", POWERTOOLS_DEV: "true" },
    });
    expect(child.stderr).toBe("");
    const answers: readonly { readonly entry: string; readonly needs: string[]; readonly complaint?: string }[] =
      JSON.parse(child.stdout);
    expect(answers).toHaveLength(wanted.length);
    for (const [index, { entry, needs, complaint }] of answers.entries()) {
      expect(complaint, entry).toBeUndefined();
      expect(Object.keys(wanted[index]?.environment ?? {}), entry).toEqual(expect.arrayContaining(needs));
      expect(needs.length, entry).toBeGreaterThan(0);
    }
  });

  test("every role may do exactly this, each line a decision", async () => {
    const lines = permissionsOf(templates).flatMap(({ role, actions, resource, condition }) =>
      actions.map((action) => `${role} | ${action} | ${resource}${condition === "" ? "" : ` | ${condition}`}`),
    );
    await expect(`${lines.toSorted().join("\n")}\n`).toMatchFileSnapshot("permissions.txt");
  });

  test("no action has a wildcard, and a resource only where AWS knows none", () => {
    const wide = permissionsOf(templates).filter(
      ({ actions, resource }) => resource.includes("*") || actions.some((action) => action.includes("*")),
    );
    // The token without which no image is pulled, the versions of the functions that a schedule starts, the reports in their bucket.
    const known: readonly (readonly [string, RegExp])[] = [
      ["ecr:GetAuthorizationToken", /^\*$/],
      ["lambda:InvokeFunction", /Function[0-9A-F]{8}\.Arn:\*$/],
      ["s3:GetObject,s3:PutObject", /\.Reports[0-9A-F]{8}\.Arn\/reports\/\*$/],
    ];
    const isKnown = ({ actions, resource }: (typeof wide)[number]) =>
      known.some(([action, pattern]) => action === actions.join() && pattern.test(resource));
    expect(wide.filter((each) => !isKnown(each))).toEqual([]);
    for (const role of resourcesOf(templates, "AWS::IAM::Role")) {
      expect(role.Properties.ManagedPolicyArns, role.key).toBeUndefined();
    }
  });
});

describe("a template in which", () => {
  const queue = (properties: object = {}) => ({ Type: "AWS::SQS::Queue", Properties: properties });
  const arn = (id: string) => ({ "Fn::GetAtt": [id, "Arn"] });
  const made = (Resources: StackTemplate["Resources"]): Templates => new Map([["S", { Resources }]]);
  const reader = {
    Type: "AWS::Lambda::Function",
    Properties: { Timeout: 10, Role: arn("R"), Environment: { Variables: { TABLE_NAME: { Ref: "T" } } } },
  };
  const table = { Type: "AWS::DynamoDB::GlobalTable" };
  const mapping = {
    Type: "AWS::Lambda::EventSourceMapping",
    Properties: { EventSourceArn: arn("Q"), FunctionName: { Ref: "F" } },
  };
  const policy = (...targets: readonly string[]) => ({
    Type: "AWS::IAM::Policy",
    Properties: {
      Roles: [{ Ref: "R" }],
      PolicyDocument: { Statement: [{ Action: "a:B", Resource: targets.map(arn) }] },
    },
  });

  test.each<[string, (typeof RULES)[number][1], StackTemplate["Resources"], readonly string[]]>([
    [
      "a table is named and not allowed",
      namesWithoutPermissions,
      { F: reader, T: table, P: policy() },
      ["S.F is told of S.T and may do nothing with it"],
    ],
    [
      "a queue is allowed and not named",
      namesWithoutPermissions,
      { F: reader, T: table, Q: queue(), P: policy("T", "Q") },
      ["S.F may do something with S.Q and is not told of it"],
    ],
    [
      "a message comes back while it is worked on",
      visibilityTooShort,
      { F: reader, Q: queue({ VisibilityTimeout: 59 }), M: mapping },
      ["S.Q hides a message for 59 s, its reader takes up to 10 s"],
    ],
    [
      "a read queue sets nothing aside",
      deadLettersUnwatched,
      { F: reader, Q: queue(), M: mapping },
      ["S.Q has a reader and no dead-letter queue"],
    ],
    [
      "nobody is told of what was set aside",
      deadLettersUnwatched,
      { F: reader, Q: queue({ RedrivePolicy: { deadLetterTargetArn: arn("D") } }), D: queue(), M: mapping },
      ["S.D takes what failed and has no alarm"],
    ],
    [
      "a rule may not start its target",
      targetsWithoutPermission,
      {
        F: reader,
        R: { Type: "AWS::Events::Rule", Properties: { Targets: [{ Arn: arn("F"), DeadLetterConfig: {} }] } },
      },
      ["S.R starts S.F.Arn and may not"],
    ],
  ])("%s is found", (_what, rule, resources, faults) => {
    expect(rule(made(resources))).toEqual(faults);
  });
});
