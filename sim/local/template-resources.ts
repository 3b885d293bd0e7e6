/**
 * One resource of a template at a time: its properties, evaluated and checked, as the local cloud wants them.
 * Owns which properties are read; what is not read here has no effect locally, and what would be misread is an error.
 */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import type { Json, JsonObject } from "./template-values.ts";

export type TableDescription = {
  readonly name: string;
  readonly keySchema: readonly { readonly AttributeName: string; readonly KeyType: "HASH" | "RANGE" }[];
  readonly attributes: readonly { readonly AttributeName: string; readonly AttributeType: "S" | "N" | "B" }[];
};

export type QueueDescription = {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  readonly receiveWaitSeconds: number;
  readonly redrive: { readonly deadLetterArn: string; readonly receivesMax: number } | null;
};

export type FunctionDescription = {
  readonly name: string;
  readonly arn: string;
  /** The handler's source, relative to the repository. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMegabytes: number;
};

export type EventSourceMapping = {
  readonly functionName: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  readonly reportsItemFailures: boolean;
  /** Batches at once; `null` when the template sets none. */
  readonly concurrencyMax: number | null;
};

export type EventTarget = { readonly functionName: string; readonly input: string | null };

export type RuleDescription = {
  readonly name: string;
  readonly bus: string;
  readonly pattern: JsonObject;
  readonly targets: readonly EventTarget[];
};

export type ScheduleDescription = {
  readonly name: string;
  readonly arn: string;
  readonly expression: string;
  /** A schedule of EventBridge Scheduler starts at once, a scheduled rule after its first period. */
  readonly kind: "schedule" | "rule";
  readonly target: EventTarget;
};

/** One resource with its functions evaluated on demand. */
export type ResourceReader = {
  readonly name: string;
  /** Stack and logical id, for errors. */
  readonly where: string;
  readonly metadata: JsonObject;
  /** `Fn::GetAtt` of it. */
  attribute(name: string): Json;
  /** A property, `null` when absent. */
  property(key: string): Json;
};

const attributeDefinitions = z.array(z.object({ AttributeName: z.string(), AttributeType: z.enum(["S", "N", "B"]) }));
const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(["HASH", "RANGE"]) }));
const absent = z.null();
const wholeNumber = z.coerce.number().int().min(0);
const text = z.string();
const environment = z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) });
const redrivePolicy = z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: wholeNumber.min(1) });
const state = z.enum(["ENABLED", "DISABLED"]).nullable();

