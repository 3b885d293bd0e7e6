import { beforeEach, describe, expect, it } from "vitest";
import type { SeiChain } from "../../../sim/sei-chain/chain.ts";
import { mixedFaults, type TxFault } from "../../../sim/sei-chain/faults.ts";
import { cancelOrders, makeChain, makeWallets, OURS, placeOrders, sign, type Wallet } from "./chain-world.ts";

let chain: SeiChain;
let ours: Wallet;

beforeEach(async () => {
  chain = await makeChain();
  ({ ours } = await makeWallets());
});

const ORDER = [placeOrders(OURS, [{ side: "buy", price: "0.42", quantity: "5" }])];

async function send(sequence: number, by: Parameters<typeof sign>[2] = {}) {
  return chain.broadcast(await sign(ours, ORDER, { sequence, ...by }));
}

/** Sends so many in a row, of which the first meets the fault, and makes blocks: the codes by sequence, `-` for none. */
async function codesAfter(fault: TxFault, count: number, blocks: number): Promise<readonly (number | "-")[]> {
  chain.faults.next(fault);
  const hashes: string[] = [];
  for (let sequence = 0; sequence < count; sequence += 1) {
    const sent = await send(sequence);
    expect(sent?.code).toBe(0);
    hashes.push(sent?.hash ?? "");
  }
  for (let block = 0; block < blocks; block += 1) chain.makeBlock();
  return hashes.map((hash) => chain.blocks.transaction(hash)?.result.code ?? "-");
}

const sequence = () => chain.accounts.find(OURS)?.sequence;

describe("a transaction", () => {
  it("that is dropped takes those behind it with it, and can be sent again", async () => {
    // The one behind it was taken on its account, and fails in its block.
    expect(await codesAfter({ type: "drop" }, 2, 2)).toEqual(["-", 32]);
    expect(sequence()).toBe(0);
    expect((await send(0))?.code).toBe(0);
    chain.makeBlock();
    expect(sequence()).toBe(1);
  });

  it("that is evicted is gone with the next block, and those behind it with it", async () => {
    expect(await codesAfter({ type: "evict" }, 2, 3)).toEqual(["-", "-"]);
    expect(chain.mempool.size).toBe(0);
    expect((await send(0))?.code).toBe(0);
  });

  it("that is delayed comes so many blocks later, and those behind it wait for it", async () => {
    expect(await codesAfter({ type: "delay", blocks: 2 }, 2, 2)).toEqual(["-", "-"]);
    chain.makeBlock();
    expect(chain.blocks.last.transactions.map(({ result }) => result.code)).toEqual([0, 0]);
    expect(sequence()).toBe(2);
  });

  it("that is delayed past its time-out height never comes", async () => {
    chain.faults.next({ type: "delay", blocks: 5 });
    const sent = await send(0, { timeoutHeight: 1_002 });
    for (let block = 0; block < 7; block += 1) chain.makeBlock();
    expect(chain.blocks.transaction(sent?.hash ?? "")).toBeUndefined();
    expect(chain.mempool.size).toBe(0);
    expect(sequence()).toBe(0);
  });

  it("whose block comes after its time-out height fails there, and leaves the sequence as it was", async () => {
    const sent = await send(0, { timeoutHeight: 1_000 });
    chain.makeBlock();
    expect(chain.blocks.transaction(sent?.hash ?? "")?.result.code).toBe(30);
    expect(sequence()).toBe(0);
  });

  it("that is overtaken by the next fails no more than that one", async () => {
    const codes = await codesAfter({ type: "reorder" }, 2, 1);
    expect(codes).toEqual([0, 32]);
    expect(chain.blocks.last.transactions.map(({ result }) => result.code)).toEqual([32, 0]);
  });

  it("at a higher gas price jumps ahead of those before it, as in a real mempool", async () => {
    await send(0);
    await send(1, { fee: { amount: [{ denom: "usei", amount: "90000" }], gas: "400000" } });
    chain.makeBlock();
    expect(chain.blocks.last.transactions.map(({ result }) => result.code)).toEqual([32, 0]);
  });

  it.each([
    [13, "insufficient fees: insufficient fee"],
    [20, "mempool is full"],
    [32, "account sequence mismatch, expected 1, got 0: incorrect account sequence"],
  ] as const)("is refused once with code %i, and taken when it comes again", async (code, log) => {
    chain.faults.next({ type: "refuse", code });
    expect(await send(0)).toMatchObject({ code, codespace: "sdk", log });
    expect(await send(0)).toMatchObject({ code: 0 });
  });

  it("whose orders the contract refuses is included all the same", async () => {
    expect(await codesAfter({ type: "fail-to-place" }, 1, 1)).toEqual([0]);
    expect(chain.blocks.last.transactions[0]?.tags["place_order.order_id"]).toEqual(["0"]);
    expect(chain.contract.pairs[0]?.book.ordersOf(OURS)).toEqual([]);
  });

  it("whose cancels match nothing is included all the same", async () => {
    await send(0);
    chain.makeBlock();
    chain.faults.next({ type: "ignore-cancels" });
    const cancel = cancelOrders(OURS, [{ id: 0, side: "buy", price: "0.42" }]);
    chain.broadcast(await sign(ours, [cancel], { sequence: 1 }));
    chain.makeBlock();
    expect(chain.blocks.last.transactions[0]?.result.code).toBe(0);
    expect(chain.contract.pairs[0]?.book.ordersOf(OURS)).toHaveLength(1);
  });

  it("waits while the chain is halted", async () => {
    chain.halt(true);
    await send(0);
    expect(chain.height).toBe(1_000);
    expect(chain.mempool.size).toBe(1);
  });
});

it("a mix of all faults meets the share of transactions that was asked for", () => {
  const shares = mixedFaults(0.05);
  expect(new Set(shares.map(({ fault }) => JSON.stringify(fault))).size).toBe(shares.length);
  expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(0.05, 12);
  chain.faults.byChance(shares);
  for (let count = 0; count < 4_000; count += 1) chain.faults.take();
  expect(chain.faults.met).toBeGreaterThan(130);
  expect(chain.faults.met).toBeLessThan(270);
});

it("faults by chance come in about their share, and the same for the same seed", async () => {
  const met = async () => {
    const seeded = await makeChain({ seed: 5 });
    seeded.faults.byChance([
      { fault: { type: "drop" }, share: 0.2 },
      { fault: { type: "delay", blocks: 1 }, share: 0.3 },
    ]);
    return Array.from({ length: 400 }, () => seeded.faults.take()?.type ?? "none");
  };
  const [one, two] = [await met(), await met()];
  expect(one).toEqual(two);
  const count = (type: string) => one.filter((each) => each === type).length;
  expect(count("drop")).toBeGreaterThan(50);
  expect(count("drop")).toBeLessThan(110);
  expect(count("delay")).toBeGreaterThan(85);
  expect(count("delay")).toBeLessThan(155);
  expect(() => chain.faults.byChance([{ fault: { type: "drop" }, share: 1.1 }])).toThrow("at most 1");
});
