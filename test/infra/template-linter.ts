/**
 * What must hold between the resources of the templates, which no emulator checks: names and permissions fit together, queues and
 * their readers fit together, whoever is started may be started. Owns these rules; each answers with its faults, none when it holds.
 */
import { type PlacedResource, resourcesOf, type Templates, toReference } from "./template-references.ts";

/** AWS Lambda guide, "Configuring a queue to use with Lambda". */
const VISIBILITY_PER_TIMEOUT = 6;

/** What a variable may name and a role may be let to. */
const NAMED_TYPES = [
  "AWS::DynamoDB::GlobalTable",
  "AWS::DynamoDB::Table",
  "AWS::SQS::Queue",
  "AWS::Events::EventBus",
  "AWS::S3::Bucket",
  "AWS::SecretsManager::Secret",
  "AWS::SNS::Topic",
];

/** A program, what it is told, and the role it runs in; `key` is `Stack.LogicalId` of it. */
type Program = { readonly key: string; readonly values: readonly string[]; readonly role: string };

/** Each variable that names something has its permission on the program's role, and that role is let to nothing that is not named. */
export function namesWithoutPermissions(templates: Templates): readonly string[] {
  const named = new Set(resourcesOf(templates, ...NAMED_TYPES).map((resource) => resource.key));
  return programsOf(templates).flatMap((program) => {
    const told = new Set(program.values.flatMap((value) => [...named].filter((key) => isOf(value, key))));
    const letTo = new Set(
      permissionsOf(templates, program.role).flatMap((permission) =>
        [...named].filter((key) => isOf(permission.resource, key)),
      ),
    );
    const wired = wiredTo(templates, program.key);
    return [
      ...[...told]
        .filter((key) => !letTo.has(key))
        .map((key) => `${program.key} is told of ${key} and may do nothing with it`),
      ...[...letTo]
        .filter((key) => !told.has(key) && !wired.has(key))
        .map((key) => `${program.key} may do something with ${key} and is not told of it`),
    ];
  });
}

/** A queue hides a message for at least six times as long as its reader may take. */
export function visibilityTooShort(templates: Templates): readonly string[] {
  return mappingsOf(templates).flatMap(({ queue, reader }) => {
    const wanted = VISIBILITY_PER_TIMEOUT * (reader.Properties.Timeout ?? 3);
    const has = queue.Properties.VisibilityTimeout ?? 30;
    return has >= wanted ? [] : [`${queue.key} hides a message for ${has} s, its reader takes up to ${wanted / 6} s`];
  });
}

/** What a reader cannot take goes to a queue of its own, and somebody is told of it; so it is with everything else set aside. */
export function deadLettersUnwatched(templates: Templates): readonly string[] {
  const watched = new Set(
    resourcesOf(templates, "AWS::CloudWatch::Alarm").flatMap((alarm) =>
      (alarm.Properties.Dimensions ?? []).map((dimension: { readonly Value: unknown }) =>
        toReference(templates, alarm.stack, dimension.Value),
      ),
    ),
  );
  const unread = mappingsOf(templates)
    .filter(({ queue }) => queue.Properties.RedrivePolicy === undefined)
    .map(({ queue }) => `${queue.key} has a reader and no dead-letter queue`);
  const silent = [...deadLettersOf(templates)]
    .filter((key) => !watched.has(`${key}.QueueName`))
    .map((key) => `${key} takes what failed and has no alarm`);
  return [...unread, ...silent];
}

/** Every target of a rule or a schedule may be started by it, and has a place for what could not be started. */
export function targetsWithoutPermission(templates: Templates): readonly string[] {
  const permissions = resourcesOf(templates, "AWS::Lambda::Permission").map((each) => ({
    target: toReference(templates, each.stack, each.Properties.FunctionName),
    source: toReference(templates, each.stack, each.Properties.SourceArn),
  }));
  const topics = new Set(
    resourcesOf(templates, "AWS::SNS::TopicPolicy").flatMap((policy) =>
      policy.Properties.Topics.map((topic: unknown) => toReference(templates, policy.stack, topic)),
    ),
  );
  const rules = resourcesOf(templates, "AWS::Events::Rule").flatMap((rule) =>
    (rule.Properties.Targets ?? []).flatMap(
      (target: { readonly Arn: unknown; readonly DeadLetterConfig?: unknown }) => {
        const arn = toReference(templates, rule.stack, target.Arn);
        // A topic's policy says who may publish; that it is there is enough here.
        if (topics.has(arn)) return [];
        const isLet = permissions.some((each) => each.target === arn && each.source === `${rule.key}.Arn`);
        return [
          ...(isLet ? [] : [`${rule.key} starts ${arn} and may not`]),
          ...(target.DeadLetterConfig === undefined ? [`${rule.key} has no place for what could not be started`] : []),
        ];
      },
    ),
  );
  const schedules = resourcesOf(templates, "AWS::Scheduler::Schedule").flatMap((schedule) => {
    const { Arn, RoleArn, DeadLetterConfig } = schedule.Properties.Target;
    const arn = toReference(templates, schedule.stack, Arn);
    const role = toReference(templates, schedule.stack, RoleArn).replace(/\.Arn$/, "");
    const isLet = permissionsOf(templates, role).some(
      (each) => each.actions.includes("lambda:InvokeFunction") && each.resource === arn,
    );
    return [
      ...(isLet ? [] : [`${schedule.key} starts ${arn} and may not`]),
      ...(DeadLetterConfig === undefined ? [`${schedule.key} has no place for what could not be started`] : []),
    ];
  });
  return [...rules, ...schedules];
}