export function table(resource: ResourceReader): TableDescription {
  for (const key of ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"]) read(resource, key, absent);
  return {
    name: resource.name,
    keySchema: read(resource, "KeySchema", keySchema),
    attributes: read(resource, "AttributeDefinitions", attributeDefinitions),
  };
}

export function queue(resource: ResourceReader): QueueDescription {
  const redrive = read(resource, "RedrivePolicy", redrivePolicy.nullable());
  return {
    name: resource.name,
    arn: attribute(resource, "Arn"),
    url: attribute(resource, "QueueUrl"),
    // The defaults are CloudFormation's.
    visibilitySeconds: read(resource, "VisibilityTimeout", wholeNumber.nullable()) ?? 30,
    retentionSeconds: read(resource, "MessageRetentionPeriod", wholeNumber.nullable()) ?? 345_600,
    receiveWaitSeconds: read(resource, "ReceiveMessageWaitTimeSeconds", wholeNumber.nullable()) ?? 0,
    redrive:
      redrive === null ? null : { deadLetterArn: redrive.deadLetterTargetArn, receivesMax: redrive.maxReceiveCount },
  };
}

export function lambdaFunction(resource: ResourceReader): FunctionDescription {
  return {
    name: resource.name,
    arn: attribute(resource, "Arn"),
    entry: check(resource, "flashmm:entry", text, resource.metadata["flashmm:entry"] ?? null),
    environment: read(resource, "Environment", environment.nullable())?.Variables ?? {},
    timeoutMs: 1_000 * (read(resource, "Timeout", wholeNumber.nullable()) ?? 3),
    memoryMegabytes: read(resource, "MemorySize", wholeNumber.nullable()) ?? 128,
  };
}

/** None when the mapping is disabled. */
export function eventSourceMapping(resource: ResourceReader): EventSourceMapping[] {
  if (read(resource, "Enabled", z.boolean().nullable()) === false) return [];
  read(resource, "FilterCriteria", absent);
  const responses = read(resource, "FunctionResponseTypes", z.array(z.string()).nullable()) ?? [];
  const batchingWindowSeconds = read(resource, "MaximumBatchingWindowInSeconds", wholeNumber.nullable()) ?? 0;
  // Lambda guide, "Lambda parameters for Amazon SQS event source mappings": more than one receive gives wants a window.
  const batchMax = batchingWindowSeconds === 0 ? 10 : 10_000;
  const scaling = read(resource, "ScalingConfig", z.object({ MaximumConcurrency: wholeNumber.optional() }).nullable());
  return [
    {
      functionName: functionName(read(resource, "FunctionName", text)),
      queueArn: read(resource, "EventSourceArn", text),
      batchSize: read(resource, "BatchSize", wholeNumber.min(1).max(batchMax).nullable()) ?? 10,
      batchingWindowSeconds,
      reportsItemFailures: responses.includes("ReportBatchItemFailures"),
      concurrencyMax: scaling?.MaximumConcurrency ?? null,
    },
  ];
}

/** An event pattern makes a rule of the bus, a schedule expression a schedule; a disabled rule is neither. */
export function rule(resource: ResourceReader): {
  readonly rules: readonly RuleDescription[];
  readonly schedules: readonly ScheduleDescription[];
} {
  if (read(resource, "State", state) === "DISABLED") return { rules: [], schedules: [] };
  const pattern = read(resource, "EventPattern", z.record(z.string(), z.json()).nullable());
  const expression = read(resource, "ScheduleExpression", text.nullable());
  const targets = (read(resource, "Targets", z.array(ruleTarget).nullable()) ?? []).flatMap(functionTarget);
  const bus = read(resource, "EventBusName", text.nullable()) ?? "default";
  return {
    rules: pattern === null ? [] : [{ name: resource.name, bus: bus.split("/").at(-1) ?? bus, pattern, targets }],
    schedules:
      expression === null
        ? []
        : targets.map(
            (target): ScheduleDescription => ({
              name: resource.name,
              arn: attribute(resource, "Arn"),
              expression,
              kind: "rule",
              target,
            }),
          ),
  };
}

/** None when the schedule is disabled, or starts something that is no function. */
export function schedule(resource: ResourceReader): ScheduleDescription[] {
  if (read(resource, "State", state) === "DISABLED") return [];
  const target = read(resource, "Target", scheduleTarget);
  const expression = read(resource, "ScheduleExpression", text);
  return functionTarget(target).map(
    (each): ScheduleDescription => ({
      name: resource.name,
      arn: attribute(resource, "Arn"),
      expression,
      kind: "schedule",
      target: each,
    }),
  );
}

/** The constant input of a target; an event is made of it each time. */
const jsonText = z.string().refine(isJson, "expected JSON");
const ruleTarget = z.object({
  Arn: z.string(),
  Input: jsonText.optional(),
  InputPath: z.never().optional(),
  InputTransformer: z.never().optional(),
});
const scheduleTarget = z.object({ Arn: z.string(), Input: jsonText.optional() });

function functionTarget(target: { readonly Arn: string; readonly Input?: string | undefined }): EventTarget[] {
  if (!target.Arn.includes(":function:")) return [];
  return [{ functionName: functionName(target.Arn), input: target.Input ?? null }];
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

/** A function's name out of its name or ARN. */
function functionName(nameOrArn: string): string {
  return nameOrArn.split(":").at(-1) ?? nameOrArn;
}

function attribute(resource: ResourceReader, name: string): string {
  return check(resource, name, text, resource.attribute(name));
}

function read<Value>(resource: ResourceReader, key: string, schema: z.ZodType<Value>): Value {
  return check(resource, key, schema, resource.property(key));
}

function check<Value>(resource: ResourceReader, key: string, schema: z.ZodType<Value>, value: Json): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InputError({
    what: `template ${resource.where}.${key}`,
    expected: "what the local cloud can start",
    was: z.prettifyError(parsed.error),
  });
}
