/**
 * Event buses behind the EventBridge wire protocol: takes `PutEvents` and gives each event to the functions whose rules
 * match. Owns the wire and the routing; retries are `async-invocations.ts`'s.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import * as z from "zod";
import type { Log } from "../../fargate/log.ts";
import type { Clock } from "../../fargate/seams.ts";
import { makeMatcher } from "./event-pattern.ts";
import { localAddress } from "./local-client.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "./resource-identity.ts";
import type { EventTarget, RuleDescription } from "./template-resources.ts";
import type { JsonObject } from "./template-values.ts";

export type EventBusOptions = {
  readonly buses: readonly string[];
  readonly rules: readonly RuleDescription[];
  readonly clock: Clock;
  readonly log: Log;
  /** Starts a function with an event; false when it is overloaded. */
  deliver(functionName: string, event: unknown): boolean;
};

export type EventBusServer = { readonly url: string; stop(): Promise<void> };

/** PutEvents takes at most ten entries (EventBridge API reference). */
const ENTRIES_MAX = 10;

const putEventsRequest = z.object({
  Entries: z
    .array(
      z.object({
        EventBusName: z.string().optional(),
        Source: z.string().optional(),
        DetailType: z.string().optional(),
        Detail: z.string().optional(),
        Resources: z.array(z.string()).default([]),
        Time: z.number().optional(),
      }),
    )
    .min(1)
    .max(ENTRIES_MAX),
});
type Entry = z.infer<typeof putEventsRequest>["Entries"][number];

type EntryResult = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** Starts the endpoint on a free port. */
export async function startEventBus(options: EventBusOptions): Promise<EventBusServer> {
  const put = makePut(options);
  const server = createServer((request, response) => {
    answer(request, response, put).catch((error: unknown) => {
      options.log.warn("event request failed", { error });
      response.destroy();
    });
  });
  const url = await localAddress(server);
  return {
    url,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  put: (entry: Entry) => EntryResult,
): Promise<void> {
  const reply = (status: number, body: unknown) => {
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": randomUUID() });
    response.end(JSON.stringify(body));
  };
  if (request.headers["x-amz-target"] !== "AWSEvents.PutEvents") {
    return reply(400, { __type: "UnknownOperationException", message: "only PutEvents is known here" });
  }
  const parsed = putEventsRequest.safeParse(parseJson(await text(request)));
  if (!parsed.success) return reply(400, { __type: "ValidationException", message: z.prettifyError(parsed.error) });
  const entries = parsed.data.Entries.map(put);
  reply(200, { FailedEntryCount: entries.filter((entry) => "ErrorCode" in entry).length, Entries: entries });
}

function makePut(options: EventBusOptions): (entry: Entry) => EntryResult {
  const buses = new Set(["default", ...options.buses]);
  const rules = options.rules.map((rule) => ({ ...rule, matches: makeMatcher(rule.pattern, `rule ${rule.name}`) }));
  return (entry) => {
    const bus = entry.EventBusName?.split("/").at(-1) ?? "default";
    if (!buses.has(bus)) return failed("ResourceNotFoundException", `bus ${bus} does not exist`);
    if (!entry.Source || !entry.DetailType) return failed("InvalidArgument", "Source and DetailType are required");
    const detail = jsonObject.safeParse(parseJson(entry.Detail ?? "{}"));
    if (!detail.success) return failed("MalformedDetail", "Detail must be a JSON object");
    const event = makeEvent(entry, detail.data, options.clock);
    const targets = rules.filter((rule) => rule.bus === bus && rule.matches(event)).flatMap((rule) => rule.targets);
    const accepted = targets.map((target) => options.deliver(target.functionName, targetInput(target, event)));
    if (accepted.includes(false)) return failed("ThrottlingException", "too many events wait");
    return { EventId: String(event["id"]) };
  };
}

function makeEvent(entry: Entry, detail: JsonObject, clock: Clock): JsonObject {
  const epochMs = entry.Time === undefined ? clock.now().epochMs : 1_000 * entry.Time;
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": entry.DetailType ?? "",
    source: entry.Source ?? "",
    account: LOCAL_ACCOUNT,
    time: isoSeconds(epochMs),
    region: LOCAL_REGION,
    resources: entry.Resources,
    detail,
  };
}

/** EventBridge writes times without milliseconds. */
export function isoSeconds(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** What a target is given: its constant input, or the event as it is. */
function targetInput(target: EventTarget, event: JsonObject): unknown {
  return target.input === null ? event : parseJson(target.input);
}

function failed(code: string, message: string): EntryResult {
  return { ErrorCode: code, ErrorMessage: message };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
