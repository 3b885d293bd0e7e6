import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatScaled } from "../../../core/decimal.ts";
import { InputError } from "../../../core/errors.ts";
import { makeMarket, parsePrice, parseSize } from "../../../core/market.ts";
import { describeTape, readTape } from "../../../sim/exchange/tape.ts";
import type { TapeLine } from "../../../sim/exchange/tape-line.ts";

let folder = "";
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tape-"));
});
afterAll(() => rm(folder, { recursive: true }));

const TIME = { timestamp: "2024-08-08T23:54:14.152Z" };
const book = (bids: unknown, asks: unknown, market = "ETH/USDT") => ({
  type: "OrderBookUpdate",
  attributes: { market_id: market, ...TIME, sequence: "1", bids: JSON.stringify(bids), asks: JSON.stringify(asks) },
});
const trade = (price: unknown, quantity = "0.5", side = "buy") => ({
  type: "Trade",
  attributes: { market_id: "ETH/USDT", ...TIME, trade_id: "T-1", price, quantity, side },
});
const status = (value: string) => ({
  type: "MarketStatus",
  attributes: { market_id: "ETH/USDT", ...TIME, status: value },
});
const line = (atMs: unknown, ...events: unknown[]) => JSON.stringify({ atMs, events });
const good = line(1, book([["2683.8", "3.0292"]], [["2683.81", "31.4395"]]));

async function writeBytes(bytes: Uint8Array): Promise<string> {
  count += 1;
  const file = join(folder, `${count}.jsonl.gz`);
  await writeFile(file, bytes);
  return file;
}
const write = (...lines: string[]) => writeBytes(gzipSync(lines.map((text) => `${text}\n`).join("")));

async function readAll(file: string): Promise<readonly TapeLine[]> {
  const lines: TapeLine[] = [];
  for await (const one of readTape(file)) lines.push(one);
  return lines;
}

const faultOf = async (file: string) => {
  const error: unknown = await readAll(file).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  return error instanceof Error ? error.message.replace(file, "FILE") : "";
};

