import { expect, test } from "vitest";
import type { HttpRequest } from "../../../fargate/seams.ts";
import { OrderWatch } from "../../../sim/bench/engine/order-watch.ts";

const REQUEST: HttpRequest = { method: "POST", url: "http://venue/v1/orders", headers: {} };

/** A client that writes at once and is answered at once. */
const makeWatch = () =>
  new OrderWatch({
    fetch: async (request) => {
      request.fence?.();
      return { status: 200, headers: {}, body: "" };
    },
    hold: () => () => undefined,
  });

test("a tick has the writes and the answers of its own requests", async () => {
  const watch = makeWatch();
  watch.begin();
  await Promise.all([watch.fetch(REQUEST), watch.fetch(REQUEST)]);
  const { writesMs, answersMs } = await watch.quiet();
  expect([writesMs.length, answersMs.length]).toEqual([2, 2]);
});

test("what is asked after a tick was quiet is no part of it", async () => {
  const watch = makeWatch();
  watch.begin();
  await watch.fetch(REQUEST);
  const stamps = await watch.quiet();
  await watch.fetch(REQUEST);
  expect([stamps.writesMs.length, stamps.answersMs.length]).toEqual([1, 1]);
});
