/**
 * The cloud of the templates: reads every stack of a folder of `cdk synth` into the tables, queues, buckets, functions,
 * rules and schedules that the local cloud starts. Owns what is read and what is left out (roles, policies, logs, alarms: nothing
 * here would act on them). A template that cannot be read is an `InputError` that names stack and resource.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import type {
  EventSourceMapping,
  FunctionDescription,
  QueueDescription,
  RuleDescription,
  ScheduleDescription,
  TableDescription,
} from "./template-resources.ts";
import { eventSourceMapping, lambdaFunction, queue, rule, schedule, table } from "./template-resources.ts";
import type { Json, JsonObject, Template } from "./template-values.ts";
import { TemplateValues } from "./template-values.ts";

export type CloudDescription = {
  readonly tables: readonly TableDescription[];
  readonly queues: readonly QueueDescription[];
  /** Names of buckets. */
  readonly buckets: readonly string[];
  readonly functions: readonly FunctionDescription[];
  readonly mappings: readonly EventSourceMapping[];
  readonly buses: readonly string[];
  readonly rules: readonly RuleDescription[];
  readonly schedules: readonly ScheduleDescription[];
};

const TEMPLATE_SUFFIX = ".template.json";

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

const templateFile = z.object({
  Resources: z
    .record(
      z.string(),
      z.object({ Type: z.string(), Properties: jsonObject.default({}), Metadata: jsonObject.default({}) }),
    )
    .default({}),
  Outputs: z
    .record(z.string(), z.object({ Value: z.json(), Export: z.object({ Name: z.json() }).optional() }))
    .default({}),
});

/** Reads every `*.template.json` of the folder. `sqsUrl` is the address of the queue server. */
export function readTemplates(templateDir: string, sqsUrl: string): CloudDescription {
  const templates = new Map<string, Template>();
  for (const file of templateFiles(templateDir)) {
    const template = readTemplate(file);
    templates.set(template.stack, template);
  }
  const values = new TemplateValues(templates, sqsUrl);
  const draft = emptyDescription();
  for (const template of templates.values()) collect(template, values, draft);
  assertTargetsExist(draft);
  return draft;
}

function templateFiles(templateDir: string): string[] {
  const names = readdirSync(templateDir).filter((name) => name.endsWith(TEMPLATE_SUFFIX));
  if (names.length === 0) {
    throw new InputError({ what: `folder ${templateDir}`, expected: "the output of a synthesis", was: "no template" });
  }
  return names.toSorted().map((name) => join(templateDir, name));
}

function readTemplate(file: string): Template {
  const parsed = templateFile.safeParse(parseJson(file));
  if (!parsed.success) {
    throw new InputError({ what: file, expected: "a CloudFormation template", was: z.prettifyError(parsed.error) });
  }
  const { Resources, Outputs } = parsed.data;
  return {
    stack: basename(file, TEMPLATE_SUFFIX),
    resources: new Map(Object.entries(Resources)),
    outputs: new Map(
      Object.entries(Outputs).map(([name, output]) => [name, { value: output.Value, exportName: output.Export?.Name }]),
    ),
  };
}

function parseJson(file: string): unknown {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError({ what: file, expected: "JSON", was: text.slice(0, 40), cause });
  }
}

type Draft = { -readonly [Key in keyof CloudDescription]: CloudDescription[Key][number][] };

function emptyDescription(): Draft {
  return { tables: [], queues: [], buckets: [], functions: [], mappings: [], buses: [], rules: [], schedules: [] };
}

function collect(template: Template, values: TemplateValues, draft: Draft): void {
  for (const [logicalId, resource] of template.resources) {
    const read = {
      name: values.nameOf(template, logicalId),
      where: `${template.stack}.${logicalId}`,
      metadata: resource.Metadata,
      attribute: (name: string): Json => values.resolve({ "Fn::GetAtt": [logicalId, name] }, template, logicalId),
      property: (key: string): Json =>
        values.resolve(resource.Properties[key] ?? null, template, `${logicalId}.${key}`),
    };
    switch (resource.Type) {
      case "AWS::DynamoDB::Table":
      case "AWS::DynamoDB::GlobalTable":
        draft.tables.push(table(read));
        break;
      case "AWS::SQS::Queue":
        draft.queues.push(queue(read));
        break;
      case "AWS::S3::Bucket":
        draft.buckets.push(read.name);
        break;
      case "AWS::Lambda::Function":
        // A function without an entry is the CDK's own and has no source here.
        if (resource.Metadata["flashmm:entry"] !== undefined) draft.functions.push(lambdaFunction(read));
        break;
      case "AWS::Lambda::EventSourceMapping":
        draft.mappings.push(...eventSourceMapping(read));
        break;
      case "AWS::Events::EventBus":
        draft.buses.push(read.name);
        break;
      case "AWS::Events::Rule": {
        const { rules, schedules } = rule(read);
        draft.rules.push(...rules);
        draft.schedules.push(...schedules);
        break;
      }
      case "AWS::Scheduler::Schedule":
        draft.schedules.push(...schedule(read));
        break;
      default:
        break;
    }
  }
}

function assertTargetsExist(description: CloudDescription): void {
  const functions = new Set(description.functions.map((each) => each.name));
  const queues = new Set(description.queues.map((each) => each.arn));
  const wanted = [
    ...description.mappings.map((each) => each.functionName),
    ...description.rules.flatMap((each) => each.targets.map((target) => target.functionName)),
    ...description.schedules.map((each) => each.target.functionName),
  ];
  for (const name of wanted) {
    if (functions.has(name)) continue;
    throw new InputError({ what: "a target", expected: "a function with a flashmm:entry in its metadata", was: name });
  }
  for (const { queueArn } of description.mappings) {
    if (queues.has(queueArn)) continue;
    throw new InputError({ what: "an event source", expected: "a queue of the templates", was: queueArn });
  }
}
