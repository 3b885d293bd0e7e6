/**
 * An operator's word, put on the bus (CONTRACTS 6). Owns the one call and what is known after it: the bus took it, refused it, or nobody can
 * tell. What the word does is `lambdas/operator-control`'s, and that it is done once is by its event's id.
 */
import { type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { withDeadline } from "./deadline.ts";
import type { Clock } from "./seams.ts";

export type BusWord = { readonly detailType: string; readonly detail: object };

/** `unknown`: no answer, or none that proves anything. */
export type BusOutcome =
  | { readonly type: "taken"; readonly eventId: string }
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "unknown"; readonly reason: string };

/** A person waits for this. */
const ANSWER_WITHIN_MS = 5_000;

export type OperatorBus = { readonly client: EventBridgeClient; readonly busName: string; readonly clock: Clock };

/** Never rejects. The event's time is the bus's own: an engine's clock that lags would date a resume before the kill it lifts. */
export async function putOnBus({ client, busName, clock }: OperatorBus, word: BusWord): Promise<BusOutcome> {
  const command = new PutEventsCommand({
    Entries: [
      {
        EventBusName: busName,
        Source: "flashmm.operator",
        DetailType: word.detailType,
        Detail: JSON.stringify(word.detail),
      },
    ],
  });
  try {
    const { Entries = [] } = await withDeadline(clock, ANSWER_WITHIN_MS, "PutEvents", (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    const [entry] = Entries;
    if (entry?.EventId !== undefined) return { type: "taken", eventId: entry.EventId };
    if (entry?.ErrorCode === undefined) return { type: "unknown", reason: "the answer names neither event nor error" };
    return { type: "refused", reason: `${entry.ErrorCode}: ${entry.ErrorMessage ?? ""}` };
  } catch (error) {
    return { type: isRefusal(error) ? "refused" : "unknown", reason: messageOf(error) };
  }
}

/** An answer of 400 to 499 proves that the call did nothing. */
function isRefusal(error: unknown): boolean {
  const status: unknown = Reflect.get(Object(Reflect.get(Object(error), "$metadata")), "httpStatusCode");
  return typeof status === "number" && status >= 400 && status < 500;
}

/** Connection errors of Node may have no message of their own, only a code. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ("code" in error ? String(error.code) : error.name);
}
