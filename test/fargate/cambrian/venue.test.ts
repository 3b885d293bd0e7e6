import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { VenueError } from "../../../fargate/venue.ts";
import { type Answer, CLIENT_ID, json, makeVenueCase, orderAnswer, refusal } from "./venue-case.ts";

const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
const html = { status: 200, headers: {}, body: "<html><body>Bad gateway</body></html>" };
const placed = (fields: object = {}) => ({
  order_id: "O-1",
  client_order_id: CLIENT_ID,
  status: "open",
  filled_quantity: "0",
  ...fields,
});
const types = (events: readonly { readonly type: string }[]) => events.map((event) => event.type);

/** Answers that prove nothing, whatever was asked. */
const NO_PROOF: readonly (readonly [string, Answer])[] = [
  ["no answer in time", "silence"],
  ["a reset", reset],
  ["a 500", refusal(500)],
  ["a 503", refusal(503)],
  ["a 408", refusal(408)],
  ["a redirect", { status: 302, headers: { location: "https://elsewhere.test" }, body: "" }],
  ["an accepted 202", json(202, placed())],
  ["a page of HTML", html],
  ["cut JSON", { status: 201, headers: {}, body: '{"order_id":"O-1","cli' }],
  ["an empty body", { status: 201, headers: {}, body: "" }],
  ["JSON of another shape", json(201, { ok: true })],
  ["a refusal that cannot be read", { status: 403, headers: {}, body: "<html>forbidden</html>" }],
];

