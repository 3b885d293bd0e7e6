/** The sweep's events (CONTRACTS 6). Owns what they say; that each is said once is the items' matter. */
import { type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { IntegrationRecord } from "./integration-record.ts";

export type EventSink = { readonly client: Pick<EventBridgeClient, "send">; readonly name: string };

const SPEAKER = "health-sweep";
/** An event holds 256 KB; a person reads the first few. */
const ORDERS_SHOWN_MAX = 20;

export async function announceHealth(bus: EventSink, record: IntegrationRecord): Promise<void> {
  const { integration, healthy, detail } = record;
  await send(bus, {
    source: "flashmm.health",
    type: "Integration Health Changed",
    detail: { integration, healthy, detail },
  });
}

/** The one event that means a breach: orders stood in the market and nobody watched them. */
export async function raiseDeadManAlarm(
  bus: EventSink,
  said: {
    readonly shard: string | undefined;
    readonly reason: string;
    readonly found: readonly string[];
    readonly left: readonly string[];
  },
): Promise<void> {
  const { shard, reason, found, left } = said;
  const detail = {
    limit: "silent task",
    ...(shard === undefined ? {} : { shard }),
    reason,
    by: SPEAKER,
    ended: found.length - left.length,
    left: left.length,
    orders: found.slice(0, ORDERS_SHOWN_MAX),
  };
  await send(bus, { source: "flashmm.engine", type: "Risk Limit Breached", detail });
}

/** Rejects unless the bus took it. */
async function send(
  { client, name }: EventSink,
  event: { readonly source: string; readonly type: string; readonly detail: Readonly<Record<string, unknown>> },
): Promise<void> {
  const entry = {
    EventBusName: name,
    Source: event.source,
    DetailType: event.type,
    Detail: JSON.stringify(event.detail),
  };
  const { FailedEntryCount = 0, Entries = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  if (FailedEntryCount > 0) throw new Error(`the bus refused ${event.type}: ${Entries[0]?.ErrorCode ?? "no reason"}`);
}
