/** Saying an event on the bus (CONTRACTS 6). Owns the call, and that a bus which takes a request and refuses its entry is heard. */
import { type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";

export type EventSink = { readonly client: Pick<EventBridgeClient, "send">; readonly name: string };

export type BusEvent = {
  readonly source: "flashmm.engine" | "flashmm.health";
  readonly type: string;
  readonly detail: Readonly<Record<string, unknown>>;
};

/** Rejects unless the bus took it. */
export async function sayEvent({ client, name }: EventSink, event: BusEvent): Promise<void> {
  const entry = {
    EventBusName: name,
    Source: event.source,
    DetailType: event.type,
    Detail: JSON.stringify(event.detail),
  };
  const { FailedEntryCount = 0, Entries = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  if (FailedEntryCount > 0) throw new Error(`the bus refused ${event.type}: ${Entries[0]?.ErrorCode ?? "no reason"}`);
}
