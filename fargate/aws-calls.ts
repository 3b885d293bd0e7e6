/**
 * The calls to AWS as they go from one thread to the other: the six that the task makes, and how an answer and an error come back. Owns that form;
 * which thread makes them is `aws-thread.ts`'s.
 */
import {
  ConditionalCheckFailedException,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { PutEventsCommand, type PutEventsCommandInput } from "@aws-sdk/client-eventbridge";
import { SendMessageBatchCommand, type SendMessageBatchCommandInput } from "@aws-sdk/client-sqs";
import type { AwsClients } from "./aws-clients.ts";

export type AwsCall =
  | { readonly name: "GetItem"; readonly input: GetItemCommandInput }
  | { readonly name: "PutItem"; readonly input: PutItemCommandInput }
  | { readonly name: "Query"; readonly input: QueryCommandInput }
  | { readonly name: "UpdateItem"; readonly input: UpdateItemCommandInput }
  | { readonly name: "SendMessageBatch"; readonly input: SendMessageBatchCommandInput }
  | { readonly name: "PutEvents"; readonly input: PutEventsCommandInput };

/** To the thread that makes the calls; `abort` names one that nobody waits for any more. */
export type AwsOrder = { readonly id: number; readonly call: AwsCall } | { readonly abort: number };

/** Back from it, once for each call, an aborted one too. */
export type AwsAnswer =
  | { readonly id: number; readonly output: object }
  | { readonly id: number; readonly error: PlainError };

/** Of an error, what callers tell apart and what the log says. */
export type PlainError = {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  /** Of the service's answer; undefined where there was none. */
  readonly statusCode: number | undefined;
};

/** Undefined for a command that is none of the six. */
export function toCall(command: object): AwsCall | undefined {
  if (command instanceof GetItemCommand) return { name: "GetItem", input: command.input };
  if (command instanceof PutItemCommand) return { name: "PutItem", input: command.input };
  if (command instanceof QueryCommand) return { name: "Query", input: command.input };
  if (command instanceof UpdateItemCommand) return { name: "UpdateItem", input: command.input };
  if (command instanceof SendMessageBatchCommand) return { name: "SendMessageBatch", input: command.input };
  if (command instanceof PutEventsCommand) return { name: "PutEvents", input: command.input };
  return undefined;
}

export function makeCall({ dynamodb, sqs, eventBridge }: AwsClients, call: AwsCall, signal: AbortSignal) {
  const options = { abortSignal: signal };
  switch (call.name) {
    case "GetItem":
      return dynamodb.send(new GetItemCommand(call.input), options);
    case "PutItem":
      return dynamodb.send(new PutItemCommand(call.input), options);
    case "Query":
      return dynamodb.send(new QueryCommand(call.input), options);
    case "UpdateItem":
      return dynamodb.send(new UpdateItemCommand(call.input), options);
    case "SendMessageBatch":
      return sqs.send(new SendMessageBatchCommand(call.input), options);
    case "PutEvents":
      return eventBridge.send(new PutEventsCommand(call.input), options);
  }
}

export function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error))
    return { name: "Error", message: String(error), code: undefined, statusCode: undefined };
  const code: unknown = Reflect.get(error, "code");
  const statusCode: unknown = Reflect.get(Object(Reflect.get(error, "$metadata")), "httpStatusCode");
  return {
    name: error.name,
    message: error.message,
    code: typeof code === "string" ? code : undefined,
    statusCode: typeof statusCode === "number" ? statusCode : undefined,
  };
}

/** An error of the same name, code and status; the one that callers know by its class is of that class. */
export function fromPlainError({ name, message, code, statusCode }: PlainError): Error {
  const $metadata = statusCode === undefined ? {} : { httpStatusCode: statusCode };
  if (name === "ConditionalCheckFailedException") return new ConditionalCheckFailedException({ message, $metadata });
  return Object.assign(new Error(message), { name, $metadata }, code === undefined ? {} : { code });
}
