/**
 * What the deployment fixes and the world must obey: times out of sight, batch sizes, receive counts, time-outs, schedules. Owns their
 * reading from the synthesized templates; `deployment.json` beside it is what they said last, and a test holds the two together.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { InputError } from "../../../core/errors.ts";
import { parseSchedule } from "../../local/schedule-expression.ts";
import { readTemplates } from "../../local/template.ts";

const count = z.int().min(1);

const deployment = z.strictObject({
  fills: z.strictObject({
    visibilityMs: count,
    receivesMax: count,
    batchSize: count,
    batchingWindowMs: z.int().min(0),
    batchesAtOnce: count,
  }),
  /** By the function's folder. */
  timeoutsMs: z.record(z.string(), count),
  schedulesMs: z.record(z.string(), count),
  /** The hourly report: at which minute, how often a run that failed is tried again, and until when an event counts. */
  reports: z.strictObject({ minute: z.int().min(0).max(59), retriesMax: z.int().min(0), eventAgeMs: count }),
  /** How often a provisioning of Grafana that failed is tried again, and until when an event counts. */
  provisioning: z.strictObject({ retriesMax: z.int().min(0), eventAgeMs: count }),
  /** From the wish to stop a task to its end by force. */
  stopTimeoutMs: count,
});

export type Deployment = z.infer<typeof deployment>;

/** What the templates said when this was last written down. */
export function writtenDeployment(): Deployment {
  return deployment.parse(JSON.parse(readFileSync(new URL("./deployment.json", import.meta.url), "utf8")));
}

/** Reads a folder of `cdk synth`. Throws `InputError` on what is missing there. */
export function readDeployment(templateDir: string): Deployment {
  const { functions, mappings, queues, schedules } = readTemplates(templateDir, "http://127.0.0.1:1");
  const consumer = found(mappings[0], "a consumer of the fills");
  const queue = found(
    queues.find(({ arn }) => arn === consumer.queueArn),
    "the consumer's queue",
  );
  const folderOf = new Map(functions.map(({ name, entry }) => [name, entry.split("/").at(-2) ?? name]));
  return {
    fills: {
      visibilityMs: 1_000 * queue.visibilitySeconds,
      receivesMax: found(queue.redrive, "a dead-letter queue of the fills").receivesMax,
      batchSize: consumer.batchSize,
      batchingWindowMs: 1_000 * consumer.batchingWindowSeconds,
      batchesAtOnce: found(consumer.concurrencyMax, "the consumer's concurrency"),
    },
    timeoutsMs: Object.fromEntries(functions.map(({ name, timeoutMs }) => [folderOf.get(name) ?? name, timeoutMs])),
    schedulesMs: Object.fromEntries(
      schedules.map(({ target, expression }) => [
        folderOf.get(target.functionName) ?? target.functionName,
        periodMs(expression),
      ]),
    ),
    reports: {
      minute: minuteOf(schedules.find(({ target }) => folderOf.get(target.functionName) === REPORT)?.expression),
      ...retriesOf(templateDir, REPORT),
    },
    provisioning: retriesOf(templateDir, "grafana-provisioning"),
    stopTimeoutMs: 1_000 * stopTimeoutSeconds(templateDir),
  };
}

const REPORT = "hourly-report";

function minuteOf(expression: string | undefined): number {
  const schedule = parseSchedule(found(expression, "a schedule of the hourly report"));
  return schedule.kind === "hourly" ? schedule.minute : 0;
}

const lambdaFunction = z.object({
  Type: z.literal("AWS::Lambda::Function"),
  Metadata: z.object({ "flashmm:entry": z.string() }),
});

const invokeConfig = z.object({
  Type: z.literal("AWS::Lambda::EventInvokeConfig"),
  Properties: z.object({
    FunctionName: z.object({ Ref: z.string() }),
    MaximumEventAgeInSeconds: z.int(),
    MaximumRetryAttempts: z.int(),
  }),
});

/** What a function's asynchronous invocations are configured with, which the local cloud's reader passes over. */
function retriesOf(templateDir: string, folder: string): Pick<Deployment["reports"], "retriesMax" | "eventAgeMs"> {
  for (const Resources of resourcesIn(templateDir)) {
    const ids = Object.entries(Resources)
      .filter(([, each]) => lambdaFunction.safeParse(each).data?.Metadata["flashmm:entry"].includes(`/${folder}/`))
      .map(([id]) => id);
    const configs = Object.values(Resources).map((each) => invokeConfig.safeParse(each).data?.Properties);
    const config = configs.find((each) => each !== undefined && ids.includes(each.FunctionName.Ref));
    if (config !== undefined)
      return { retriesMax: config.MaximumRetryAttempts, eventAgeMs: 1_000 * config.MaximumEventAgeInSeconds };
  }
  throw new InputError({ what: templateDir, expected: `how often ${folder} is tried again`, was: "nothing" });
}

function resourcesIn(templateDir: string): readonly Readonly<Record<string, unknown>>[] {
  const files = readdirSync(templateDir).filter((name) => name.endsWith(".template.json"));
  return files.map((file) => {
    const { Resources = {} }: { Resources?: Record<string, unknown> } = JSON.parse(
      readFileSync(join(templateDir, file), "utf8"),
    );
    return Resources;
  });
}

const taskDefinition = z.object({
  Type: z.literal("AWS::ECS::TaskDefinition"),
  Properties: z.object({ ContainerDefinitions: z.array(z.object({ StopTimeout: z.int() })).min(1) }),
});

/** The local cloud runs no containers, so its reader passes task definitions over. */
function stopTimeoutSeconds(templateDir: string): number {
  for (const Resources of resourcesIn(templateDir)) {
    for (const resource of Object.values(Resources)) {
      const read = taskDefinition.safeParse(resource);
      if (read.success) return Math.max(...read.data.Properties.ContainerDefinitions.map((each) => each.StopTimeout));
    }
  }
  throw new InputError({ what: templateDir, expected: "a task definition with a stop time-out", was: "none" });
}

function found<Value>(value: Value | null | undefined, expected: string): Value {
  if (value !== undefined && value !== null) return value;
  throw new InputError({ what: "the templates", expected, was: "none" });
}

function periodMs(expression: string): number {
  const schedule = parseSchedule(expression);
  return schedule.kind === "rate" ? schedule.everyMs : 3_600_000;
}
