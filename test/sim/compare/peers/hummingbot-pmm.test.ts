import { expect, test } from "vitest";
import { HummingbotPmm, PMM_DEFAULTS, pmmProposal } from "../../../../sim/compare/peers/hummingbot-pmm.ts";
import { instant } from "../../../core/make-events.ts";
import { bookOf, HandMadePort, termsOf, wake } from "./hand-made-port.ts";

function makePmm(changes: Partial<typeof PMM_DEFAULTS> = {}) {
  const port = new HandMadePort();
  const pmm = new HummingbotPmm({ ...PMM_DEFAULTS, ...changes }, termsOf(port));
  pmm.book(bookOf(4_195, 4_205));
  return { port, pmm };
}

test("a proposal stands at its spreads from the mid, rounded down", () => {
  // Mid 4,215, 1 % and 2 %: 4,172.85 and 4,130.7; 4,257.15 and 4,299.3.
  expect(pmmProposal(4_215, { spread: 0.01, levelSpread: 0.01, levels: 2 }, 500)).toEqual({
    buys: [
      { price: 4_172, size: 500 },
      { price: 4_130, size: 500 },
    ],
    sells: [
      { price: 4_257, size: 500 },
      { price: 4_299, size: 500 },
    ],
  });
});

test("it quotes at its first tick, and leaves the quotes while the mid stands still", () => {
  const { port, pmm } = makePmm();
  expect(wake(pmm, port, 0, 90_000)).toEqual(["1s buy 500@4158", "1s sell 500@4242"]);
});

test("after 30 s it cancels everything once a price differs, and creates anew in the next tick", () => {
  const { port, pmm } = makePmm();
  wake(pmm, port, 0, 10_000);
  pmm.book(bookOf(4_205, 4_215));
  expect(wake(pmm, port, 10_000, 30_900)).toEqual([]);
  expect(wake(pmm, port, 30_900, 40_000)).toEqual([
    "31s cancel peer-1",
    "31s cancel peer-2",
    "32s buy 500@4167",
    "32s sell 500@4252",
  ]);
});

test("a tolerance keeps quotes that are nearly right", () => {
  const { port, pmm } = makePmm({ refreshTolerance: 0.01 });
  wake(pmm, port, 0, 10_000);
  pmm.book(bookOf(4_205, 4_215));
  expect(wake(pmm, port, 10_000, 60_000)).toEqual([]);
});

test("below 0 a tolerance always replaces", () => {
  const { port, pmm } = makePmm({ refreshTolerance: -1 });
  wake(pmm, port, 0, 10_000);
  expect(wake(pmm, port, 10_000, 33_000)).toHaveLength(4);
});

test("after a complete fill nothing is created for 60 s, and the other side goes when its time has come", () => {
  const { port, pmm } = makePmm();
  wake(pmm, port, 0, 5_000);
  pmm.fill(port.fillOf("peer-1"), instant(5_000));
  expect(wake(pmm, port, 5_000, 70_000)).toEqual(["31s cancel peer-2", "66s buy 500@4158", "66s sell 500@4242"]);
});

test("a partial fill delays nothing", () => {
  const { port, pmm } = makePmm();
  wake(pmm, port, 0, 5_000);
  pmm.fill(port.fillOf("peer-1", 100), instant(5_000));
  expect(wake(pmm, port, 5_000, 60_000)).toEqual([]);
});

test("an order nearer than the minimum spread is cancelled at once", () => {
  const { port, pmm } = makePmm({ minimumSpread: 0.005 });
  wake(pmm, port, 0, 5_000);
  pmm.book(bookOf(4_170, 4_180));
  expect(wake(pmm, port, 5_000, 7_000)).toEqual(["6s cancel peer-1"]);
});

test("one order past its age takes all with it", () => {
  const { port, pmm } = makePmm({ maxOrderAgeSeconds: 20 });
  wake(pmm, port, 0, 20_000);
  expect(wake(pmm, port, 20_000, 22_500)).toEqual(["22s cancel peer-1", "22s cancel peer-2"]);
});

test("order optimisation brings a quote back to a tick before the best others", () => {
  const { port, pmm } = makePmm({ spread: 0.0005, isOptimized: true });
  pmm.book(bookOf(4_150, 4_250));
  expect(wake(pmm, port, 0, 1_000)).toEqual(["1s buy 500@4151", "1s sell 500@4249"]);
});

test("what would take is left out", () => {
  const { port, pmm } = makePmm({ spread: 0.0001 });
  // Mid 4,200.5: a bid at 4,200 and, rounded down, an ask at 4,200 too.
  pmm.book(bookOf(4_200, 4_201));
  expect(wake(pmm, port, 0, 1_000)).toEqual(["1s buy 500@4200"]);
});

test("what the position limit leaves is quoted", () => {
  const port = new HandMadePort();
  const pmm = new HummingbotPmm(PMM_DEFAULTS, termsOf(port, { positionMax: termsOf(port).orderSize }));
  pmm.book(bookOf(4_195, 4_205));
  wake(pmm, port, 0, 1_000);
  pmm.fill(port.fillOf("peer-1"), instant(1_500));
  expect(wake(pmm, port, 1_500, 63_000)).toEqual(["31s cancel peer-2", "62s sell 500@4242"]);
});