describe("a tape", () => {
  it("is read line by line with its events as they are", async () => {
    const halted = line(5, status("halted"), trade("2683.8"));
    expect(await readAll(await write(good, line(5), halted))).toEqual(
      [good, line(5), halted].map((text) => JSON.parse(text)),
    );
  });

  it("may lack the newline at its end", async () => {
    expect(await readAll(await writeBytes(gzipSync(`${good}\n${good}`)))).toHaveLength(2);
  });

  it("may be several gzip files one after another, as a recorder that restarts leaves them", async () => {
    const part = gzipSync(`${good}\n`);
    expect(await readAll(await writeBytes(Buffer.concat([part, part])))).toHaveLength(2);
  });

  it("gives what was written, wherever its bytes are cut on the way", async () => {
    const texts = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(texts, async (ids) => {
        const lines = ids.map((id, index) => {
          const { type, attributes } = trade("1");
          return { atMs: index, events: [{ type, attributes: { ...attributes, note: id.repeat(900) } }] };
        });
        expect(await readAll(await write(...lines.map((one) => JSON.stringify(one))))).toEqual(lines);
      }),
      { numRuns: 20 },
    );
  });

  it("can be left in its middle", async () => {
    const file = await write(...Array.from({ length: 5_000 }, () => good));
    for await (const one of readTape(file)) {
      expect(one.atMs).toBe(1);
      break;
    }
  });

  it.each([
    ["", 'FILE line 2 must be one JSON object {"atMs","events"}, was ""'],
    ["{", 'FILE line 2 must be one JSON object {"atMs","events"}, was "{"'],
    ["[]", "FILE line 2 must be a JSON object, was []"],
    [line("1"), 'FILE line 2: atMs must be epoch milliseconds, a whole number, was "1"'],
    [line(1.5), "FILE line 2: atMs must be epoch milliseconds, a whole number, was 1.5"],
    [line(0), "FILE line 2: atMs must be at least 1, the line before, was 0"],
    ['{"atMs":1}', "FILE line 2: events must be a list of at most 100000 events, was absent"],
    [line(1, null), "FILE line 2: events[0] must be a JSON object, was null"],
    [
      line(1, trade("1"), { ...trade("1"), type: "Candle" }),
      'FILE line 2: events[1].type must be "OrderBookUpdate", "Trade" or "MarketStatus", was "Candle"',
    ],
    [
      line(1, trade("NaN")),
      'FILE line 2: events[0].attributes.price must be a decimal string such as "0.4213", was "NaN"',
    ],
    [line(1, trade(1)), "FILE line 2: events[0].attributes.price must be a string, was 1"],
    [line(1, trade("1", "0")), 'FILE line 2: events[0].attributes.quantity must be a positive decimal string, was "0"'],
    [line(1, trade("1", "1", "hold")), 'FILE line 2: events[0].attributes.side must be "buy" or "sell", was "hold"'],
    [line(1, status("paused")), 'FILE line 2: events[0].attributes.status must be "open" or "halted", was "paused"'],
    [line(1, book([], [], "ethusdt")), /attributes\.market_id must be a symbol BASE\/QUOTE, was "ethusdt"$/],
    [
      line(1, { type: "Trade", attributes: { market_id: "A/B", timestamp: "2024-13-01T00:00:00.000Z" } }),
      /attributes\.timestamp must be an ISO-8601 UTC time, was "2024-13-01T00:00:00.000Z"$/,
    ],
    [line(1, { type: "Trade", attributes: { market_id: "A/B" } }), /attributes\.timestamp must be .* was absent$/],
    [
      line(1, { type: "OrderBookUpdate", attributes: { market_id: "A/B", ...TIME, bids: "[", asks: "[]" } }),
      /attributes\.bids must be JSON text of \[price, size\] rows, was "\["$/,
    ],
    [line(1, book([["1", "1", "1"]], [])), /attributes\.bids\[0\] must be a \[price, size\] row/],
    [line(1, book([["-1", "1"]], [])), /attributes\.bids\[0\]\.price must be a positive decimal string, was "-1"$/],
    [line(1, book([], [["1", "1e3"]])), /attributes\.asks\[0\]\.size must be a decimal string/],
    [
      line(
        1,
        book(
          [
            ["1", "1"],
            ["1.0", "1"],
          ],
          [],
        ),
      ),
      /bids\[1\] must be a worse price than the row before, was \["1.0","1"\]$/,
    ],
    [
      line(
        1,
        book(
          [],
          [
            ["10", "1"],
            ["9.5", "1"],
          ],
        ),
      ),
      /asks\[1\] must be a worse price than the row before/,
    ],
  ])("with a second line %j is refused with file, line and fault", async (text, expected) => {
    expect(await faultOf(await write(good, text))).toMatch(
      typeof expected === "string" ? `tape ${expected}` : expected,
    );
  });

  it("that is torn gives the lines before the tear, then says where it is torn", async () => {
    // Bytes that do not compress well, so that the tear falls behind whole lines.
    const lines = Array.from({ length: 2_000 }, (_, i) =>
      line(i, trade(`${((i * 7919) % 9973) + 1}.${(i * 31) % 97}1`)),
    );
    const whole = gzipSync(lines.map((text) => `${text}\n`).join(""));
    const file = await writeBytes(whole.subarray(0, Math.floor(whole.length / 2)));
    const read: TapeLine[] = [];
    const reading = (async () => {
      for await (const one of readTape(file)) read.push(one);
    })();
    await expect(reading).rejects.toThrow(
      /line \d+ must be whole gzip of UTF-8 JSON lines, was "unexpected end of file"$/,
    );
    expect(read.length).toBeGreaterThan(0);
    expect(read.map((one) => one.atMs)).toEqual(read.map((_, index) => index));
  });

  it.each([
    ["is no gzip", () => writeBytes(Buffer.from(good)), /line 1 must be whole gzip .*"incorrect header check"$/],
    ["is not there", async () => join(folder, "absent.gz"), /line 1 must be whole gzip .*ENOENT/],
    ["is a folder", async () => folder, /line 1 must be whole gzip .*EISDIR/],
    ["is empty", () => write(), /^tape FILE must be at least one line, was "an empty tape"$/],
    ["has no byte", () => writeBytes(Buffer.alloc(0)), /^tape FILE /],
    ["is not UTF-8", () => writeBytes(gzipSync(Buffer.from([0x7b, 0xff, 0x0a]))), /line 1 must be whole gzip of UTF-8/],
  ])("that %s is refused", async (_, make, expected) => {
    expect(await faultOf(await make())).toMatch(expected);
  });
});

