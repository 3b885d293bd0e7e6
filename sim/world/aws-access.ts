/**
 * The AWS clients of a simulated process: the SDK as it is, its requests carried in virtual time instead of over a socket.
 * Owns the way to a service and what can go wrong on it; what a service answers is its backend's.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SQSClient } from "@aws-sdk/client-sqs";
import { makeSeededRng } from "../exchange/seeded-rng.ts";
import { orAbort, sendDirectly } from "./direct-client.ts";
import { Link } from "./link.ts";
import { NetworkError } from "./network.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Weather } from "./weather.ts";
import type { WorldProcess } from "./world-process.ts";

export type AwsRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
export type AwsAnswer = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
/** A service; real work of its own may go on in it. */
export type AwsBackend = (request: AwsRequest) => Promise<AwsAnswer>;

/**
 * One attempt a call: the SDK's own pauses between attempts would wait in real time. Nothing is signed, since nobody looks at
 * signatures and they would take a fifth of all the time.
 */
export const AWS_SETTINGS = {
  region: "us-east-1",
  endpoint: "http://aws.world",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  maxAttempts: 1,
  signer: { sign: <Request>(request: Request): Promise<Request> => Promise.resolve(request) },
} as const;

/** How a service is reached; `refused` fails like ECONNREFUSED, `silent` never answers. */
export type AwsLinks = { readonly table: Link; readonly queue: Link; readonly bus: Link };

/** What is wrong with a service, for everybody. */
export type AwsWeather = Readonly<Record<keyof AwsLinks, Weather>>;

export type AwsAccess = {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  readonly links: AwsLinks;
};

/** Whether calls take the way through the whole SDK. */
export type AwsDepth = "wire" | "direct";

export type AwsServices = Readonly<Record<keyof AwsLinks, AwsBackend>>;

/** Clients of one process. A link's `lose("reply")` is a call that was carried out and whose answer never comes. */
export function makeAwsAccess(input: {
  readonly time: VirtualTime;
  readonly process: WorldProcess;
  readonly services: AwsServices;
  readonly seed: number;
  readonly weather?: AwsWeather | undefined;
  /** `direct` cuts the SDK away; `wire` unless told. */
  readonly depth?: AwsDepth;
}): AwsAccess {
  const { time, process, services, seed, depth = "wire" } = input;
  const linkTo = (service: keyof AwsLinks) =>
    new Link(makeSeededRng(seed, `${process.name} to ${service}`), () => undefined, input.weather?.[service]);
  const links = { table: linkTo("table"), queue: linkTo("queue"), bus: linkTo("bus") };
  const carry =
    (call: keyof AwsLinks): AwsBackend =>
    (request) =>
      travel({ time, process, link: links[call], call, backend: services[call], request });
  const over = (call: keyof AwsLinks) => makeRequestHandler(carry(call));
  const settings = { ...AWS_SETTINGS, cacheMiddleware: true };
  const dynamodb = new DynamoDBClient({ ...settings, requestHandler: over("table") });
  const sqs = new SQSClient({ ...settings, requestHandler: over("queue") });
  const eventBridge = new EventBridgeClient({ ...settings, requestHandler: over("bus") });
  for (const client of [dynamodb, sqs, eventBridge]) muteClient(client);
  if (depth === "direct") {
    sendDirectly(dynamodb, "table", carry("table"));
    sendDirectly(sqs, "queue", carry("queue"));
    sendDirectly(eventBridge, "bus", carry("bus"));
    return { dynamodb, sqs, eventBridge, links };
  }
  const hold = new SendingHold(time);
  const [first, last] = [
    { step: "initialize", priority: "high" },
    { step: "deserialize", priority: "low" },
  ] as const;
  dynamodb.middlewareStack.add((next) => (args) => hold.around(args.input, () => next(args)), first);
  sqs.middlewareStack.add((next) => (args) => hold.around(args.input, () => next(args)), first);
  eventBridge.middlewareStack.add((next) => (args) => hold.around(args.input, () => next(args)), first);
  dynamodb.middlewareStack.add((next) => (args) => hold.sent(args.input, () => next(args)), last);
  sqs.middlewareStack.add((next) => (args) => hold.sent(args.input, () => next(args)), last);
  eventBridge.middlewareStack.add((next) => (args) => hold.sent(args.input, () => next(args)), last);
  for (const client of [dynamodb, sqs, eventBridge]) sendWithoutOptions(client);
  return { dynamodb, sqs, eventBridge, links };
}

/**
 * The SDK puts its layers together once for each kind of command, two fifths of a call, only where a call has no options: so the one
 * that callers have, a signal, is heeded out here.
 */
