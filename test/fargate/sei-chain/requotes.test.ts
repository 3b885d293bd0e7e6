/**
 * Five hundred requotes in a row, one a block, while one transaction in twenty is refused, lost, late or unanswered: the venue and the
 * engine's own book of orders against the chain's.
 */
import { expect, it } from "vitest";
import type { EngineEvent } from "../../../core/events.ts";
import { MarketOrders } from "../../../core/market-orders.ts";
import { isOpen, isQueryDue, isResting, type Order } from "../../../core/order.ts";
import type { Quote } from "../../../core/quoting/strategy.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import type { IncludedTx } from "../../../sim/sei-chain/block-store.ts";
import { readTransaction } from "../../../sim/sei-chain/transaction.ts";
import { OURS } from "../../sim/sei-chain/chain-world.ts";
import { type ChainVenue, MARKET, makeChainVenue, OPENING } from "./chain-venue.ts";

const REQUOTES = 500;
const SIZE = toLots(10);

const FAULTS = [
  { fault: { type: "refuse", code: 32 }, share: 0.006 },
  { fault: { type: "refuse", code: 13 }, share: 0.006 },
  { fault: { type: "refuse", code: 20 }, share: 0.006 },
  { fault: { type: "drop" }, share: 0.008 },
  { fault: { type: "evict" }, share: 0.006 },
  { fault: { type: "delay", blocks: 1 }, share: 0.005 },
  { fault: { type: "delay", blocks: 5 }, share: 0.005 },
  { fault: { type: "lose-answer" }, share: 0.008 },
] as const;

/** The engine's book of orders, and a maker that wants each of its four quotes elsewhere with every block. */
class Maker {
  readonly sent = new MarketOrders(MARKET.symbol, 3, 250);
  readonly fills = new Map<string, bigint>();
  #round = 0;

  take(event: EngineEvent): void {
    if (event.type === "fill") {
      const { fillId, clientOrderId, side, size, at } = { ...event.fill, at: event.at };
      if (this.fills.has(fillId)) return;
      this.fills.set(fillId, BigInt(side === "buy" ? size : -size));
      const before = this.sent.orders.find(clientOrderId);
      if (before !== undefined) this.sent.filled(event.fill, before, at.monotonicMs);
      return;
    }
    if (event.type.startsWith("order-") || event.type.endsWith("-unknown")) this.sent.apply(event as never);
  }

  requote({ venue, process, budget }: ChainVenue): void {
    this.#round += 1;
    const now = process.clock.now();
    const open = this.sent.orders.open();
    for (const order of open) {
      if (isResting(order) && hasId(order)) {
        venue.execute(this.sent.cancel(order, budget.take("cancel", now) ?? -1, now));
      } else if (isQueryDue(order, now.monotonicMs)) {
        venue.execute(this.sent.query(order, budget.take("query", now) ?? -1, now));
      }
    }
    for (const quote of this.#quotes()) {
      const isTaken = open.some((each) => each.side === quote.side && each.level === quote.level && waits(each));
      if (!isTaken) {
        venue.execute(this.sent.place(quote, budget.take("place", now) ?? -1, now));
      }
    }
  }

  cancelAll({ venue, process, budget }: ChainVenue): void {
    const now = process.clock.now();
    for (const order of this.sent.orders.open()) {
      if (isResting(order) && hasId(order))
        venue.execute(this.sent.cancel(order, budget.take("cancel", now) ?? -1, now));
      else if (isQueryDue(order, now.monotonicMs)) {
        venue.execute(this.sent.query(order, budget.take("query", now) ?? -1, now));
      }
    }
  }

  #quotes(): readonly Quote[] {
    const middle = 4_250 + (this.#round % 7);
    return [0, 1].flatMap((level): readonly Quote[] => [
      { side: "buy", level, price: toTicks(middle - 10 - level), size: SIZE },
      { side: "sell", level, price: toTicks(middle + 10 + level), size: SIZE },
    ]);
  }
}

function hasId(order: Order): order is Order & { readonly orderId: string } {
  return order.orderId !== undefined;
}

