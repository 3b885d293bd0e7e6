/** What Cambrian answers the task: orders, fills, balances, refusals, each reader by itself, and the stream as a whole. */
import type { EngineEvent } from "../../../core/events.ts";
import {
  readBalances,
  readEnded,
  readFill,
  readFills,
  readOpenOrders,
  readOrder,
  readOrders,
  readPlaced,
  readRefusal,
} from "../../../fargate/cambrian/answers.ts";
import { CambrianStream } from "../../../fargate/cambrian/stream.ts";
import type { Log } from "../../../fargate/log.ts";
import type { SocketHandlers } from "../../../fargate/seams.ts";
import type { Metrics } from "../../../fargate/telemetry.ts";
import { requireFill, requireOrder, requirePlain, requireSame } from "../laws.ts";
import { MARKETS, type Recordings, STILL_CLOCK, toAnswers } from "../recordings.ts";
import { makeJsonTarget, requireLaw, type Target } from "../target.ts";

const WORDS_MAX = 128;

export function makeCambrianTargets(recordings: Recordings): readonly Target[] {
  const answers = toAnswers(recordings);
  return [
    ...makeOrderTargets(answers),
    makeJsonTarget({
      name: "cambrian-fill",
      share: 3,
      recordings: answers.fill,
      read: (json) => readFill(MARKETS, json),
      laws: (fill) => requireFill(fill, MARKETS),
    }),
    makeJsonTarget({
      name: "cambrian-fills",
      share: 2,
      recordings: answers.fills,
      read: (json) => readFills(MARKETS, json),
      laws: ({ fills, unreadable, count, nextCursor }) => {
        requireLaw(fills.length + unreadable.length === count, "each fill is read or told", () => `${count}`);
        requireLaw((nextCursor ?? "").length <= 512, "a cursor is short", () => `${nextCursor?.length}`);
        for (const fill of fills) requireFill(fill, MARKETS);
        for (const { fillId } of unreadable) {
          requireLaw(fillId.length <= WORDS_MAX, "a fill that is told is told shortly", () => `${fillId.length}`);
        }
      },
    }),
    makeJsonTarget({
      name: "cambrian-account",
      share: 2,
      recordings: answers.account,
      read: readBalances,
      laws: (balances) => {
        requirePlain(balances);
        for (const { asset, total, available } of balances) {
          const isAmount = typeof total === "bigint" && typeof available === "bigint" && asset.length > 0;
          requireLaw(isAmount, "a balance is an asset and two amounts", () => asset);
        }
      },
    }),
    makeStreamTarget([
      ...answers.fill.map((fill) => `{"type":"fill","fill":${fill}}`),
      ...answers.order.map((order) => `{"type":"order","order":${order}}`),
      '{"type":"error","code":"unauthorized","message":"the signature does not fit"}',
    ]),
  ];
}

function makeOrderTargets(answers: ReturnType<typeof toAnswers>): readonly Target[] {
  return [
    makeJsonTarget({
      name: "cambrian-placed",
      share: 2,
      recordings: answers.placed,
      read: readPlaced,
      laws: (placed) =>
        requireSame(readPlaced(JSON.parse(JSON.stringify(placed))), placed, "an answer is read the same again"),
    }),
    makeJsonTarget({
      name: "cambrian-ended",
      share: 1,
      recordings: answers.ended,
      read: readEnded,
      laws: (ended) =>
        requireSame(readEnded(JSON.parse(JSON.stringify(ended))), ended, "an answer is read the same again"),
    }),
    makeJsonTarget({
      name: "cambrian-order",
      share: 3,
      recordings: answers.order,
      read: (json) => readOrder(MARKETS, json),
      laws: (order) => requireOrder(order, MARKETS),
    }),
    makeJsonTarget({
      name: "cambrian-orders",
      share: 2,
      recordings: answers.orders,
      read: (json) => ({ json, orders: readOrders(MARKETS, json) }),
      laws: ({ json, orders }) => {
        for (const order of orders) requireOrder(order, MARKETS);
        requireSame(readOpenOrders(MARKETS, json), orders, "orders that can be read are open orders too");
      },
    }),
    makeJsonTarget({
      name: "cambrian-open-orders",
      share: 2,
      recordings: answers.orders,
      read: (json) => readOpenOrders(MARKETS, json),
      laws: (orders) => {
        for (const order of orders) requireOrder(order, MARKETS);
      },
    }),
    makeJsonTarget({
      name: "cambrian-refusal",
      share: 1,
      recordings: answers.refusal,
      read: readRefusal,
      laws: ({ code, message }) => {
        requireLaw(typeof code === "string" && typeof message === "string", "a refusal is words", () => `${code}`);
      },
    }),
  ];
}

/** The whole stream over a socket that is a function: each frame is an event, a counted fault, or the end of the connection. */
function makeStreamTarget(frames: readonly string[]): Target {
  let told: EngineEvent | undefined;
  let counted = 0;
  let ended = 0;
  const stream = openStream({
    onEvent: (event) => {
      told = event;
    },
    onFault: () => {
      counted += 1;
    },
    onTerminate: () => {
      ended += 1;
    },
  });
  return {
    name: "cambrian-stream",
    share: 3,
    recordings: frames,
    run: (input) => {
      told = undefined;
      counted = 0;
      ended = 0;
      stream.onMessage(input);
      requireLaw((told === undefined ? 0 : 1) + counted === 1, "a frame is one event or one fault", () => `${counted}`);
      requireLaw(ended <= counted, "what was read ends no connection", () => `${ended}`);
      if (told === undefined) return "refused";
      requireStreamEvent(told);
      return "accepted";
    },
  };
}

function requireStreamEvent(event: EngineEvent): void {
  if (event.type === "fill") requireFill(event.fill, MARKETS);
  else if (event.type === "order-seen") requireOrder(event.order, MARKETS);
  else requireLaw(false, "the stream tells fills and orders", () => event.type);
}

function openStream(on: {
  readonly onEvent: (event: EngineEvent) => void;
  readonly onFault: () => void;
  readonly onTerminate: () => void;
}): SocketHandlers {
  const nothing = () => undefined;
  const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  const metrics: Metrics = { set: nothing, increment: on.onFault, observe: nothing, handle: nothing };
  let opened: SocketHandlers | undefined;
  const stream = new CambrianStream({
    baseUrl: "https://api.cambrian.com",
    markets: MARKETS,
    auth: () => ({ key: "key", timestamp: "0", signature: "00" }),
    connect: (_url, handlers) => {
      opened = handlers;
      return { send: nothing, ping: nothing, terminate: on.onTerminate };
    },
    clock: STILL_CLOCK,
    rng: { next: () => 0.5 },
    log,
    metrics,
    onEvent: on.onEvent,
    onConnected: nothing,
  });
  stream.start();
  if (opened === undefined) throw new RangeError("the stream must connect when it is started");
  return opened;
}