describe("a tape's description", () => {
  it("has its length, and each market's tick, lot and medians", async () => {
    const file = await write(
      line(
        100,
        book(
          [
            ["2683.8", "3"],
            ["2683.7", "1"],
          ],
          [["2683.81", "5"]],
        ),
      ),
      line(100, trade("2683.805", "0.0250"), book([["9", "1"]], [["11", "2"]], "SEI/USDC")),
      line(400, book([["2683.80", "4"]], [["2683.83", "7"]]), book([], [["2683.9", "1"]])),
    );
    expect(await describeTape(file)).toEqual({
      lines: 3,
      events: 5,
      startMs: 100,
      durationMs: 300,
      markets: [
        {
          symbol: "ETH/USDT",
          tickSize: "0.001",
          lotSize: "0.001",
          bookUpdates: 3,
          trades: 1,
          levels: 2,
          medianSpreadTicks: "20",
          medianMid: "2683.81",
          medianTopSize: "4.5",
        },
        {
          symbol: "SEI/USDC",
          tickSize: "1",
          lotSize: "1",
          bookUpdates: 1,
          trades: 0,
          levels: 1,
          medianSpreadTicks: "2",
          medianMid: "10",
          medianTopSize: "1.5",
        },
      ],
    });
  });

  it("has no medians for a market without a two-sided book", async () => {
    const { markets } = await describeTape(await write(line(1, trade("1.5"), book([["1.5", "1"]], []))));
    expect(markets).toMatchObject([{ tickSize: "0.1", medianSpreadTicks: null, medianMid: null, medianTopSize: null }]);
  });

  it("is refused past a hundred markets", async () => {
    const markets = Array.from({ length: 101 }, (_, index) => line(1, book([], [], `A${index}/USDC`)));
    await expect(describeTape(await write(...markets.slice(0, 100)))).resolves.toMatchObject({ lines: 100 });
    await expect(describeTape(await write(...markets))).rejects.toThrow(
      /must be of at most 100 markets, was "A100\/USDC"/,
    );
  });

  it("names a tick and a lot that every price and size of the tape is a multiple of, and no coarser ones would do", async () => {
    const amount = fc
      .record({ units: fc.bigInt({ min: 1n, max: 10n ** 7n }), decimals: fc.integer({ min: 0, max: 8 }) })
      .map(({ units, decimals }) => formatScaled(units, decimals));
    const trades = fc.array(fc.tuple(amount, amount), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(trades, async (pairs) => {
        const file = await write(...pairs.map(([price, size]) => line(1, trade(price, size))));
        const [described] = (await describeTape(file)).markets;
        if (described === undefined) throw new Error("no market");
        const market = makeMarket(described);
        for (const [price, size] of pairs) {
          expect(parsePrice(market, price, "price")).toBeGreaterThan(0);
          expect(parseSize(market, size, "size")).toBeGreaterThan(0);
        }
        const decimalsOf = (text: string) => text.split(".")[1]?.length ?? 0;
        expect(decimalsOf(described.tickSize)).toBe(Math.max(...pairs.map(([price]) => decimalsOf(price))));
        expect(decimalsOf(described.lotSize)).toBe(Math.max(...pairs.map(([, size]) => decimalsOf(size))));
      }),
      { numRuns: 50 },
    );
  });
});
