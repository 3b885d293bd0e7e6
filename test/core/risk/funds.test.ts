import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyFill, type Books, emptyBooks } from "../../../core/accounting/pnl.ts";
import { type Market, makeMarket } from "../../../core/market.ts";
import { type Commitment, explained, Funds } from "../../../core/risk/funds.ts";
import { makeFill, money } from "../accounting/make-fills.ts";

const SEI = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
const ETH = makeMarket({ symbol: "ETH/USDC", tickSize: "0.01", lotSize: "0.001" });

type Trade = Parameters<typeof makeFill>[1];

function booksOf(market: Market, trades: readonly Trade[]): Books {
  return trades.reduce((books, trade, index) => applyFill(books, makeFill(index, trade), market), emptyBooks());
}

function commitment(market: Market, change: { books?: Books; buys?: string; sells?: string } = {}): Commitment {
  const { books = emptyBooks(), buys = "0", sells = "0" } = change;
  return { market, books, buyValue: money(buys), sellSize: money(sells) };
}

function fundsOf(balances: Readonly<Record<string, string>>, all: readonly Commitment[]): Funds {
  const funds = new Funds();
  funds.read(new Map(Object.entries(balances).map(([asset, text]) => [asset, money(text)])), all);
  return funds;
}

const buy = (amount: string, market = SEI) => ({ side: "buy", market, amount: money(amount) }) as const;
const sell = (amount: string, market = SEI) => ({ side: "sell", market, amount: money(amount) }) as const;

describe("what the account can pay for", () => {
  it.each([
    ["a buy of all the quote", buy("100"), true],
    ["a buy of more", buy("100.000000000000000001"), false],
    ["a sell of all the base", sell("40"), true],
    ["a sell of more", sell("40.000000000000000001"), false],
  ])("%s: %o is covered: %s", (_name, order, isCovered) => {
    const all = [commitment(SEI)];
    expect(fundsOf({ SEI: "40", USDC: "100" }, all).covers(order, all)).toBe(isCovered);
  });

  it("open orders take their part first, of every market that spends the asset", () => {
    const all = [commitment(SEI, { buys: "30", sells: "15" }), commitment(ETH, { buys: "50", sells: "1" })];
    const funds = fundsOf({ SEI: "40", USDC: "100", ETH: "2" }, all);
    expect([funds.covers(buy("20"), all), funds.covers(buy("20.1"), all)]).toEqual([true, false]);
    expect([funds.covers(sell("25"), all), funds.covers(sell("25.1"), all)]).toEqual([true, false]);
    expect([funds.covers(sell("1", ETH), all), funds.covers(sell("1.001", ETH), all)]).toEqual([true, false]);
  });

  it("our own fills are carried on until the next reading", () => {
    const funds = fundsOf({ SEI: "40", USDC: "100" }, [commitment(SEI)]);
    const books = booksOf(SEI, [{ side: "buy", price: "0.5", size: "80", fee: "1" }]);
    const now = [commitment(SEI, { books })];
    expect([funds.covers(buy("59"), now), funds.covers(buy("59.01"), now)]).toEqual([true, false]);
    expect([funds.covers(sell("120"), now), funds.covers(sell("120.01"), now)]).toEqual([true, false]);
  });

  it("before any reading, and of assets no reading named, nothing is held back", () => {
    const all = [commitment(SEI)];
    expect(new Funds().covers(buy("1000000"), all)).toBe(true);
    expect(fundsOf({ ATOM: "1" }, all).covers(buy("1000000"), all)).toBe(true);
  });

  it("a reading that names one asset of a market says that there is none of the other", () => {
    const all = [commitment(SEI)];
    const funds = fundsOf({ USDC: "100" }, all);
    expect([funds.covers(sell("1"), all), funds.covers(buy("100"), all)]).toEqual([false, true]);
  });

  it("a new reading replaces the one before", () => {
    const all = [commitment(SEI)];
    const funds = fundsOf({ SEI: "40", USDC: "100" }, all);
    funds.read(new Map([["USDC", money("7")]]), all);
    expect([funds.covers(buy("7"), all), funds.covers(buy("8"), all)]).toEqual([true, false]);
  });
});

describe("what the books explain", () => {
  it("takes fees from the asset they are paid in, a third one's too", () => {
    const books = booksOf(SEI, [
      { side: "buy", price: "0.5", size: "10", fee: "0.1", feeAsset: "SEI" },
      { side: "sell", price: "0.6", size: "4", fee: "0.2", feeAsset: "USDC" },
      { side: "sell", price: "0.6", size: "1", fee: "0.3", feeAsset: "ATOM" },
    ]);
    const all = [{ market: SEI, books }];
    expect(explained("SEI", all)).toBe(money("4.9"));
    expect(explained("USDC", all)).toBe(money("-2.2"));
    expect(explained("ATOM", all)).toBe(money("-0.3"));
    expect(explained("constructor", all)).toBe(0n);
  });

  it("a balance of the start plus what is explained is the balance of now, whatever was traded", () => {
    const trade = fc.record({
      market: fc.constantFrom(SEI, ETH),
      side: fc.constantFrom("buy" as const, "sell" as const),
      price: fc.integer({ min: 1, max: 99 }),
      size: fc.integer({ min: 1, max: 99 }),
      fee: fc.integer({ min: -9, max: 99 }),
      feeAsset: fc.constantFrom("USDC", "SEI", "ETH"),
    });
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 30 }), (trades) => {
        const held = new Map([
          ["SEI", 1_000n],
          ["ETH", 1_000n],
          ["USDC", 100_000n],
        ]);
        const move = (asset: string, amount: number) => held.set(asset, (held.get(asset) ?? 0n) + BigInt(amount));
        for (const { market, side, price, size, fee, feeAsset } of trades) {
          const sign = side === "buy" ? 1 : -1;
          move(market.base, sign * size);
          move(market.quote, -sign * size * price);
          move(feeAsset, -fee);
        }
        const all = [SEI, ETH].map((market) => {
          const own = trades.filter((each) => each.market === market);
          return {
            market,
            books: booksOf(
              market,
              own.map((each) => ({ ...each, price: `${each.price}`, size: `${each.size}`, fee: `${each.fee}` })),
            ),
          };
        });
        for (const [asset, start] of [
          ["SEI", 1_000n],
          ["ETH", 1_000n],
          ["USDC", 100_000n],
        ] as const) {
          expect(start * 10n ** 18n + explained(asset, all)).toBe((held.get(asset) ?? 0n) * 10n ** 18n);
        }
      }),
    );
  });
});
