import { describe, expect, it } from "vitest";
import type { FillMessage } from "../../../core/messages.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { lawLength } from "../../law-length.ts";
import { connect } from "./faulty-table.ts";
import { deliverOnce, expectItems, nextMarket } from "./ledger-laws.ts";
import { makeMessage } from "./make-messages.ts";

/** Three times what the function gets at most in one batch, by each of two; a queue's batch may have ten thousand at most. */
const FILLS = lawLength({ usual: 3_000, long: 10_000 });

const host = makeMemoryTableHost();

/** Fills of a market, `everyMs` apart: grown, shrunk, flipped, each at a price and with a fee of its own. */
function makeSeries(market: string, count: number, everyMs: number): FillMessage[] {
  return Array.from({ length: count }, (_, index) =>
    makeMessage({
      market,
      fillId: `${market}-${index}`,
      side: (index * 7) % 13 < 6 ? "buy" : "sell",
      price: `0.4${100 + (index % 97)}`,
      size: `${1 + (index % 40)}`,
      fee: `0.00${10 + (index % 9)}`,
      feeAsset: index % 5 === 0 ? (market.split("/")[0] ?? "") : "USDC",
      venueTime: new Date(Date.UTC(2025, 0, 2) + index * everyMs).toISOString(),
    }),
  );
}

/** Some processes take batches of a queue until it is empty; what fails goes back to its end. */
async function drain(queue: FillMessage[], processes: number, batchSize: number): Promise<number> {
  let requests = 0;
  const work = async () => {
    while (queue.length > 0) {
      const process = connect(host, { turns: [0, 2, 1] });
      queue.push(...(await deliverOnce(process, queue.splice(0, batchSize))));
      requests += process.sent.requests;
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  return requests;
}

describe("the ledger", () => {
  it(`books ${FILLS} fills of one batch window, two functions at once, each fill once`, async () => {
    const market = nextMarket();
    const messages = makeSeries(market, FILLS, 250);
    const requests = await drain([...messages], 2, 500);
    await expectItems(host, { market, messages });
    // Two writes a fill; all else, races and late fills too, stays a small part.
    expect(requests / messages.length).toBeLessThan(2.2);
  });

  it("books one market by two functions at once, whose fills interleave", async () => {
    const market = nextMarket();
    const messages = makeSeries(market, 400, 1_500);
    const lanes = [0, 1].map((lane) => messages.filter((_, index) => index % 2 === lane));
    const comeAgain = await Promise.all(lanes.map((lane) => deliverOnce(connect(host, { turns: [1, 0] }), lane)));
    expect(comeAgain).toEqual([[], []]);
    await expectItems(host, { market, messages });
  });

  it("books one batch of several markets, each on its own", async () => {
    const markets = Array.from({ length: 7 }, nextMarket);
    const series = markets.map((market) => makeSeries(market, 40, 60_000));
    const batch = Array.from({ length: 40 }, (_, index) => series.flatMap((each) => each[index] ?? [])).flat();
    expect(await deliverOnce(connect(host), batch)).toEqual([]);
    for (const [index, market] of markets.entries()) {
      await expectItems(host, { market, messages: series[index] ?? [] });
    }
  });

  it("does the same little work for a fill that comes again at once or after a year of others", async () => {
    const market = nextMarket();
    const messages = makeSeries(market, 365, 86_400_000);
    const [oldest] = messages;
    if (oldest === undefined) throw new Error("fills");
    const costs: unknown[] = [];
    for (const part of [messages.slice(0, 10), messages.slice(10)]) {
      await deliverOnce(connect(host), part);
      const process = connect(host);
      expect(await deliverOnce(process, [oldest])).toEqual([]);
      costs.push(process.sent);
    }
    expect(costs[0]).toEqual({
      requests: 6,
      // A range includes its ends: the last fill that is booked.
      itemsRead: 1,
      // Claim, what was claimed, whether its fact stands; then position, what stands behind it, and the hour.
      operations: ["PutItem", "GetItem", "GetItem", "GetItem", "Query", "PutItem"],
    });
    expect(costs[1]).toEqual(costs[0]);
    await expectItems(host, { market, messages });
  });
});
