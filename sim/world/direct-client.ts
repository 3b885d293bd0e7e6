/**
 * An SDK client whose calls go straight to a service: the command's input as it is, without the SDK's layers, which take most of a
 * simulated hour. Owns that shortcut and the errors that callers tell apart; worlds that run on the wire do not use it.
 */
import { ConditionalCheckFailedException, DynamoDBServiceException } from "@aws-sdk/client-dynamodb";
import type { AwsAnswer, AwsBackend, AwsRequest } from "./aws-access.ts";

/** Names of an operation on the wire: JSON protocols put this before it. */
const TARGETS = { table: "DynamoDB_20120810", queue: "AmazonSQS", bus: "AWSEvents" } as const;

/** Answers that were read, and how long such a text may be: nine in ten are one of the last. */
const ANSWERS_MAX = 200;
const CHARACTERS_MAX = 5_000;

type Command = { readonly input: object };

/** Replaces `send` of a client; whatever else it has stays. */
export function sendDirectly(client: object, service: keyof typeof TARGETS, carry: AwsBackend): void {
  const answers = new Map<string, object>();
  const headersOf = new Map<object, AwsRequest["headers"]>();
  const send = async (command: Command, options: { readonly abortSignal?: AbortSignal } = {}): Promise<unknown> => {
    let headers = headersOf.get(command.constructor);
    if (headers === undefined) {
      const operation = command.constructor.name.replace(/Command$/, "");
      headers = { "x-amz-target": `${TARGETS[service]}.${operation}` };
      headersOf.set(command.constructor, headers);
    }
    const request = { method: "POST", path: "/", headers, body: JSON.stringify(command.input) };
    const answered = await orAbort(carry(request), options.abortSignal);
    const known = answered.statusCode === 200 ? answers.get(answered.body) : undefined;
    if (known !== undefined) return known;
    const answer = read(answered);
    if (answered.statusCode !== 200 || answered.body.length > CHARACTERS_MAX) return answer;
    // It is given to more than one caller from now on: who changes it is told so.
    freeze(answer);
    if (answers.size >= ANSWERS_MAX) answers.clear();
    answers.set(answered.body, answer);
    return answer;
  };
  Object.defineProperty(client, "send", { value: send });
}

function read({ statusCode, body }: AwsAnswer): object {
  const answer: object = Object(JSON.parse(body));
  const $metadata = { httpStatusCode: statusCode };
  if (statusCode < 300) return Object.assign(answer, { $metadata });
  const name = String(Reflect.get(answer, "__type")).split("#").at(-1) ?? "UnknownError";
  const message = String(Reflect.get(answer, "message") ?? name);
  const item: object = Reflect.has(answer, "Item") ? { Item: Reflect.get(answer, "Item") } : {};
  if (name === "ConditionalCheckFailedException") {
    throw new ConditionalCheckFailedException({ $metadata, message, ...item });
  }
  throw new DynamoDBServiceException({ name, message, $metadata, $fault: statusCode < 500 ? "client" : "server" });
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const part of Object.values(value)) freeze(part);
  Object.freeze(value);
}

/** As the SDK does: an aborted call rejects at once, whatever becomes of it. */
export function orAbort<Result>(work: Promise<Result>, signal: unknown): Promise<Result> {
  if (!(signal instanceof AbortSignal)) return work;
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(Object.assign(new Error("Request aborted"), { name: "AbortError" }));
    if (signal.aborted) return giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    const settled =
      <Value>(settle: (value: Value) => void) =>
      (value: Value) => {
        signal.removeEventListener("abort", giveUp);
        settle(value);
      };
    work.then(settled(resolve), settled(reject));
  });
}
