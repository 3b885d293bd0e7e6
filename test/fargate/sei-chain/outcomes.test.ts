/** What each fate of a transaction proves of the orders in it, by hand. */
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { describe, expect, it } from "vitest";
import type { EngineEvent } from "../../../core/events.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { fromList } from "../../../fargate/sei-chain/chain-events.ts";
import type { Fate, Flight } from "../../../fargate/sei-chain/flights.ts";
import { type CancelItem, type PlaceItem, toCancelItem, toPlaceItem } from "../../../fargate/sei-chain/items.ts";
import { KnownOrders } from "../../../fargate/sei-chain/known-orders.ts";
import { placeOrdersAnswerCodec } from "../../../fargate/sei-chain/messages.ts";
import { Outcomes } from "../../../fargate/sei-chain/outcomes.ts";
import { usesSequence } from "../../../fargate/sei-chain/own-account.ts";
import type { IncludedTransaction } from "../../../fargate/sei-chain/rpc.ts";
import { makeCountingMetrics, makeRecordingLog } from "../cambrian/venue-case.ts";
import { MARKET, toWords } from "./chain-venue.ts";

const on = { market: MARKET, contract: "sei1contract", assetDenom: "SEI", priceDenom: "USDC" };
const AT = { monotonicMs: 1_000, epochMs: 1_735_787_045_000 };
const ids = (number: number) => ({ requestId: 1, market: MARKET.symbol, clientOrderId: `fm-3-SEIUSDC-b0-${number}` });

function makeCase() {
  const events: EngineEvent[] = [];
  const repeated: CancelItem[] = [];
  const lookedAt: CancelItem[] = [];
  const logLines: string[] = [];
  const orders = new KnownOrders();
  const placings = [1, 2].map((number): PlaceItem => {
    const command = {
      type: "place-order",
      ...ids(number),
      side: "buy",
      price: toTicks(4_200),
      size: toLots(5),
    } as const;
    orders.placed(command);
    return toPlaceItem({ command, on, data: "" }, 0);
  });
  const cancel = { type: "cancel-order", ...ids(7), orderId: "30" } as const;
  const cancels = [toCancelItem(cancel, { side: "sell", price: toTicks(4_300) }, on)];
  const outcomes = new Outcomes({
    orders,
    clock: { now: () => AT, after: () => () => undefined },
    log: makeRecordingLog(logLines),
    metrics: makeCountingMetrics(new Map()),
    onEvent: (event) => events.push(event),
    repeat: (item) => repeated.push(item),
    lookAt: (item) => lookedAt.push(item),
  });
  const flight: Flight = {
    ...{ hash: "AB", base64: "", sequence: 5n, timeoutHeight: 1_003, fee: 1n, placings, cancels, sentHeight: 1_000 },
    ...{ state: "checked", isLooking: false, isInBlock: false, settled: Promise.withResolvers<"settled">() },
  };
  return { outcomes, flight, events, repeated, lookedAt, logLines, orders };
}

function included(change: Partial<IncludedTransaction>): Fate {
  const transaction = {
    height: 1_001,
    code: 0,
    codespace: "",
    log: "",
    events: [],
    data: new Uint8Array(),
    base64: "",
    ...change,
  };
  return { type: "included", transaction };
}

const eventsOf = (placed: readonly string[], cancelled: readonly string[]) =>
  fromList([
    ...placed.map((value) => ({ type: "place_order", attributes: [{ key: "order_id", value }] })),
    ...cancelled.map((value) => ({ type: "cancel_order", attributes: [{ key: "cancellation_id", value }] })),
  ]);

const answer = placeOrdersAnswerCodec.encode({ orderIds: [41n, 42n] }).finish();
const typeUrl = "/seiprotocol.seichain.dex.MsgPlaceOrders";
const OLD_ANSWER = TxMsgData.encode({ data: [{ msgType: typeUrl, data: answer }], msgResponses: [] }).finish();
const NEW_ANSWER = TxMsgData.encode({
  data: [],
  msgResponses: [{ typeUrl: `${typeUrl}Response`, value: answer }],
}).finish();
const TAKEN = ["1 seen open #41", "2 seen open #42", "7 order-cancelled"];

const FEE_TAKEN = fromList([{ type: "tx", attributes: [{ key: "fee", value: "11000usei" }] }]);

describe("a transaction", () => {
  it.each<[string, Fate, readonly string[], { readonly repeated: number; readonly lookedAt: number }]>([
    ["that is absent", { type: "absent" }, ["1 order-rejected", "2 order-rejected"], { repeated: 1, lookedAt: 0 }],
    [
      "that failed in its messages",
      included({ code: 5, codespace: "sdk" }),
      ["1 order-rejected", "2 order-rejected"],
      { repeated: 1, lookedAt: 0 },
    ],
    [
      "that failed before them",
      included({ code: 32, codespace: "sdk" }),
      ["1 order-rejected", "2 order-rejected"],
      { repeated: 1, lookedAt: 0 },
    ],
    ["with events for all", included({ events: eventsOf(["41", "42"], ["30"]) }), TAKEN, { repeated: 0, lookedAt: 0 }],
    [
      "with an answer of SDK 0.45",
      included({ events: eventsOf([], ["30"]), data: OLD_ANSWER }),
      TAKEN,
      { repeated: 0, lookedAt: 0 },
    ],
    [
      "with an answer of a later SDK",
      included({ events: eventsOf([], ["30"]), data: NEW_ANSWER }),
      TAKEN,
      { repeated: 0, lookedAt: 0 },
    ],
    [
      "whose cancel is passed by",
      included({ events: eventsOf(["41", "42"], []) }),
      TAKEN.slice(0, 2),
      { repeated: 0, lookedAt: 1 },
    ],
    [
      "whose cancel names another",
      included({ events: eventsOf(["41", "42"], ["31"]) }),
      TAKEN.slice(0, 2),
      { repeated: 0, lookedAt: 1 },
    ],
    [
      "that names too few orders",
      included({ events: eventsOf(["41"], ["30"]), data: new Uint8Array([255]) }),
      ["1 place-unknown", "2 place-unknown", "7 order-cancelled"],
      { repeated: 0, lookedAt: 0 },
    ],
  ])("%s proves what it proves", (_, fate, words, cancels) => {
    const { outcomes, flight, events, repeated, lookedAt } = makeCase();
    outcomes.settled(flight, fate);
    expect(events.map(toWords)).toEqual(words);
    expect({ repeated: repeated.length, lookedAt: lookedAt.length }).toEqual(cancels);
  });

  it("cancels once more what came to nothing, and looks at the order the third time", () => {
    const { outcomes, flight, repeated, lookedAt } = makeCase();
    outcomes.settled(flight, { type: "absent" });
    outcomes.refused(repeated[0]!, "again");
    outcomes.refused(repeated[1]!, "and again");
    expect(repeated.map(({ failures }) => failures)).toEqual([1, 2]);
    expect(lookedAt).toHaveLength(1);
  });

  it.each<[Fate, boolean]>([
    [{ type: "absent" }, false],
    [included({}), true],
    // The fee could be paid, a message could not be.
    [included({ code: 5, codespace: "sdk", events: FEE_TAKEN }), true],
    [included({ code: 13, codespace: "dex", events: FEE_TAKEN }), true],
    // The same code: the fee could not be paid.
    [included({ code: 5, codespace: "sdk" }), false],
    [included({ code: 32, codespace: "sdk" }), false],
    [included({ code: 30, codespace: "sdk" }), false],
  ])("uses its sequence when the chain took its fee: %j", (fate, isUsed) => {
    expect(usesSequence(fate)).toBe(isUsed);
  });
});
