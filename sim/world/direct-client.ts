/**
 * An SDK client whose calls go straight to a service: the command's input as it is, without the SDK's layers, which take most of a
 * simulated hour. Owns that shortcut and the errors that callers tell apart; worlds that run on the wire do not use it.
 */
import { ConditionalCheckFailedException, DynamoDBServiceException } from "@aws-sdk/client-dynamodb";
import type { AwsAnswer, AwsBackend, AwsRequest } from "./aws-access.ts";

/** Names of an operation on the wire: JSON protocols put this before it. */
const TARGETS = { table: "DynamoDB_20120810", queue: "AmazonSQS", bus: "AWSEvents" } as const;

type Command = { readonly input: object };

/** Replaces `send` of a client; whatever else it has stays. */
export function sendDirectly(client: object, service: keyof typeof TARGETS, carry: AwsBackend): void {
  const headersOf = new Map<object, AwsRequest["headers"]>();
  const send = async (command: Command, options: { readonly abortSignal?: AbortSignal } = {}): Promise<unknown> => {
    let headers = headersOf.get(command.constructor);
    if (headers === undefined) {
      const operation = command.constructor.name.replace(/Command$/, "");
      headers = { "x-amz-target": `${TARGETS[service]}.${operation}` };
      headersOf.set(command.constructor, headers);
    }
    const request = { method: "POST", path: "/", headers, body: JSON.stringify(command.input) };
    return read(await orAbort(carry(request), options.abortSignal));
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
