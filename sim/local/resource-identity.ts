/**
 * What a resource of a template is called here: its name, what `Ref` gives and its attributes, in one made-up account.
 * Owns names alone; which resources are started is `cloud.ts`'s.
 */

/** The account and region of everything local; those of the queue server. */
export const LOCAL_ACCOUNT = "000000000000";
export const LOCAL_REGION = "us-east-1";

type Kind = {
  /** The property that gives the name, when the template gives one. */
  readonly nameProperty: string;
  readonly ref: "name" | "arn" | "url";
  arn(name: string): string;
};

const regional = (service: string, resource: (name: string) => string) => (name: string) =>
  `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resource(name)}`;

const TABLE: Kind = { nameProperty: "TableName", ref: "name", arn: regional("dynamodb", (name) => `table/${name}`) };

/** The kinds a template of ours may refer to; a reference to any other is an error that names it. */
const KINDS: Readonly<Record<string, Kind>> = {
  "AWS::DynamoDB::Table": TABLE,
  "AWS::DynamoDB::GlobalTable": TABLE,
  "AWS::SQS::Queue": { nameProperty: "QueueName", ref: "url", arn: regional("sqs", (name) => name) },
  "AWS::Lambda::Function": {
    nameProperty: "FunctionName",
    ref: "name",
    arn: regional("lambda", (name) => `function:${name}`),
  },
  "AWS::Events::EventBus": {
    nameProperty: "Name",
    ref: "name",
    arn: regional("events", (name) => `event-bus/${name}`),
  },
  "AWS::Events::Rule": { nameProperty: "Name", ref: "name", arn: regional("events", (name) => `rule/${name}`) },
  "AWS::Scheduler::Schedule": {
    nameProperty: "Name",
    ref: "name",
    arn: regional("scheduler", (name) => `schedule/default/${name}`),
  },
  "AWS::Scheduler::ScheduleGroup": {
    nameProperty: "Name",
    ref: "name",
    arn: regional("scheduler", (name) => `schedule-group/${name}`),
  },
  "AWS::SNS::Topic": { nameProperty: "TopicName", ref: "arn", arn: regional("sns", (name) => name) },
  "AWS::SecretsManager::Secret": {
    nameProperty: "Name",
    ref: "arn",
    arn: regional("secretsmanager", (name) => `secret:${name}`),
  },
  "AWS::S3::Bucket": { nameProperty: "BucketName", ref: "name", arn: (name) => `arn:aws:s3:::${name}` },
  "AWS::Logs::LogGroup": {
    nameProperty: "LogGroupName",
    ref: "name",
    arn: regional("logs", (name) => `log-group:${name}`),
  },
  "AWS::ECS::Cluster": {
    nameProperty: "ClusterName",
    ref: "name",
    arn: regional("ecs", (name) => `cluster/${name}`),
  },
  "AWS::IAM::Role": {
    nameProperty: "RoleName",
    ref: "name",
    arn: (name) => `arn:aws:iam::${LOCAL_ACCOUNT}:role/${name}`,
  },
};

/** The property of a kind that holds its name; `undefined` for kinds nothing may refer to. */
export function nameProperty(type: string): string | undefined {
  return KINDS[type]?.nameProperty;
}

/** The name CloudFormation would make up, without its random end, so that it is the same in every run. */
export function generatedName(type: string, owner: { readonly stack: string; readonly logicalId: string }): string {
  const name = `${owner.stack}-${owner.logicalId}`;
  return type === "AWS::S3::Bucket" ? name.toLowerCase() : name;
}

/** What `Ref` gives; `sqsUrl` is the address of the queue server. `undefined` for kinds nothing may refer to. */
export function refOf(type: string, name: string, sqsUrl: string): string | undefined {
  const kind = KINDS[type];
  if (kind === undefined) return undefined;
  switch (kind.ref) {
    case "name":
      return name;
    case "arn":
      return kind.arn(name);
    case "url":
      return queueUrl(sqsUrl, name);
  }
}

/** What `Fn::GetAtt` gives; `undefined` for attributes we do not know. */
export function attributeOf(type: string, name: string, attribute: string): string | undefined {
  const kind = KINDS[type];
  if (kind === undefined) return undefined;
  if (attribute === "Arn") return kind.arn(name);
  if (attribute === kind.nameProperty) return name;
  return undefined;
}

/** The address of a queue, as the SDK takes it. */
function queueUrl(sqsUrl: string, name: string): string {
  return `${sqsUrl}/${LOCAL_ACCOUNT}/${name}`;
}
