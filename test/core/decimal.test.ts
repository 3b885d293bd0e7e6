import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divideHalfEven, formatScaled, parseDecimal, parseScaled } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";

describe("parseDecimal", () => {
  it.each([
    ["0", 0n, 0],
    ["0.4213", 4213n, 4],
    ["-1.50", -150n, 2],
    ["2683.8", 26838n, 1],
    ["99999999999999999999999999999999999999", 99999999999999999999999999999999999999n, 0],
  ])("reads %s", (text, units, decimals) => {
    expect(parseDecimal(text, "price")).toEqual({ units, decimals });
  });

  it.each([
    "",
    " 1",
    "1 ",
    "+1",
    ".5",
    "1.",
    "01",
    "1e3",
    "0x10",
    "NaN",
    "Infinity",
    "1,5",
    "٣",
    "--1",
    "1.2.3",
    "9".repeat(39),
    0.5,
    null,
    undefined,
    {},
  ])("refuses %j and says what was expected", (value) => {
    expect(() => parseDecimal(value, "price")).toThrow(InputError);
    expect(() => parseDecimal(value, "price")).toThrow(/^price must be a decimal string/);
  });

  it("gives back what formatScaled wrote, for any integer and any number of decimals", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.integer({ min: 0, max: 18 }),
        (units, decimals) => {
          expect(parseScaled(formatScaled(units, decimals), decimals, "x")).toBe(units);
        },
      ),
    );
  });
});

describe("parseScaled", () => {
  it("refuses decimals that would be lost, and takes zeros that would not", () => {
    expect(parseScaled("1.500", 1, "fee")).toBe(15n);
    expect(() => parseScaled("1.501", 1, "fee")).toThrow("fee must be a decimal string of at most 1 decimals");
  });
});

describe("divideHalfEven", () => {
  it.each([
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [-5n, 2n, -2n],
    [-7n, 2n, -4n],
    [5n, -2n, -2n],
    [10n, 3n, 3n],
    [11n, 3n, 4n],
    [0n, 7n, 0n],
  ])("%s / %s is %s", (numerator, denominator, quotient) => {
    expect(divideHalfEven(numerator, denominator)).toBe(quotient);
  });

  it("is never more than half a unit off", () => {
    const integers = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
    fc.assert(
      fc.property(integers, integers, (numerator, denominator) => {
        fc.pre(denominator !== 0n);
        const rest = divideHalfEven(numerator, denominator) * denominator - numerator;
        const magnitude = (value: bigint) => (value < 0n ? -value : value);
        expect(2n * magnitude(rest) <= magnitude(denominator)).toBe(true);
      }),
    );
  });
});
