/** The stacks of a stage without bundles, and one function's resources in them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { makeApp } from "../../infra/app.ts";
import type { StackTemplate } from "./template-references.ts";

const outdir = mkdtempSync(join(tmpdir(), "flashmm-infra-"));

/** Removes what a synthesis has written. */
export const removeOutput = () => rmSync(outdir, { recursive: true, force: true });

export const app = makeApp({ outdir, deploying: false, stage: "mainnet" });
export const stateStack = stackNamed("FlashMM-mainnet-State");
export const state = Template.fromStack(stateStack);
export const operations = Template.fromStack(stackNamed("FlashMM-mainnet-Operations"));
export const trading = Template.fromStack(stackNamed("FlashMM-mainnet-Trading"));
export const observability = Template.fromStack(stackNamed("FlashMM-mainnet-Observability"));

/** All of them, by the stack's name. */
export const templates: ReadonlyMap<string, StackTemplate> = new Map(
  app.node.children
    .filter((child) => Stack.isStack(child))
    .map((stack) => [stack.stackName, Template.fromStack(stack).toJSON() as StackTemplate]),
);

function stackNamed(name: string): Stack {
  const found = app.node.findChild(name);
  if (!Stack.isStack(found)) throw new Error(`${name} must be a stack`);
  return found;
}

/** The resource of a function by its folder under `lambdas/`. */
export function functionOf(folder: string) {
  const entry = `lambdas/${folder}/handler.ts`;
  const found = Object.values(operations.findResources("AWS::Lambda::Function")).find(
    (resource) => resource["Metadata"]["flashmm:entry"] === entry,
  );
  if (found === undefined) throw new Error(`there must be a function of ${entry}`);
  return found;
}

/** What the role of a function may do. */
export function statementsOf(folder: string): readonly Statement[] {
  return statementsOfRole(operations, functionOf(folder)["Properties"].Role["Fn::GetAtt"][0]);
}

/** What a role of a stack may do, by its logical id. */
export function statementsOfRole(stack: Template, role: string): readonly Statement[] {
  return Object.values(stack.findResources("AWS::IAM::Policy"))
    .filter((policy) => policy["Properties"].Roles.some((each: { readonly Ref: string }) => each.Ref === role))
    .flatMap((policy) => policy["Properties"].PolicyDocument.Statement);
}

type Statement = {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
};