describe("placing", () => {
  test("it is sent signed, as a post-only limit order in decimals", async () => {
    const venueCase = makeVenueCase(() => json(201, placed()));
    await venueCase.run(venueCase.place());
    const [request] = venueCase.requests;
    expect(request).toMatchObject({ method: "POST", url: "https://venue.test/api/v1/orders" });
    expect(JSON.parse(String(request?.body))).toEqual({
      market_id: "SEI/USDC",
      side: "buy",
      order_type: "limit",
      price: "0.4213",
      quantity: "40",
      time_in_force: "post_only",
      client_order_id: CLIENT_ID,
    });
    expect(request?.headers).toMatchObject({ "x-cambrian-key": "key-of-the-test", "x-cambrian-network": "testnet" });
  });

  test.each([
    ["open", "0", 201],
    ["partially_filled", "7", 201],
    ["filled", "40", 201],
    ["open", "0", 200],
    ["cancelled", "3", 200],
  ] as const)("an answer of %s with %s filled shows the order", async (status, filled, code) => {
    const venueCase = makeVenueCase(() => json(code, placed({ status, filled_quantity: filled })));
    expect(await venueCase.run(venueCase.place())).toMatchObject([
      {
        type: "order-seen",
        order: { orderId: "O-1", clientOrderId: CLIENT_ID, status, filled: Number(filled), size: 40 },
      },
    ]);
  });

  test("a post-only order that would cross is rejected", async () => {
    const venueCase = makeVenueCase(() => json(201, placed({ status: "rejected" })));
    expect(types(await venueCase.run(venueCase.place()))).toEqual(["order-rejected"]);
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["five hundred letters and one", "x".repeat(501)],
    ["an object", { code: 1 }],
  ])("a reason that nobody reads, here %s, makes no answer unreadable", async (_, reason) => {
    const venueCase = makeVenueCase(() => json(201, placed({ reason })));
    expect(types(await venueCase.run(venueCase.place()))).toEqual(["order-seen"]);
  });

  test.each([400, 401, 403, 404, 409, 422, 429])("a %i proves that it was not taken", async (status) => {
    const venueCase = makeVenueCase(() => refusal(status));
    expect(await venueCase.run(venueCase.place())).toMatchObject([
      { type: "order-rejected", reason: `${status} some_code: some words` },
    ]);
  });

  test.each([
    ...NO_PROOF,
    ["an answer about another order", json(201, placed({ client_order_id: "fm-3-SEIUSDC-b0-18" }))],
    ["more filled than ordered", json(201, placed({ filled_quantity: "41" }))],
    ["a filled quantity of NaN", json(201, placed({ filled_quantity: "NaN" }))],
  ] as const)("%s leaves it unknown, and it is not sent again", async (_, answer) => {
    const venueCase = makeVenueCase(() => answer);
    expect(types(await venueCase.run(venueCase.place()))).toEqual(["place-unknown"]);
    expect(venueCase.requests).toHaveLength(1);
    expect(venueCase.counted.get("flashmm_order_placement_errors_total SEI/USDC")).toBe(1);
  });

  test("whatever the venue answers, only a readable refusal or rejection counts as one", async () => {
    const status = fc.oneof(
      fc.constantFrom(200, 201, 400, 401, 403, 404, 409, 422, 429, 500),
      fc.integer({ min: 200, max: 599 }),
    );
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constantFrom(JSON.stringify(placed()), JSON.stringify(placed({ status: "rejected" })), refusal(400).body),
    );
    await fc.assert(
      fc.asyncProperty(status, body, async (code, text) => {
        const venueCase = makeVenueCase(() => ({ status: code, headers: {}, body: text }));
        const events = await venueCase.run(venueCase.place());
        const isRefusal = [400, 401, 403, 404, 409, 422, 429].includes(code) && text === refusal(400).body;
        const isRejection = (code === 200 || code === 201) && text.includes('"rejected"') && text.includes(CLIENT_ID);
        const isShown = (code === 200 || code === 201) && text.includes('"open"') && text.includes(CLIENT_ID);
        const expected = isRefusal || isRejection ? "order-rejected" : isShown ? "order-seen" : "place-unknown";
        expect(types(events)).toEqual([expected]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("cancelling", () => {
  const answers =
    (cancelAnswer: Answer, lookup: Answer) =>
    ({ method }: { readonly method: string }): Answer =>
      method === "DELETE" ? cancelAnswer : lookup;
  const found = (...orders: readonly object[]) => json(200, { orders });

  test("a cancelled order is proven to rest no more", async () => {
    const venueCase = makeVenueCase(() => json(200, { order_id: "O-1", status: "cancelled" }));
    expect(await venueCase.run(venueCase.cancel())).toMatchObject([
      { type: "order-cancelled", clientOrderId: CLIENT_ID },
    ]);
    expect(venueCase.requests[0]).toMatchObject({ method: "DELETE", url: "https://venue.test/api/v1/orders/O-1" });
  });

  const ended = json(200, { order_id: "O-1", status: "filled" });
  test.each([
    ["was filled", ended, found(orderAnswer({ status: "filled", filled_quantity: "40" })), ["order-seen"]],
    ["was filled, and the lookup fails", ended, refusal(500), ["cancel-unknown"]],
    [
      "is not found, yet filled",
      refusal(404),
      found(orderAnswer({ status: "filled", filled_quantity: "40" })),
      ["order-seen"],
    ],
    ["is not found, yet open", refusal(404), found(orderAnswer()), ["order-seen", "cancel-unknown"]],
    ["is not found at all", refusal(404), found(), ["cancel-unknown"]],
    ["is answered with another id", json(200, { order_id: "O-2", status: "cancelled" }), found(), ["cancel-unknown"]],
    ["is refused for a wrong key", refusal(401), found(), ["cancel-unknown"]],
    ["is refused for the rate", refusal(429), found(), ["cancel-unknown"]],
  ] as const)("an order that %s leads to what is proven", async (_, cancelAnswer, lookup, expected) => {
    const venueCase = makeVenueCase(answers(cancelAnswer, lookup));
    expect(types(await venueCase.run(venueCase.cancel()))).toEqual(expected);
  });

  test.each(NO_PROOF.filter(([name]) => !name.includes("202")))(
    "%s leaves it unknown after one more try",
    async (_, answer) => {
      const venueCase = makeVenueCase(() => answer);
      expect(types(await venueCase.run(venueCase.cancel()))).toEqual(["cancel-unknown"]);
      expect(venueCase.requests).toHaveLength(2);
    },
  );

  test("one that is refused for key or clock is signed anew and asked again, and the next such one is not", async () => {
    let isRight = false;
    const venueCase = makeVenueCase(() =>
      isRight ? json(200, { order_id: "O-1", status: "cancelled" }) : refusal(401),
    );
    const running = venueCase.run(venueCase.cancel());
    isRight = true;
    expect(types(await running)).toEqual(["order-cancelled"]);
    isRight = false;
    expect(types(await venueCase.run(venueCase.cancel()))).toEqual(["cancel-unknown"]);
    const cancels = venueCase.requests.filter(({ method }) => method === "DELETE");
    expect(cancels).toHaveLength(3);
  });

  test("one lost answer is made good by the next try, which pays for itself", async () => {
    const venueCase = makeVenueCase((_, index) =>
      index === 0 ? reset : json(200, { order_id: "O-1", status: "cancelled" }),
    );
    expect(types(await venueCase.run(venueCase.cancel()))).toEqual(["order-cancelled"]);
    expect(venueCase.budget.requestsInWindow(venueCase.clock.now())).toBe(2);
  });

  test("without a free slot there is no second try", async () => {
    const venueCase = makeVenueCase(() => reset);
    const cancel = venueCase.cancel();
    for (let i = 0; i < 9; i += 1) venueCase.budget.take("cancel", venueCase.clock.now());
    expect(types(await venueCase.run(cancel))).toEqual(["cancel-unknown"]);
    expect(venueCase.requests).toHaveLength(1);
  });
});

describe("querying", () => {
  test("the order is asked for by its client id and shown", async () => {
    const venueCase = makeVenueCase(() =>
      json(200, { orders: [orderAnswer({ status: "partially_filled", filled_quantity: "9" })] }),
    );
    const events = await venueCase.run(venueCase.query());
    expect(events).toMatchObject([
      { type: "order-seen", order: { price: 4213, size: 40, filled: 9, status: "partially_filled" } },
    ]);
    expect(venueCase.requests[0]?.url).toBe(`https://venue.test/api/v1/orders?client_order_id=${CLIENT_ID}`);
  });

  test("an empty list says that the venue knows no such order", async () => {
    const venueCase = makeVenueCase(() => json(200, { orders: [] }));
    expect(await venueCase.run(venueCase.query())).toMatchObject([{ type: "order-absent", clientOrderId: CLIENT_ID }]);
  });

  test.each([
    ...NO_PROOF,
    ["a refusal", refusal(404)],
    ["another order", json(200, { orders: [orderAnswer({ client_order_id: "fm-3-SEIUSDC-b0-18" })] })],
    ["a price of NaN", json(200, { orders: [orderAnswer({ price: "NaN" })] })],
  ] as const)("%s proves nothing, so nothing is said", async (_, answer) => {
    const venueCase = makeVenueCase(() => answer);
    expect(await venueCase.run(venueCase.query())).toEqual([]);
  });
});

describe("the way to the wire", () => {
  test.each(["place", "cancel", "query"] as const)(
    "a %s is handed to the socket before execute returns",
    async (kind) => {
      const venueCase = makeVenueCase(() => "silence");
      venueCase.venue.execute(venueCase[kind]());
      expect(venueCase.requests).toHaveLength(1);
      await venueCase.venue.stop();
    },
  );

  test("the cancel of an order that was rehearsed goes out as it was signed then", async () => {
    const venueCase = makeVenueCase(() => json(200, { order_id: "O-1", status: "cancelled" }));
    const { epochMs } = venueCase.clock.now();
    venueCase.venue.rehearse({ market: "SEI/USDC", clientOrderId: CLIENT_ID, orderId: "O-1" });
    venueCase.clock.nowMs += 200;
    expect(types(await venueCase.run(venueCase.cancel()))).toEqual(["order-cancelled"]);
    expect(venueCase.requests.map(({ headers }) => headers["x-cambrian-timestamp"])).toEqual([String(epochMs)]);
  });

  test("a fetch that throws at once throws not into the loop, and the order is unknown", async () => {
    const venueCase = makeVenueCase(() => json(201, placed()), {
      fetch: () => {
        throw new Error("no socket");
      },
    });
    expect(types(await venueCase.run(venueCase.place()))).toEqual(["place-unknown"]);
  });

  test("a command of a market that is not configured is a fault of ours: unknown, logged, and its slot comes back", async () => {
    const venueCase = makeVenueCase(() => json(201, placed()));
    const command = { ...venueCase.place(), market: "BTC/USDC" };
    expect(types(await venueCase.run(command))).toEqual(["place-unknown"]);
    expect(venueCase.budget.placementsInFlight).toBe(0);
    expect(venueCase.logLines).toHaveLength(1);
  });

  test.each([...NO_PROOF, ["a refusal", refusal(422)], ["a proof", json(201, placed())]] as const)(
    "after %s the slot is held a second longer and then free",
    async (_, answer) => {
      const venueCase = makeVenueCase(() => answer);
      await venueCase.run(venueCase.place());
      expect(venueCase.budget.placementsInFlight).toBe(0);
      expect(venueCase.budget.requestsInWindow(venueCase.clock.now())).toBe(1);
      venueCase.clock.nowMs += 1_025;
      expect(venueCase.budget.requestsInWindow(venueCase.clock.now())).toBe(0);
    },
  );

  test("Retry-After holds every request back", async () => {
    const venueCase = makeVenueCase(() => refusal(429, { "retry-after": "2" }));
    await venueCase.run(venueCase.place());
    expect(venueCase.budget.nextFreeMs("cancel", venueCase.clock.now())).toBe(2_000);
  });

  test("neither key nor secret stands in an event or a log line", async () => {
    for (const [, answer] of NO_PROOF) {
      const venueCase = makeVenueCase(() => answer);
      const events = await venueCase.run(venueCase.place());
      expect(JSON.stringify(events) + venueCase.logLines.join()).not.toMatch(/(key|secret)-of-the-test/);
    }
  });
});

describe("the circuit breaker", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Five lost placings, and then whatever `after` answers. */
  async function broken(after: Answer) {
    let isWell = false;
    const venueCase = makeVenueCase(() => (isWell ? after : reset));
    for (let i = 0; i < 5; i += 1) {
      venueCase.venue.execute(venueCase.place());
      await venueCase.idle();
      venueCase.clock.nowMs += 1_100;
    }
    isWell = true;
    venueCase.requests.length = 0;
    venueCase.events.length = 0;
    return venueCase;
  }

  test("five failures in a row open it: placements are refused unsent, cancels and queries go out all the same", async () => {
    const venueCase = await broken(json(200, { order_id: "O-1", status: "cancelled" }));
    expect(venueCase.venue.state().circuit).toBe(2);
    expect(venueCase.counted.get("flashmm_circuit_state cambrian")).toBe(2);
    venueCase.venue.execute(venueCase.place());
    expect(venueCase.requests).toHaveLength(0);
    venueCase.venue.execute(venueCase.cancel());
    expect(venueCase.requests).toHaveLength(1);
    await venueCase.idle();
    expect(types(venueCase.events).sort()).toEqual(["order-cancelled", "order-unsent"]);
    expect(await venueCase.venue.openOrders("SEI/USDC").catch((error: unknown) => error)).toBeInstanceOf(VenueError);
    expect(venueCase.requests.at(-1)?.url).toBe("https://venue.test/api/v1/orders?status=open&market_id=SEI%2FUSDC");
  });

  test("after 60 s one request tries, and its success closes it", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
    const venueCase = await broken(json(201, placed()));
    vi.setSystemTime(1_000_000 + 59_999);
    expect(types(await place(venueCase))).toEqual(["order-unsent"]);
    vi.setSystemTime(1_000_000 + 60_000);
    venueCase.venue.execute(venueCase.place());
    expect(venueCase.venue.state().circuit).toBe(1);
    // A second placement does not wait for the trying one to end: it would be sent late.
    venueCase.venue.execute(venueCase.place());
    expect(venueCase.requests).toHaveLength(1);
    await venueCase.idle();
    expect(venueCase.venue.state().circuit).toBe(0);
    expect(types(await place(venueCase))).toEqual(["order-seen"]);
  });

  test("refusals do not open it: the venue is well", async () => {
    const venueCase = makeVenueCase(() => refusal(422));
    for (let i = 0; i < 6; i += 1) {
      await place(venueCase);
      venueCase.clock.nowMs += 1_100;
    }
    expect(venueCase.venue.state().circuit).toBe(0);
  });

  async function place(venueCase: ReturnType<typeof makeVenueCase>) {
    return await venueCase.run(venueCase.place());
  }
});
