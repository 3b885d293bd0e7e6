import { describe, expect, it } from "vitest";
import type { HaltSource } from "../../core/events.ts";
import { MarketHalts } from "../../core/market-halts.ts";
import { instant } from "./make-events.ts";

const allowed = (by: HaltSource, ms = 0) =>
  ({ type: "quoting-allowed", market: "SEI/USDC", by, at: instant(ms) }) as const;
const halted = (by: HaltSource, reason: string) =>
  ({ type: "quoting-halted", market: "SEI/USDC", by, reason, at: instant(0) }) as const;

const reasonsOf = (halts: MarketHalts) => halts.blockers.map(({ text }) => text);

describe("who holds a market back", () => {
  it("is the start-up at first", () => {
    const halts = new MarketHalts();
    expect([reasonsOf(halts), halts.has("start-up"), halts.startedMs]).toEqual([["starting"], true, undefined]);
  });

  it("each source halts and allows on its own, and its newest word counts", () => {
    const halts = new MarketHalts();
    halts.apply(allowed("start-up"));
    for (const by of ["venue", "lease", "operator", "control"] as const) halts.apply(halted(by, `by the ${by}`));
    halts.apply(halted("lease", "the lease is lost"));
    halts.apply(allowed("venue"));
    halts.halt("later-start", "a later start");
    expect(reasonsOf(halts)).toEqual(["the lease is lost", "by the operator", "by the control", "a later start"]);
    for (const by of ["lease", "operator", "control", "later-start"] as const) halts.apply(allowed(by));
    expect(reasonsOf(halts)).toEqual([]);
  });

  it("whoever did not halt allows nothing", () => {
    const halts = new MarketHalts();
    halts.apply(allowed("operator"));
    expect([reasonsOf(halts), halts.startedMs]).toEqual([["starting"], undefined]);
  });
});

describe("the start", () => {
  it("is the moment the start-up first allowed quoting, and no later word moves it", () => {
    const halts = new MarketHalts();
    halts.apply(allowed("start-up", 700));
    halts.apply(halted("start-up", "again"));
    halts.apply(allowed("start-up", 900));
    halts.apply(allowed("operator", 950));
    expect(halts.startedMs).toBe(700);
  });
});
