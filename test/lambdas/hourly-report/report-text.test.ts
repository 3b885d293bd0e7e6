import { describe, expect, it } from "vitest";
import { formatAmount, formatAxis, formatBps, formatPercent } from "../../../lambdas/hourly-report/amounts.ts";
import { spanPeriod } from "../../../lambdas/hourly-report/period.ts";
import { reportFigures } from "../../../lambdas/hourly-report/report-figures.ts";
import { altText, assertPost, reportText } from "../../../lambdas/hourly-report/report-text.ts";
import { CASES, makeMarket, money } from "./report-cases.ts";

const SMALL = {
  pnl: "1",
  volume: "2",
  fills: 1,
  improvementBps: 1,
  othersBps: 2,
  placed: 1,
  filled: 1,
  cancelled: 0,
};

describe("the post", () => {
  it("says the hour, the five figures and the four hashtags", () => {
    expect(reportText(CASES["one-market"])).toBe(
      [
        "🤖 FlashMM · 2026-01-02 03:00–04:00 UTC",
        "SEI/USDC on Sei",
        "",
        "📈 Spread improvement 39.6 %",
        "💰 PnL +12.35 USDC",
        "📊 Volume 18,234 USDC",
        "🎯 Fill rate 7.4 %",
        "⏱️ Uptime 98.7 %",
        "",
        "#SeiNetwork #DeFi #MarketMaking #Trading",
      ].join("\n"),
    );
    expect(reportText(CASES["twelve-markets"])).toContain("12 markets on Sei");
    expect(reportText(CASES["negative-pnl"])).toContain("💰 PnL −37.89 USDC");
  });

  it("is one that X takes with the longest names and the largest figures there are", () => {
    const period = spanPeriod("2026-12-30T23:50", "2026-12-31T00:10:59");
    const giant = {
      pnl: "-999999999999",
      volume: "999999999999999",
      fills: 1,
      improvementBps: 99_999,
      othersBps: 99_999,
      placed: 1,
      filled: 1,
      cancelled: 1,
    };
    const markets = ["ABCDEFGHIJKL/ABCDEFGHIJKM", "ABCDEFGHIJKN/ABCDEFGHIJKM"].map((market) =>
      makeMarket({ ...giant, market }),
    );
    expect(() => reportText(reportFigures(period, markets))).not.toThrow();
  });

  it.each([
    ["a link", "see flashmm.xyz", "without a link"],
    ["two cashtags", "$SEI and $USDC", "one cashtag at most"],
    ["too much", "x".repeat(281), "was 281 of 280"],
  ])("is never one with %s", (_what, text, message) => {
    expect(() => assertPost(text)).toThrow(message);
  });
});

describe("the description of the image", () => {
  it("says what is seen, in the room that X gives", () => {
    expect(altText(CASES["one-market"])).toContain("Profit over time ends at +12.35 USDC.");
    const many = Array.from({ length: 60 }, (_, index) => makeMarket({ ...SMALL, market: `TOKEN${index}/USDC` }));
    expect(altText(reportFigures(CASES["one-market"].period, many)).length).toBe(1_000);
  });
});

describe("figures", () => {
  it.each([
    ["0", "0"],
    ["0.0000001", "0"],
    ["0.00421", "+0.0042"],
    ["0.042", "+0.042"],
    ["-0.5", "−0.50"],
    ["-12.345", "−12.34"],
    ["12.355", "+12.36"],
    ["1234.5", "+1,234.50"],
    ["9999.999", "+10,000.00"],
    ["-12345678.9", "−12,345,679"],
  ])("%s is shown as %s", (amount, text) => {
    expect(formatAmount(money(amount), { signed: true })).toBe(text);
  });

  it("have no minus in front of nothing, and a dash for what is not known", () => {
    expect([
      formatPercent(-0.04),
      formatPercent(undefined),
      formatBps(-0.00001),
      formatBps(123.4),
      formatBps(0.42),
      formatBps(0.0018),
    ]).toEqual(["0.0 %", "–", "0.00", "123", "0.42", "0.0018"]);
    expect([12_000, -3_400_000, 0.25, 12.5, 0].map(formatAxis)).toEqual(["12k", "−3.4M", "0.25", "12.5", "0"]);
  });
});