function sendWithoutOptions(client: object): void {
  const send = Reflect.get(client, "send").bind(client);
  const value = (command: object, options: { readonly abortSignal?: AbortSignal } = {}): Promise<unknown> =>
    orAbort(send(command), options.abortSignal);
  Object.defineProperty(client, "send", { value });
}

/** Takes away what tells of a call where nobody listens: a log that is off and the name of the client, a tenth of a call's time. */
export function muteClient({ middlewareStack }: { readonly middlewareStack: { remove(name: string): boolean } }): void {
  for (const name of ["loggerMiddleware", "getUserAgentMiddleware"]) middlewareStack.remove(name);
}

/** What an SDK client takes as its `requestHandler`. An aborted call rejects at once, whatever becomes of it. */
export function makeRequestHandler(backend: AwsBackend) {
  return {
    handle: async (request: SdkRequest, options?: { readonly abortSignal?: unknown }) => {
      const { method, path, headers } = request;
      const answered = backend({ method, path, headers, body: textOf(request.body) });
      const { statusCode, headers: answerHeaders, body } = await orAbort(answered, options?.abortSignal);
      return { response: { statusCode, headers: { ...answerHeaders }, body: Buffer.from(body, "utf8") } };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    destroy: () => undefined,
  };
}

type SdkRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
};

/** The way of one call: there, done, back; each part in virtual time, and a crash or a fault in between. */
function travel(call: {
  readonly time: VirtualTime;
  readonly process: WorldProcess;
  readonly link: Link;
  readonly call: keyof AwsLinks;
  readonly backend: AwsBackend;
  readonly request: AwsRequest;
}): Promise<AwsAnswer> {
  const { time, process, link, call: name, backend, request } = call;
  const target = request.headers["x-amz-target"] ?? "";
  const text = () => `${target} ${request.body}`;
  const askedMs = time.nowMs;
  return new Promise((resolve, reject) => {
    const fail = (code: string, message: string) =>
      time.after(0.1, () => process.deliver(() => reject(new NetworkError(code, message))));
    const arrive = () => {
      const end = time.begin();
      void answerUnlessFailing(link, backend, request)
        .then((answered) => answerInTrouble(link, answered))
        .finally(end)
        .then(
          (answer) => {
            process.reached("after-effect", name, text);
            if (link.reachability === "silent" || link.takesLoss("reply", name)) return;
            time.after(link.nextLatencyMs(), () =>
              process.deliver(() => {
                process.reached("answer-arrived", name, text);
                process.deliver(() => {
                  process.onRead?.({ target, body: request.body }, answer.body, time.nowMs - askedMs);
                  resolve(answer);
                });
              }),
            );
          },
          (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
        );
    };
    const write = () => {
      if (link.reachability === "refused") return void fail("ECONNREFUSED", "the connection was refused");
      const isLost = link.reachability === "silent" || link.takesLoss("request", name);
      const writtenMs = time.nowMs;
      if (!isLost) time.after(link.nextLatencyMs(), () => process.leave(writtenMs, arrive));
      process.reached("after-write", name, text);
    };
    process.emit(() => {
      if (process.reached("before-write", name, text)) write();
      else process.emit(write);
    });
  });
}

/** A service in trouble refuses before it does anything, … */
async function answerUnlessFailing(link: Link, backend: AwsBackend, request: AwsRequest): Promise<AwsAnswer> {
  const code = link.takesFailure("before");
  return code === undefined ? await backend(request) : toFailure(code);
}

/** … or says so though it has done it. */
function answerInTrouble(link: Link, answer: AwsAnswer): AwsAnswer {
  const code = link.takesFailure("after");
  return code === undefined ? answer : toFailure(code);
}

/** Throttling is the caller's fault by its status, whatever else is the service's. */
function toFailure(code: string): AwsAnswer {
  const body = JSON.stringify({ __type: code, message: "a simulated fault" });
  return { statusCode: code.includes("Throttl") ? 400 : 500, headers: {}, body };
}

/** Between a call's beginning and its first byte the SDK signs and may read files: no time passes meanwhile. */
class SendingHold {
  readonly #time: VirtualTime;
  readonly #ends = new WeakMap<object, () => void>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  async around<Result>(call: object, work: () => Promise<Result>): Promise<Result> {
    const end = this.#time.begin();
    this.#ends.set(call, end);
    try {
      return await work();
    } finally {
      end();
    }
  }

  sent<Result>(call: object, carry: () => Result): Result {
    this.#ends.get(call)?.();
    return carry();
  }
}

function textOf(body: unknown): string {
  if (typeof body === "string") return body;
  if (!(body instanceof Uint8Array)) return "";
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
}