export type Permission = {
  readonly role: string;
  readonly actions: readonly string[];
  readonly resource: string;
  readonly condition: string;
};

/** What a role may do, or every role and managed policy: one entry a statement and resource. */
export function permissionsOf(templates: Templates, role?: string): readonly Permission[] {
  return resourcesOf(templates, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy").flatMap((policy) => {
    const attached: readonly unknown[] = policy.Properties.Roles ?? [];
    const roles = attached.map((each) => toReference(templates, policy.stack, each));
    const holders = roles.length === 0 ? [policy.key] : roles;
    return holders
      .filter((holder) => role === undefined || holder === role)
      .flatMap((holder) =>
        policy.Properties.PolicyDocument.Statement.flatMap(
          (statement: { readonly Action: unknown; readonly Resource: unknown; readonly Condition?: unknown }) =>
            [statement.Resource].flat().map((resource) => ({
              role: holder,
              actions: [statement.Action].flat().map(String),
              resource: toReference(templates, policy.stack, resource),
              condition: statement.Condition === undefined ? "" : JSON.stringify(statement.Condition),
            })),
        ),
      );
  });
}

function programsOf(templates: Templates): readonly Program[] {
  const functions = resourcesOf(templates, "AWS::Lambda::Function").map((each) => ({
    key: each.key,
    // Some hold a list.
    values: Object.values(each.Properties.Environment?.Variables ?? {}).flatMap((value) =>
      toReference(templates, each.stack, value).split(","),
    ),
    role: toReference(templates, each.stack, each.Properties.Role).replace(/\.Arn$/, ""),
  }));
  const tasks = resourcesOf(templates, "AWS::ECS::TaskDefinition").flatMap((each) => {
    const [container] = each.Properties.ContainerDefinitions;
    const roleOf = (arn: unknown) => toReference(templates, each.stack, arn).replace(/\.Arn$/, "");
    const told = (list: readonly Record<string, unknown>[], name: string) =>
      list.map((entry) => toReference(templates, each.stack, entry[name]));
    return [
      { key: each.key, values: told(container.Environment, "Value"), role: roleOf(each.Properties.TaskRoleArn) },
      // Its secrets are read by whoever starts it.
      { key: each.key, values: told(container.Secrets, "ValueFrom"), role: roleOf(each.Properties.ExecutionRoleArn) },
    ];
  });
  return [...functions, ...tasks];
}

/** What a function must be let to without being told: the queue that starts it, and where its failures go. */
function wiredTo(templates: Templates, program: string): ReadonlySet<string> {
  const starts = mappingsOf(templates)
    .filter(({ reader }) => reader.key === program)
    .map(({ queue }) => queue.key);
  const failures = resourcesOf(templates, "AWS::Lambda::EventInvokeConfig")
    .filter((each) => toReference(templates, each.stack, each.Properties.FunctionName) === program)
    .map((each) => toReference(templates, each.stack, each.Properties.DestinationConfig?.OnFailure?.Destination ?? ""))
    .map((arn) => arn.replace(/\.Arn$/, ""));
  return new Set([...starts, ...failures]);
}

function mappingsOf(
  templates: Templates,
): readonly { readonly queue: PlacedResource; readonly reader: PlacedResource }[] {
  const byKey = new Map(
    resourcesOf(templates, "AWS::SQS::Queue", "AWS::Lambda::Function").map((resource) => [resource.key, resource]),
  );
  return resourcesOf(templates, "AWS::Lambda::EventSourceMapping").map((each) => {
    const queue = byKey.get(toReference(templates, each.stack, each.Properties.EventSourceArn).replace(/\.Arn$/, ""));
    const reader = byKey.get(toReference(templates, each.stack, each.Properties.FunctionName));
    if (queue === undefined || reader === undefined)
      throw new Error(`${each.key} must lead from a queue to a function`);
    return { queue, reader };
  });
}

/** Every queue that something leads to which could not be done. */
function deadLettersOf(templates: Templates): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (stack: string, arn: unknown) => {
    if (arn !== undefined) found.add(toReference(templates, stack, arn).replace(/\.Arn$/, ""));
  };
  for (const each of resourcesOf(templates, "AWS::SQS::Queue"))
    add(each.stack, each.Properties?.RedrivePolicy?.deadLetterTargetArn);
  for (const each of resourcesOf(templates, "AWS::Events::Rule")) {
    for (const target of each.Properties.Targets ?? []) add(each.stack, target.DeadLetterConfig?.Arn);
  }
  for (const each of resourcesOf(templates, "AWS::Scheduler::Schedule")) {
    add(each.stack, each.Properties.Target.DeadLetterConfig?.Arn);
  }
  for (const each of resourcesOf(templates, "AWS::Lambda::EventInvokeConfig")) {
    add(each.stack, each.Properties.DestinationConfig?.OnFailure?.Destination);
  }
  return found;
}

/** Whether a value refers to a resource, by `Ref` or by one of its attributes; `key` is `Stack.LogicalId`. */
function isOf(value: string, key: string): boolean {
  return value === key || value.startsWith(`${key}.`) || value.startsWith(`${key}:`);
}
