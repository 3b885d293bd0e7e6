/**
 * The operator's part of the status server: halts and resumes, sent to the bus where operation is on, and otherwise the command that sends
 * them. Owns its answers and how often it may be asked; who may ask is `request-guard.ts`'s.
 */
import type { IncomingMessage } from "node:http";
import { InputError } from "../../core/errors.ts";
import type { Log } from "../log.ts";
import { type OperatorBus, putOnBus } from "../operator-bus.ts";
import { type Answer, failure, json } from "./answers.ts";
import { type OperatorRequest, parseOperatorRequest, toCommand, toOperatorEvent } from "./operator-request.ts";
import { BODY_BYTES_MAX } from "./request-guard.ts";

/** More than a person asks for in a hurry. */
const REQUESTS_MAX = 10;
const REQUESTS_WITHIN_MS = 60_000;

export type OperatorApiOptions = {
  /** The markets of this task. */
  readonly markets: readonly string[];
  readonly region: string | undefined;
  readonly busName: string | undefined;
  /** Where requests go; undefined while operation is off. */
  readonly bus: OperatorBus | undefined;
  readonly log: Log;
};

export class OperatorApi {
  readonly #options: OperatorApiOptions;
  /** Monotonic moments of the last requests that were sent on. Apart: resumes must not use up what halts may. */
  readonly #asked: Record<OperatorRequest["action"], readonly number[]> = { halt: [], resume: [] };

  constructor(options: OperatorApiOptions) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#options.bus !== undefined;
  }

  /** What the page has to know before it asks for anything. */
  describe(): Answer {
    const { markets } = this.#options;
    return json(200, { operation: this.isOn ? "on" : "off", markets });
  }

  /** The command that says what `query` asks for (`action`, `reason`, `market` or none). */
  command(query: URLSearchParams): Answer {
    return this.#answer(Object.fromEntries(query), (request) =>
      json(200, { command: toCommand(request, this.#options) }),
    );
  }

  /** Takes a request whose head was let past, reads its body and sends it on. */
  async take(request: IncomingMessage): Promise<Answer> {
    const { bus } = this.#options;
    if (bus === undefined) return failure(405, "OPERATION_OFF", "STATUS_OPERATION must be on, was off");
    const body = await readJson(request);
    if (body === undefined) return failure(400, "BAD_REQUEST", "the body must be JSON in UTF-8, was something else");
    return this.#answer(body.value, (asked) => this.#send(bus, asked));
  }

  async #send(bus: OperatorBus, asked: OperatorRequest): Promise<Answer> {
    const { log } = this.#options;
    const waitMs = this.#count(asked.action, bus.clock.now().monotonicMs);
    if (waitMs > 0) {
      const within = `at most ${REQUESTS_MAX} in ${REQUESTS_WITHIN_MS / 1_000} s`;
      const message = `requests to ${asked.action} must be ${within}, were more`;
      return failure(429, "TOO_MANY_REQUESTS", message, { "retry-after": `${Math.ceil(waitMs / 1_000)}` });
    }
    const event = toOperatorEvent(asked);
    const outcome = await putOnBus(bus, event);
    log.info("operator asked on the page", { ...event, outcome });
    switch (outcome.type) {
      case "taken":
        return json(202, { eventId: outcome.eventId, ...event });
      case "refused":
        return failure(502, "BUS_REFUSED", `the bus must take the event, refused it: ${outcome.reason}`);
      case "unknown":
        return failure(504, "OUTCOME_UNKNOWN", `whether the bus took the event is not known: ${outcome.reason}`);
    }
  }

  #answer<Result>(value: unknown, act: (request: OperatorRequest) => Result): Result | Answer {
    let request: OperatorRequest;
    try {
      request = parseOperatorRequest(value, this.#options.markets);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return failure(400, "BAD_REQUEST", error.message);
    }
    return act(request);
  }

  /** Milliseconds to wait; 0 for one that is taken now. */
  #count(action: OperatorRequest["action"], nowMs: number): number {
    const recent = this.#asked[action].filter((atMs) => nowMs - atMs < REQUESTS_WITHIN_MS);
    const [oldest = nowMs] = recent;
    if (recent.length >= REQUESTS_MAX) return oldest + REQUESTS_WITHIN_MS - nowMs;
    this.#asked[action] = [...recent, nowMs];
    return 0;
  }
}

/** Undefined when it is none, or longer than its head said. */
async function readJson(request: IncomingMessage): Promise<{ readonly value: unknown } | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
  }
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks))) };
  } catch {
    return undefined;
  }
}
