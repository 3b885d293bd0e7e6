/** An event bus behind the EventBridge wire protocol (AWS JSON 1.1), in memory. Owns what was put on it; nobody listens. */
import * as z from "zod";
import type { AwsBackend } from "./aws-access.ts";

const EVENTS_MAX = 100_000;

const entry = z.object({ Source: z.string(), DetailType: z.string(), Detail: z.string() });
const putEvents = z.object({ Entries: z.array(entry).min(1).max(10) });

/** An event of CONTRACTS 6; `detail` is its JSON. */
type BusEvent = {
  readonly atMs: number;
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
};

export class EventBusHost {
  readonly #nowMs: () => number;
  readonly #events: BusEvent[] = [];

  /** `nowMs` is the world's time. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Every event so far, in order. */
  get events(): readonly BusEvent[] {
    return this.#events;
  }

  /** Answers one request of an SDK client. */
  readonly backend: AwsBackend = async ({ headers, body }) => {
    if (headers["x-amz-target"] !== "AWSEvents.PutEvents") {
      return {
        statusCode: 400,
        headers: {},
        body: JSON.stringify({ __type: "UnsupportedOperation", message: "not simulated" }),
      };
    }
    const { Entries } = putEvents.parse(JSON.parse(body));
    if (this.#events.length >= EVENTS_MAX) throw new RangeError(`a bus must hold at most ${EVENTS_MAX} events`);
    const first = this.#events.length + 1;
    for (const { Source, DetailType, Detail } of Entries) {
      this.#events.push({ atMs: this.#nowMs(), source: Source, detailType: DetailType, detail: JSON.parse(Detail) });
    }
    const answer = { FailedEntryCount: 0, Entries: Entries.map((_, index) => ({ EventId: `E-${first + index}` })) };
    return { statusCode: 200, headers: { "content-type": "application/x-amz-json-1.1" }, body: JSON.stringify(answer) };
  };
}
