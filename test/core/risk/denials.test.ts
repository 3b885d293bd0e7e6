import { expect, it } from "vitest";
import { Denials } from "../../../core/risk/denials.ts";
import type { Denial, DenialReason } from "../../../core/risk/gate.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";

function denial(side: Side, level: number, reason: DenialReason): Denial {
  return { quote: { side, level, price: toTicks(10), size: toLots(1) }, reason };
}

const tooLong = denial("buy", 0, "position");
const twice = denial("sell", 1, "duplicate");

it("what shaping and the gate held back in the last decision is shown together", () => {
  const denials = new Denials();
  denials.begin([tooLong]);
  denials.add(twice);
  expect(denials.now).toEqual([tooLong, twice]);
  denials.begin([]);
  expect(denials.now).toEqual([]);
});

it("the same quote denied for the same reason in one decision after the other counts once", () => {
  const denials = new Denials();
  for (let n = 0; n < 100; n += 1) {
    denials.begin([tooLong]);
    denials.add(twice);
  }
  expect([...denials.counts]).toEqual([
    ["position", 1],
    ["duplicate", 1],
  ]);
});

it("a decision that passes without it lets it count again", () => {
  const denials = new Denials();
  for (const shaped of [[tooLong], [], [tooLong]]) denials.begin(shaped);
  expect(denials.counts.get("position")).toBe(2);
});

it("another slot and another reason count on their own, another price does not", () => {
  const denials = new Denials();
  denials.begin([tooLong, denial("buy", 1, "position"), denial("buy", 0, "order-size")]);
  denials.begin([{ ...tooLong, quote: { ...tooLong.quote, price: toTicks(11) } }]);
  expect([...denials.counts]).toEqual([
    ["position", 2],
    ["order-size", 1],
  ]);
});
