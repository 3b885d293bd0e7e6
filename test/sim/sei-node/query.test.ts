import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matches, parseQuery } from "../../../sim/sei-node/query.ts";
import { bookOf, tradeOf } from "./hand-fed-source.ts";

const query = (text: string) => {
  const parsed = parseQuery(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.query;
};

describe("a query", () => {
  it.each([
    ["tm.event='OrderBookUpdate' AND market_id='SEI/USDC'", true],
    ["  tm.event  =  'OrderBookUpdate'  ", true],
    ["market_id='SEI/USDC'", true],
    ["OrderBookUpdate.market_id='SEI/USDC'", true],
    ["market_id CONTAINS 'SEI' AND bids EXISTS", true],
    ["timestamp>=TIME 2026-01-01T00:00:00Z AND timestamp < DATE 2026-02-01", true],
    ["tm.event='OrderBookUpdate' AND market_id='ETH/USDC'", false],
    ["tm.event='Trade' AND market_id='SEI/USDC'", false],
    ["Trade.market_id='SEI/USDC'", false],
    ["tm.event='NewBlock'", false],
    ["price EXISTS", false],
    ["market_id > 3", false],
  ])("%s on a book of SEI/USDC is %s", (text, expected) => {
    expect(matches(query(text), bookOf())).toBe(expected);
  });

  it.each([
    ["quantity=40", true],
    ["quantity<40", false],
    ["quantity<=40 AND price>0.4", true],
    ["quantity>40", false],
    ["quantity>=40.", true],
  ])("%s on a trade of 40 is %s", (text, expected) => {
    expect(matches(query(text), tradeOf("T-1"))).toBe(expected);
  });

  it.each([
    ["tm.event=", "offset 9: got invalid token, wanted number, timestamp, datestamp or string"],
    ["tm.event='Trade", "offset 9: got invalid token, wanted number, timestamp, datestamp or string"],
    ["tm.event=Trade", "offset 9: got tag, wanted number, timestamp, datestamp or string"],
    ["", "offset 0: got invalid token, wanted tag"],
    ["'x'='y'", "offset 0: got string, wanted tag"],
    [
      "market_id",
      "offset 9: got invalid token, wanted < operator, <= operator, > operator, >= operator, = operator, CONTAINS operator or EXISTS operator",
    ],
    ["a='b' OR c='d'", "offset 6: got tag, want AND operator"],
    ["a='b' AND", "offset 9: got invalid token, wanted tag"],
    ["a<'b'", "offset 2: got string, wanted number, timestamp or datestamp"],
    ["a CONTAINS 5", "offset 11: got number, wanted string"],
    ["a!='b'", "offset 1: got invalid token, wanted < operator"],
    ["a=TIME 2026-13-40", "offset 2: got timestamp"],
  ])("%j is refused in the node's own words", (text, reason) => {
    const parsed = parseQuery(text);
    expect(parsed.ok ? "parsed" : parsed.reason).toContain(`failed to parse query: ${reason}`);
  });

  it("longer than 512 characters is refused before it is read", () => {
    expect(parseQuery(`a='${"b".repeat(512)}'`)).toEqual({ ok: false, reason: "maximum query length exceeded" });
  });

  it("that differs in spaces alone is the same query, with its own text", () => {
    const [one, other] = [query("a='b' AND c=5"), query("a = 'b'  AND c = 5")];
    expect(other.normalized).toBe(one.normalized);
    expect(other.text).toBe("a = 'b'  AND c = 5");
    expect(query("a='b' AND c='5'").normalized).not.toBe(one.normalized);
  });

  it("of any text is parsed or refused with a reason, never thrown over", () => {
    const pieces = fc.constantFrom(
      "tm.event",
      "=",
      "'x'",
      " AND ",
      "<",
      "TIME ",
      "2026",
      "-01-01",
      " EXISTS",
      "é",
      "\n",
      "'",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join("")),
        ),
        (text) => {
          const parsed = parseQuery(text);
          if (parsed.ok) expect(parsed.query.conditions.length).toBeGreaterThan(0);
          else expect(parsed.reason).toMatch(/^failed to parse query: offset \d+: got /);
        },
      ),
    );
  });
});
