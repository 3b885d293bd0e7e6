/** The sweep's events (CONTRACTS 6). Owns what they say; that each is said once is the items' matter. */
import { type EventSink, sayEvent } from "../event-bus.ts";
import type { IntegrationRecord } from "./integration-record.ts";

const SPEAKER = "health-sweep";
/** An event holds 256 KB; a person reads the first few. */
const ORDERS_SHOWN_MAX = 20;

export async function announceHealth(bus: EventSink, record: IntegrationRecord): Promise<void> {
  const { integration, healthy, detail } = record;
  await sayEvent(bus, {
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
  await sayEvent(bus, { source: "flashmm.engine", type: "Risk Limit Breached", detail });
}
