import { expect, it } from "vitest";
import { silenceNodes } from "../../../../sim/world/faults/silent-nodes.ts";

/** Nodes that keep in mind whether they are silent. */
function makeNodes() {
  const isSilent = [false, false];
  const nodes = isSilent.map((_, index) => ({
    silence: (on: boolean) => {
      isSilent[index] = on;
    },
  }));
  return { isSilent, all: nodes, second: nodes.slice(1) };
}

it("a node that is silenced speaks again when the wish is taken back", () => {
  const { isSilent, all } = makeNodes();
  const speak = silenceNodes(all);
  expect(isSilent).toEqual([true, true]);
  speak();
  expect(isSilent).toEqual([false, false]);
});

it.each([
  ["the first one goes first", [0, 1], [false, true]],
  ["the second one goes first", [1, 0], [true, true]],
] as const)("of two wishes the last one that goes lets a node speak: %s", (_what, order, between) => {
  const { isSilent, all, second } = makeNodes();
  const speaks = [silenceNodes(all), silenceNodes(second)];
  speaks[order[0]]?.();
  expect(isSilent).toEqual(between);
  speaks[order[1]]?.();
  expect(isSilent).toEqual([false, false]);
});

it("what is silenced after it spoke again is silent for the new wish alone", () => {
  const { isSilent, second } = makeNodes();
  silenceNodes(second)();
  const speak = silenceNodes(second);
  expect(isSilent).toEqual([false, true]);
  speak();
  expect(isSilent).toEqual([false, false]);
});