/** Not being cancelled: a replacement would be one too many. */
function waits(order: Order): boolean {
  return isOpen(order) && order.state !== "cancel-sent" && !isResting(order);
}

it("of 500 requotes under faults no order is lost or doubled, the sequence moves on, and the books agree", async () => {
  const maker = new Maker();
  const world = await makeChainVenue({
    seed: 11,
    onEvent: (event) => maker.take(event),
  });
  const { chain, time, venue } = world;
  await world.blocks(1);
  chain.faults.byChance(FAULTS);
  const requote = () => maker.requote(world);
  const requoting = chain.onBlock(() => time.after(30, requote));
  const carrying: number[] = [];
  const faultsAt = new Map<number, number>();
  const watching = chain.onBlock(({ block }) => {
    faultsAt.set(block.height, chain.faults.met);
    if (block.transactions.some(isOurs)) carrying.push(block.height);
  });
  for (let block = 0; block < REQUOTES; block += 1) {
    if (block % 10 === 5) await world.trade(block % 20 === 5 ? "sell" : "buy", "0", "7", 1);
    await world.blocks(1);
  }
  requoting();
  watching();
  chain.faults.byChance([]);
  for (let round = 0; round < 20 && maker.sent.orders.open().length > 0; round += 1) {
    maker.cancelAll(world);
    await world.blocks(1);
    await time.pass(1_000);
  }

  // Every order of the engine's has come to an end, and none is in the chain's book.
  expect(maker.sent.orders.open()).toEqual([]);
  expect(chain.contract.pairs[0]?.book.ordersOf(OURS)).toEqual([]);
  expect(await time.settled(venue.openOrders(MARKET.symbol), "the open orders")).toEqual([]);

  // No order twice, none that was said not to be there, and no stranger.
  const placed = placedIds(world);
  expect(placed.length).toBeGreaterThan(REQUOTES);
  expect(new Set(placed).size).toBe(placed.length);
  expect(maker.sent.straysSeen).toBe(0);
  expect(maker.sent.orders.contradictions).toBe(0);

  // The sequence: for each fault at most three blocks without a transaction of ours.
  const stuck = carrying.slice(1).map((height, index) => {
    const last = carrying[index] ?? height;
    // A fault shows some blocks after it was met.
    const faults = (faultsAt.get(height) ?? 0) - (faultsAt.get(last - 4) ?? 0);
    return { height, without: height - last - 1, faults };
  });
  expect(stuck.filter(({ without, faults }) => without > 3 * faults)).toEqual([]);
  expect(chain.faults.met).toBeGreaterThan(REQUOTES / 40);

  // The books: the fills told, the fills of the history, and what the account holds.
  const history = await readHistory(world);
  expect([...maker.fills.keys()].toSorted()).toEqual(history.toSorted());
  const position = [...maker.fills.values()].reduce((sum, size) => sum + size, 0n);
  const balances = await time.settled(venue.balances(), "the balances");
  expect(balances.find(({ asset }) => asset === "SEI")?.total).toBe(OPENING + position * 10n ** 18n);
  expect(history.length).toBeGreaterThan(20);
  await world.close();
}, 120_000);

function isOurs({ bytes, result }: IncludedTx): boolean {
  return result.code === 0 && readTransaction(bytes).signer === OURS;
}

/** The client ids of every order of ours that a transaction has placed. */
function placedIds({ chain }: ChainVenue): readonly string[] {
  return chain.blocks.range(0, chain.height).flatMap(({ transactions }) =>
    transactions
      .filter(({ result }) => result.code === 0)
      .map(({ bytes }) => readTransaction(bytes))
      .filter(({ signer }) => signer === OURS)
      .flatMap(({ messages }) => messages)
      .flatMap((message) => (message.type === "place-orders" ? message.orders.map(({ data }) => data) : [])),
  );
}

async function readHistory({ time, venue }: ChainVenue): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let more = true; more; ) {
    const page = await time.settled(venue.fillsAfter(MARKET.symbol, cursor), "a page of fills");
    ids.push(...page.fills.map(({ fillId }) => fillId));
    cursor = page.nextCursor;
    more = page.more;
  }
  return ids;
}
