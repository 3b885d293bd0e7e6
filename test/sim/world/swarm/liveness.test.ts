import { expect, it } from "vitest";
import { sidesWithin } from "../../../../sim/world/swarm/liveness.ts";

const MARKET = { symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" };

it.each([
  ["0", ["buy", "sell"]],
  ["4500", ["buy", "sell"]],
  ["4501", ["sell"]],
  ["-4501", ["buy"]],
] as const)("with a position of %s, a limit of 5000 and orders of 500, what can be quoted is %s", (position, sides) => {
  expect(sidesWithin(MARKET, position, {})).toEqual(sides);
});
