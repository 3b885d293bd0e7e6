import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FillMessage } from "../../../core/messages.ts";
import { deliver, deliverAll, expectBooks } from "./deliver.ts";
import { type Fault, type LedgerCloud, startLedgerCloud } from "./ledger-cloud.ts";
import { makeMessage } from "./make-messages.ts";

let cloud: LedgerCloud;
let markets = 0;
beforeAll(async () => {
  cloud = await startLedgerCloud();
});
afterAll(async () => await cloud.close());

/** A market that no other case has touched, since the cases share one table. */
function nextMarket(): string {
  markets++;
  return `T${markets}/USDC`;
}

const fault: fc.Arbitrary<Fault | undefined> = fc.option(
  fc.record({
    atWrite: fc.integer({ min: 1, max: 16 }),
    how: fc.constantFrom("before", "after", "twice"),
    kills: fc.boolean(),
  }),
  { nil: undefined },
);

const draft = fc.record({
  side: fc.constantFrom("buy", "sell"),
  price: fc.integer({ min: 1, max: 9_999 }).map((ticks) => `0.${String(ticks).padStart(4, "0")}`),
  size: fc.integer({ min: 1, max: 160 }).map(String),
  fee: fc.constantFrom("0", "0.0017", "-0.0003"),
  feeAsset: fc.constantFrom("USDC", "FLASH"),
  // Three hours, few minutes and equal times, so that ids decide.
  venueTime: fc
    .tuple(fc.integer({ min: 3, max: 5 }), fc.constantFrom("00", "01", "30", "59"), fc.constantFrom("00.000", "07.512"))
    .map(([hour, minute, second]) => `2026-01-02T0${hour}:${minute}:${second}Z`),
});

type Plan = {
  readonly order: readonly number[];
  readonly batchSizes: readonly number[];
  readonly faults: readonly (Fault | undefined)[];
  readonly concurrent: boolean;
};

const plan = fc.record({
  order: fc.array(fc.nat(), { minLength: 12, maxLength: 24 }),
  batchSizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
  faults: fc.array(fault, { minLength: 1, maxLength: 6 }),
  concurrent: fc.boolean(),
});

/** Every fill at least once, some more often, in the plan's order, cut into its batches. */
function toBatches(messages: readonly FillMessage[], { order, batchSizes }: Plan): FillMessage[][] {
  const rest = [...messages];
  const sequence: FillMessage[] = [];
  for (const pick of order) {
    const repeat = pick % 3 === 0 ? sequence[pick % Math.max(1, sequence.length)] : undefined;
    const next = repeat ?? rest.splice(pick % Math.max(1, rest.length), 1)[0];
    if (next !== undefined) sequence.push(next);
  }
  sequence.push(...rest);
  const batches: FillMessage[][] = [];
  for (let at = 0, index = 0; at < sequence.length; index++) {
    const size = batchSizes[index % batchSizes.length] ?? 1;
    batches.push(sequence.slice(at, at + size));
    at += size;
  }
  return batches;
}

describe("the books", () => {
  it("are the same for any order, repetition, cut, crash and race of deliveries", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(draft, { minLength: 2, maxLength: 12 }), plan, async (drafts, how) => {
        const market = nextMarket();
        const messages = drafts.map((fields, index) =>
          makeMessage({ ...fields, market, fillId: `${market}-${index}` }),
        );
        const batches = toBatches(messages, how);
        const comeAgain: FillMessage[] = [];
        const step = how.concurrent ? 2 : 1;
        for (let index = 0; index < batches.length; index += step) {
          const failed = await Promise.all(
            batches
              .slice(index, index + step)
              .map((batch, lane) => deliver(cloud.connect(how.faults[(index + lane) % how.faults.length]), batch)),
          );
          comeAgain.push(...failed.flat());
        }
        await deliverAll(cloud.connect(), comeAgain);
        await expectBooks(cloud.connect(), market, messages);
      }),
      // As many cases as fit: a busy machine tries fewer, and never none.
      { numRuns: 25, interruptAfterTimeLimit: 3_000 },
    );
  });
});

describe("a process that ends", () => {
  const times = ["03:10:00.000", "03:20:00.000", "04:05:00.000"];
  const late = ["03:15:00.000", "04:06:00.000"];
  const toMessage = (market: string, time: string, index: number) =>
    makeMessage({
      market,
      fillId: `${market}-${index}`,
      venueTime: `2026-01-02T${time}Z`,
      side: index % 2 ? "sell" : "buy",
    });

  /** Books three fills, then brings two more, one of them late, over a connection with the fault. */
  async function run(fault: Fault | undefined): Promise<{ writes: number; failed: number }> {
    const market = nextMarket();
    const first = times.map((time, index) => toMessage(market, time, index));
    const second = late.map((time, index) => toMessage(market, time, index + first.length));
    await deliverAll(cloud.connect(), first);
    const table = cloud.connect(fault);
    const failed = await deliver(table, second);
    await deliverAll(cloud.connect(), failed);
    await expectBooks(cloud.connect(), market, [...first, ...second]);
    return { writes: table.count.writes, failed: failed.length };
  }

  it("at any write of a batch with a late fill leaves books that the next delivery completes", async () => {
    const { writes, failed } = await run(undefined);
    expect(failed).toBe(0);
    expect(writes).toBeGreaterThan(7);
    // A write that never arrived is the write before it whose answer was lost, but for the first.
    expect((await run({ atWrite: 1, how: "before", kills: true })).failed).toBeGreaterThan(0);
    for (let atWrite = 1; atWrite <= writes; atWrite++) {
      expect((await run({ atWrite, how: "after", kills: true })).failed, `write ${atWrite}`).toBeGreaterThan(0);
    }
  }, 60_000);

  it("loses nothing when a write takes effect twice", async () => {
    const { writes } = await run(undefined);
    for (let atWrite = 1; atWrite <= writes; atWrite++) {
      expect((await run({ atWrite, how: "twice", kills: false })).failed, `write ${atWrite}`).toBe(0);
    }
  }, 60_000);
});
