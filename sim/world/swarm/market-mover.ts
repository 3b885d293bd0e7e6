/**
 * What goes on in the markets of a seed: the price moves and jumps, takers come, some of them to quotes that a move has left behind, and
 * spells in which nobody does anything. Owns when; books and matching are the exchange's.
 */
import type { Rng } from "../../../fargate/seams.ts";
import type { MarketSetting } from "../../exchange/exchange.ts";
import type { HandMadeExchange } from "../../exchange/hand-made-exchange.ts";
import { makeSeededRng, nextBetween, nextNormal } from "../../exchange/seeded-rng.ts";
import type { VirtualTime } from "../virtual-time.ts";
import { chance, untilNext } from "./draw.ts";
import { type Shape, sizeOf } from "./shape.ts";

const SPELL_MS = 180_000;
const CALMER = 8;
/** One move in so many is a jump, of so many times its size. */
const JUMP_SHARE = 0.03;
const JUMP_FACTOR = 12;
/** The price comes back by this share of its way from the start at each move. */
const REVERSION = 0.02;
/** Somebody who knows better comes so long after a move, and pays no worse than the new mid. */
const INFORMED_MS = { low: 200, high: 2_000 };
const INFORMED_SHARE = 0.5;
const INFORMED_EDGE = 0.0002;

export class MarketMover {
  readonly #time: VirtualTime;
  readonly #exchange: HandMadeExchange;
  readonly #shape: Shape;
  readonly #seed: number;
  #isRunning = false;
  /** Nobody takes: what is settled can be compared. The price moves on. */
  isQuiet = false;
  #isCalm = false;

  constructor(input: {
    readonly time: VirtualTime;
    readonly exchange: HandMadeExchange;
    readonly shape: Shape;
    readonly seed: number;
  }) {
    this.#time = input.time;
    this.#exchange = input.exchange;
    this.#shape = input.shape;
    this.#seed = input.seed;
  }

  start(): void {
    this.#isRunning = true;
    const { moveMs, takeMs, calmShare, markets } = this.#shape;
    const spells = makeSeededRng(this.#seed, "spells");
    this.#repeat(spells, SPELL_MS, () => {
      this.#isCalm = chance(spells, calmShare);
    });
    for (const market of markets) {
      const moves = makeSeededRng(this.#seed, `${market.symbol} moves`);
      const takers = makeSeededRng(this.#seed, `${market.symbol} takers`);
      const start = this.#exchange.hand(market.symbol).mid;
      this.#repeat(moves, moveMs, () => this.#move(market, moves, start));
      this.#repeat(takers, takeMs, () => this.#take(market, takers));
    }
  }

  stop(): void {
    this.#isRunning = false;
  }

  #repeat(rng: Rng, meanMs: number, act: () => void): void {
    const factor = this.#isCalm ? CALMER : 1;
    this.#time.after(untilNext(rng, meanMs * factor), () => {
      if (!this.#isRunning) return;
      act();
      this.#repeat(rng, meanMs, act);
    });
  }

  #move(market: MarketSetting, rng: Rng, startMid: number): void {
    const hand = this.#exchange.hand(market.symbol);
    const factor = chance(rng, JUMP_SHARE) ? JUMP_FACTOR : 1;
    const pull = REVERSION * (startMid / hand.mid - 1);
    const percent = 100 * (pull + nextNormal(rng) * this.#shape.moveBps * factor * 1e-4);
    const isMet = chance(rng, INFORMED_SHARE);
    const afterMs = nextBetween(rng, INFORMED_MS.low, INFORMED_MS.high);
    hand.jump(percent);
    if (isMet) this.#time.after(afterMs, () => this.#pickOff(market));
  }

  /** Whoever still buys above the mid, or sells below it, is met. */
  #pickOff(market: MarketSetting): void {
    if (this.#isQuiet(market.symbol)) return;
    const hand = this.#exchange.hand(market.symbol);
    const size = sizeOf(market, 1);
    hand.hit("sell", size, priceAt(market, hand.mid * (1 + INFORMED_EDGE), Math.ceil));
    hand.hit("buy", size, priceAt(market, hand.mid * (1 - INFORMED_EDGE), Math.floor));
  }

  #take(market: MarketSetting, rng: Rng): void {
    const side = chance(rng, 0.5) ? "buy" : "sell";
    const size = sizeOf(market, nextBetween(rng, 0.05, this.#shape.takeSize));
    if (this.#isQuiet(market.symbol)) return;
    const hand = this.#exchange.hand(market.symbol);
    // Where a taker has had all that stood there others quote again at once: else the market has one side until its price moves.
    if (Number(hand.hit(side, size)) < Number(size)) hand.jump(0);
  }

  #isQuiet(symbol: string): boolean {
    return this.isQuiet || !this.#isRunning || !this.isOpen(symbol);
  }

  /** Told by whoever halts a market: nobody trades there meanwhile. */
  isOpen: (symbol: string) => boolean = () => true;
}

function priceAt({ tickSize }: MarketSetting, ticks: number, round: (ticks: number) => number): string {
  return (Math.max(1, round(ticks)) * Number(tickSize)).toFixed(tickSize.split(".")[1]?.length ?? 0);
}
