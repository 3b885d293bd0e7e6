/**
 * cdk-nag's AWS Solutions rules over the whole app, and the findings that stay, each with its reason. A finding that is not named here
 * fails the synthesis. Owns the reasons.
 */
import { type App, CfnElement, Stack, Validations } from "aws-cdk-lib";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { CfnSecret } from "aws-cdk-lib/aws-secretsmanager";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks } from "cdk-nag";
import type { IConstruct } from "constructs";
import { NodeFunction } from "./constructs/node-function.ts";

/** Has every synthesis checked. */
export function checkApp(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}

type Acknowledgement = {
  /** The rule, with the finding in brackets where a rule makes several. */
  readonly rule: string | ((each: IConstruct) => readonly string[]);
  readonly appliesTo: (each: IConstruct) => boolean;
  readonly reason: string;
};

/** Every finding that stays. */
export const ACKNOWLEDGEMENTS: readonly Acknowledgement[] = [
  {
    rule: "SMG4",
    appliesTo: (each) => each instanceof CfnSecret,
    reason:
      "The key is made by its owner (the order API, X, Grafana), who offers no call to make another: it is rotated by hand, as docs/operations.md says.",
  },
  {
    rule: "SQS3",
    appliesTo: (each) => each instanceof Queue && each.node.id === "DeadLetters",
    reason:
      "It is a dead-letter queue itself: of a rule, a schedule or a function's own invocations, which the rule does not look at.",
  },
  {
    rule: versionsOfFunctions,
    appliesTo: (each) => each.node.id.startsWith("SchedulerRoleForTarget"),
    reason:
      "A schedule's role may start its function, and the CDK adds the versions of that same function; there are no others of that name.",
  },
  {
    rule: "S1",
    appliesTo: (each) => each instanceof Bucket && each.node.id === "Reports",
    reason: "It holds what is posted for everybody to see; a log of who read it would be another bucket to keep.",
  },
  {
    rule: objectsOfReports,
    appliesTo: (each) => each.node.path.endsWith("/HourlyReport/Function/Role"),
    reason: "Each report has names of its own under reports/, and the function may touch nothing else of the bucket.",
  },
  {
    rule: "VPC7",
    appliesTo: (each) => each.node.path.endsWith("/Network/Vpc"),
    reason:
      "Nothing can come in, and what goes out goes to the few ports of the group: a log of flows would cost more than it could tell.",
  },
  {
    rule: "ECS4",
    appliesTo: (each) => each.node.path.endsWith("-Trading/Cluster"),
    reason: "Container Insights costs some three dollars a month; the task's own figures and its silence are alarmed.",
  },
  {
    rule: "ECS2",
    appliesTo: (each) => each.node.path.endsWith("/Definition"),
    reason: "The variables are names of resources, a port and a level: the keys come from Secrets Manager.",
  },
  {
    rule: "IAM5[Resource::*]",
    appliesTo: (each) => each.node.path.endsWith("/Definition/ExecutionRole"),
    reason:
      "ecr:GetAuthorizationToken knows no resource (AWS Service Authorization Reference); pulling is for one repository.",
  },
];

/** Marks what stays, in whichever of the stacks it stands. */
export function acknowledgeFindings(app: App): void {
  for (const each of app.node.findAll()) {
    for (const { rule, appliesTo, reason } of ACKNOWLEDGEMENTS) {
      if (!appliesTo(each)) continue;
      const rules = typeof rule === "string" ? [rule] : rule(each);
      for (const name of rules) Validations.of(each).acknowledge({ id: `AwsSolutions::AwsSolutions-${name}`, reason });
    }
  }
}

/** The findings of a schedule's role, by the functions of its stack. */
function versionsOfFunctions(role: IConstruct): readonly string[] {
  const stack = Stack.of(role);
  return stack.node
    .findAll()
    .filter((each) => each instanceof NodeFunction)
    .map(({ function: made }) => made.node.defaultChild)
    .filter((resource) => resource !== undefined && CfnElement.isCfnElement(resource))
    .map((resource) => `IAM5[Resource::<${stack.getLogicalId(resource)}.Arn>:*]`);
}

/**
 * The finding of the report's role, which names the bucket of the other stack as the CDK refers to it: by an output whose name ends in a
 * hash of the reference, the same in every stage.
 */
function objectsOfReports(role: IConstruct): readonly string[] {
  const { region } = Stack.of(role);
  const buckets = role.node.root.node.findAll().filter((each) => each instanceof Bucket && each.node.id === "Reports");
  return buckets.map((bucket) => {
    const state = Stack.of(bucket);
    const id = state.resolve(state.getLogicalId(cfnOf(bucket)));
    const output = {
      StackName: state.stackName,
      Region: state.resolve(region),
      OutputName: `PublishOutputFnGetAtt${id}ArnFC266144`,
    };
    return `IAM5[Resource::${JSON.stringify({ "Fn::GetStackOutput": output })}/reports/*]`;
  });
}

function cfnOf(construct: IConstruct): CfnElement {
  const resource = construct.node.defaultChild;
  if (resource === undefined || !CfnElement.isCfnElement(resource)) {
    throw new Error(`${construct.node.path} must have a resource of its own, had none`);
  }
  return resource;
}
