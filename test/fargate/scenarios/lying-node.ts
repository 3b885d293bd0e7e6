/**
 * Nodes that tell another book than the market's: an old one, one of another price, one of no sense. Owns the frames (CONTRACTS 1);
 * the market itself stands as it is and fills whoever believes them.
 */
import { SYMBOL } from "../../../sim/world/scenario-world.ts";
import type { HandMadeWorld } from "./moving-market.ts";

const EVERY_MS = 400;
/** Ticks in a unit of the quote currency. */
const PER_UNIT = 10_000;
/** Above every number that a connection has counted to so far. */
const SEQUENCE_FROM = 1_000_000;

/** `timestamp` is ISO-8601; prices and sizes are decimals, or whatever else is to be told. */
export type ToldBook = {
  readonly timestamp: string;
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
};

/** A book around a mid in quote currency, as the world's clock tells the time unless told. */
export function bookAt({ time }: HandMadeWorld, mid: number, epochMs = time.epochMs): ToldBook {
  const level = (sign: 1 | -1, index: number) => {
    const ticks = mid * (1 + sign * 0.0022) * PER_UNIT;
    const price = (sign < 0 ? Math.floor(ticks) : Math.ceil(ticks)) + sign * index;
    return [(price / PER_UNIT).toFixed(4), "4000"] as const;
  };
  return {
    timestamp: new Date(Math.floor(epochMs)).toISOString(),
    bids: [0, 1, 2].map((index) => level(-1, index)),
    asks: [0, 1, 2].map((index) => level(1, index)),
  };
}

/** The nodes of these indices tell nothing but `book` from now on. Returns what lets them tell the truth again. */
export function lie(world: HandMadeWorld, indices: readonly number[], book: () => ToldBook): () => void {
  const { time, node } = world;
  const nodes = indices.flatMap((index) => node.endpoints[index] ?? []);
  for (const endpoint of nodes) endpoint.silence(true);
  let sequence = SEQUENCE_FROM;
  let cancel = time.after(0, tell);
  function tell(): void {
    sequence += 1;
    for (const endpoint of nodes) endpoint.sendRaw(frameOf(book(), sequence));
    cancel = time.after(EVERY_MS, tell);
  }
  return () => {
    cancel();
    for (const endpoint of nodes) {
      endpoint.silence(false);
      // A connection that counted so high would take the true numbers for old ones.
      endpoint.dropSockets();
    }
  };
}

function frameOf({ timestamp, bids, asks }: ToldBook, sequence: number): string {
  const attributes = {
    market_id: SYMBOL,
    timestamp,
    sequence: String(sequence),
    bids: JSON.stringify(bids),
    asks: JSON.stringify(asks),
  };
  const query = `tm.event='OrderBookUpdate' AND market_id='${SYMBOL}'`;
  return JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    result: { query, events: [{ type: "OrderBookUpdate", attributes }] },
  });
}
