import { describe, expect, test } from "vitest";
import type { HttpRequest, HttpResponse } from "../../../fargate/seams.ts";
import { CLIENT_ID, json, makeVenueCase, orderAnswer, refusal } from "./venue-case.ts";

const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
const PLACED = json(201, { order_id: "O-1", client_order_id: CLIENT_ID, status: "open", filled_quantity: "0" });
const REASON = "the lease: not renewed, the term ends in 3.2 s";

/** A connection that is not there yet: what is fetched is written, or fenced, when the test says so. */
function makeWaitingFetch() {
  const waiting: (() => void)[] = [];
  const written: HttpRequest[] = [];
  const fetch = (request: HttpRequest): Promise<HttpResponse> =>
    new Promise((resolve, reject) => {
      waiting.push(() => {
        const fenced = request.fence?.();
        if (fenced !== undefined) {
          reject(Object.assign(new Error(fenced), { code: "FENCED" }));
          return;
        }
        written.push(request);
        resolve(PLACED);
      });
    });
  const connect = () => {
    for (const write of waiting.splice(0)) write();
  };
  return { fetch, connect, written };
}

describe("the fence of a placing", () => {
  test("a placing that may not be sent comes back unsent with the reason, and nothing was fetched for it", async () => {
    const asked: string[] = [];
    const venueCase = makeVenueCase(() => PLACED, {
      fence: (market) => {
        asked.push(market);
        return REASON;
      },
    });
    expect(await venueCase.run(venueCase.place())).toMatchObject([
      { type: "order-unsent", market: "SEI/USDC", clientOrderId: CLIENT_ID, reason: REASON },
    ]);
    expect(venueCase.requests).toEqual([]);
    expect(asked).toEqual(["SEI/USDC"]);
    expect(venueCase.events.map(({ type }) => type)).toEqual(["order-unsent"]);
    expect(venueCase.counted.get("flashmm_cambrian_api_errors_total fenced")).toBe(1);
    expect(venueCase.counted.get("flashmm_order_placement_errors_total SEI/USDC")).toBe(1);
    expect(venueCase.budget.placementsInFlight).toBe(0);
  });

  test("one that waited for a connection is asked again at the write, and comes back unsent with the reason of then", async () => {
    const { fetch, connect, written } = makeWaitingFetch();
    let reason: string | undefined;
    const venueCase = makeVenueCase(() => PLACED, { fetch, fence: () => reason });
    venueCase.venue.execute(venueCase.place());
    reason = REASON;
    connect();
    await venueCase.idle();
    expect(venueCase.events).toMatchObject([{ type: "order-unsent", clientOrderId: CLIENT_ID, reason: REASON }]);
    expect(written).toEqual([]);
    expect(venueCase.budget.placementsInFlight).toBe(0);
  });

  test("however many are fenced, the circuit breaker stays closed", async () => {
    const { fetch, connect } = makeWaitingFetch();
    let reason: string | undefined;
    const venueCase = makeVenueCase(() => PLACED, { fetch, fence: () => reason });
    for (const isLate of [false, true, false, true, false, true, false, true, false, true, false, true]) {
      reason = isLate ? undefined : REASON;
      venueCase.venue.execute(venueCase.place());
      reason = REASON;
      connect();
      await venueCase.idle();
      venueCase.clock.nowMs += 1_100;
    }
    expect(venueCase.events.map(({ type }) => type)).toEqual(Array(12).fill("order-unsent"));
    expect(venueCase.venue.state().circuit).toBe(0);
  });

  test("one that is fenced is no success either: it does not part five failures in a row", async () => {
    let reason: string | undefined;
    const venueCase = makeVenueCase(() => reset, { fence: () => reason });
    for (let placing = 0; placing < 6; placing += 1) {
      reason = placing === 4 ? REASON : undefined;
      await venueCase.run(venueCase.place());
      venueCase.clock.nowMs += 1_100;
    }
    expect(venueCase.requests).toHaveLength(5);
    expect(venueCase.venue.state().circuit).toBe(2);
  });

  test.each(["cancel", "query"] as const)("a %s is never fenced", async (kind) => {
    const answers = { cancel: { order_id: "O-1", status: "cancelled" }, query: { orders: [orderAnswer()] } };
    const venueCase = makeVenueCase(() => json(200, answers[kind]), { fence: () => REASON });
    const outcomes = await venueCase.run(venueCase[kind]());
    expect(outcomes.map(({ type }) => type)).toEqual([kind === "cancel" ? "order-cancelled" : "order-seen"]);
  });
});

describe("the word that a placing was written", () => {
  const types = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type);

  test("comes before execute returns when a connection is there, once and before the answer", async () => {
    const venueCase = makeVenueCase(() => PLACED);
    venueCase.venue.execute(venueCase.place());
    expect(venueCase.events).toMatchObject([{ type: "order-sent", market: "SEI/USDC", clientOrderId: CLIENT_ID }]);
    await venueCase.idle();
    expect(types(venueCase.events)).toEqual(["order-sent", "order-seen"]);
  });

  test("comes with the write when the placing waited for a connection", async () => {
    const { fetch, connect } = makeWaitingFetch();
    const venueCase = makeVenueCase(() => PLACED, { fetch });
    venueCase.venue.execute(venueCase.place());
    expect(venueCase.events).toEqual([]);
    venueCase.clock.nowMs += 7;
    const { monotonicMs } = venueCase.clock.now();
    connect();
    expect(venueCase.events).toMatchObject([{ type: "order-sent", at: { monotonicMs } }]);
    await venueCase.idle();
    expect(types(venueCase.events)).toEqual(["order-sent", "order-seen"]);
  });

  test("comes for one whose answer is lost, too", async () => {
    const venueCase = makeVenueCase(() => reset);
    await venueCase.run(venueCase.place());
    expect(types(venueCase.events)).toEqual(["order-sent", "place-unknown"]);
  });

  test("never comes for cancels and queries, nor for a rehearsal", async () => {
    const venueCase = makeVenueCase(() => json(200, { orders: [] }));
    venueCase.venue.rehearse();
    await venueCase.run(venueCase.cancel());
    await venueCase.run(venueCase.query());
    expect(types(venueCase.events)).not.toContain("order-sent");
  });
});

describe("the key", () => {
  test("its refusals are counted from the first on, until any other answer shows that it is taken", async () => {
    let answer: HttpResponse | Error = json(200, { orders: [] });
    const venueCase = makeVenueCase(() => answer);
    const ask = async (next: HttpResponse | Error) => {
      answer = next;
      venueCase.clock.nowMs += 1_100;
      await venueCase.run(venueCase.query());
      return venueCase.venue.state().unauthorized;
    };
    expect(await ask(answer)).toBeUndefined();
    const since = await ask(refusal(401));
    const { nowMs: sinceMs } = venueCase.clock;
    expect(since).toEqual({ sinceMs, lastMs: sinceMs });
    const again = await ask(refusal(403));
    expect(again).toEqual({ sinceMs, lastMs: venueCase.clock.nowMs });
    // No answer says nothing of the key.
    expect(await ask(reset)).toEqual(again);
    expect(await ask(refusal(404))).toBeUndefined();
    expect(await ask(refusal(401))).toMatchObject({ sinceMs: venueCase.clock.nowMs });
    expect(await ask(json(200, { orders: [] }))).toBeUndefined();
  });
});
