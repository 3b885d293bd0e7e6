/**
 * Five hundred requotes in a row, one a block, while one transaction in twenty is refused, lost, late or unanswered: the venue and the
 * engine's own book of orders against the chain's.
 */
import { expect, it } from "vitest";
import type { EngineEvent } from "../../../core/events.ts";
import { MarketOrders } from "../../../core/market-orders.ts";
import { isOpen, isQueryDue, isResting, mayRest, type Order } from "../../../core/order.ts";
import type { Quote } from "../../../core/quoting/strategy.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import type { IncludedTx } from "../../../sim/sei-chain/block-store.ts";
import { readTransaction } from "../../../sim/sei-chain/transaction.ts";
import { lawLength } from "../../law-length.ts";
import { OURS } from "../../sim/sei-chain/chain-world.ts";
import { type ChainVenue, MARKET, makeChainVenue, OPENING } from "./chain-venue.ts";

/** The length that is asked for with one seed, and shorter ones with others. */
const CASES = lawLength<readonly { readonly seed: number; readonly requotes: number }[]>({
  usual: [
    { seed: 11, requotes: 500 },
    { seed: 2, requotes: 150 },
  ],
  long: [11, 2, 5, 8, 13, 21, 34, 55].map((seed) => ({ seed, requotes: 500 })),
});
/** Without a transaction of ours in a block, for each fault that ours met in between. */
const BLOCKS_WITHOUT_MAX = 3;
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

  async readOpenOrders({ time, venue, process }: ChainVenue): Promise<void> {
    const { value: orders, askedMs } = await time.settled(venue.openOrders(MARKET.symbol), "the open orders");
    this.sent.openOrdersRead({
      type: "open-orders-read",
      market: MARKET.symbol,
      orders,
      askedMs,
      at: process.clock.now(),
    });
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

/** Keeps its slot. One that rests is cancelled in this very turn, and in its transaction another may take its place. */
function waits(order: Order): boolean {
  return isOpen(order) && !isResting(order);
}

it.each(CASES)(
  "of $requotes requotes under faults (seed $seed) no order is lost or doubled, the sequence moves on, and the books agree",
  async ({ seed, requotes }) => {
    const maker = new Maker();
    const world = await makeChainVenue({ seed, onEvent: (event) => maker.take(event) });
    const { chain, time, venue } = world;
    await world.blocks(1);
    chain.faults.byChance(FAULTS);
    const requote = () => maker.requote(world);
    const requoting = chain.onBlock(() => time.after(30, requote));
    const carrying: number[] = [];
    const metBy = new Map<number, number>();
    const notHeld: string[] = [];
    const nameOf = new Map<string, string>();
    const watching = chain.onBlock(({ block }) => {
      metBy.set(block.height, chain.faults.met);
      if (block.transactions.some(isOurs)) carrying.push(block.height);
      for (const [id, name] of namesIn(block.transactions)) nameOf.set(id, name);
      notHeld.push(...notAccountedFor(world, maker, nameOf));
    });
    for (let block = 0; block < requotes; block += 1) {
      if (block % 10 === 5) await world.trade(block % 20 === 5 ? "sell" : "buy", "0", "7", 1);
      await world.blocks(1);
      if (block % 5 === 0) await maker.readOpenOrders(world);
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
    expect((await time.settled(venue.openOrders(MARKET.symbol), "the open orders")).value).toEqual([]);

    // No order twice, none that was said not to be there, and no stranger.
    const placed = placedIds(world);
    expect(placed.length).toBeGreaterThan(requotes);
    expect(new Set(placed).size).toBe(placed.length);
    expect(maker.sent.straysSeen).toBe(0);
    expect(maker.sent.orders.contradictions).toBe(0);

    // After each block: no two orders for one slot, and none in the book that the engine does not count.
    expect(notHeld).toEqual([]);

    // The sequence.
    const stuck = carrying.slice(1).map((height, index) => {
      const last = carrying[index] ?? height;
      // Not those that came last: what they kept out is not missing yet.
      const faults = (metBy.get(height - 1) ?? 0) - (metBy.get(last) ?? 0);
      return { height, without: height - last - 1, faults };
    });
    expect(stuck.filter(({ without, faults }) => without > BLOCKS_WITHOUT_MAX * Math.max(1, faults))).toEqual([]);
    expect(chain.faults.met).toBeGreaterThan(requotes / 50);

    // The books: the fills told, the fills of the history, and what the account holds.
    const history = await readHistory(world);
    expect([...maker.fills.keys()].toSorted()).toEqual(history.toSorted());
    const position = [...maker.fills.values()].reduce((sum, size) => sum + size, 0n);
    const { value: balances } = await time.settled(venue.balances(), "the balances");
    expect(balances.find(({ asset }) => asset === "SEI")?.total).toBe(OPENING + position * 10n ** 18n);
    expect(history.length).toBeGreaterThan(requotes / 25);
    await world.close();
  },
  120_000,
);

/** Orders in the book that share a slot (side and level), or that the engine does not count. */
function notAccountedFor(
  { chain }: ChainVenue,
  { sent }: Maker,
  nameOf: ReadonlyMap<string, string>,
): readonly string[] {
  const booked = chain.contract.pairs[0]?.book.ordersOf(OURS) ?? [];
  const names = booked.map(({ id }) => nameOf.get(`${id}`) ?? `#${id}`);
  const slotOf = (name: string) => name.split("-").at(-2) ?? "";
  const doubled = names.filter((name, index) => names.findIndex((other) => slotOf(other) === slotOf(name)) !== index);
  const notCounted = names.filter((name) => {
    const order = sent.orders.find(name);
    return order === undefined || !mayRest(order);
  });
  return [...doubled.map((name) => `${name} is doubled`), ...notCounted.map((name) => `${name} is not counted`)];
}

function isOurs({ bytes, result }: IncludedTx): boolean {
  return result.code === 0 && readTransaction(bytes).signer === OURS;
}

/** What each order of ours that these transactions have placed is called, by its number. */
function namesIn(transactions: readonly IncludedTx[]): readonly (readonly [string, string])[] {
  return transactions.filter(isOurs).flatMap(({ bytes, result }) => {
    const ids = result.events.flatMap(({ type, attributes }) =>
      type === "place_order" ? attributes.filter(([key]) => key === "order_id").map(([, value]) => value) : [],
    );
    const orders = readTransaction(bytes).messages.flatMap((each) => (each.type === "place-orders" ? each.orders : []));
    return orders.map(({ data }, index) => [ids[index] ?? "", String(JSON.parse(data).client_order_id)] as const);
  });
}

/** The client ids of every order of ours that a transaction has placed. */
function placedIds({ chain }: ChainVenue): readonly string[] {
  return chain.blocks.range(0, chain.height).flatMap(({ transactions }) => namesIn(transactions).map(([, id]) => id));
}

async function readHistory({ time, venue }: ChainVenue): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let more = true; more; ) {
    const { value: page } = await time.settled(venue.fillsAfter(MARKET.symbol, cursor), "a page of fills");
    ids.push(...page.fills.map(({ fillId }) => fillId));
    cursor = page.nextCursor;
    more = page.more;
  }
  return ids;
}
