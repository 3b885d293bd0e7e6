/**
 * Nodes that tell another book than the market's: one they have told before, an old one, one of another price, one of no sense. Owns the
 * frames (CONTRACTS 1); the market itself stands as it is and fills whoever believes them.
 */
import type { HandMadeExchange } from "../../exchange/hand-made-exchange.ts";
import type { SeiEndpoint } from "../../sei-node/endpoint.ts";
import type { ScenarioWorld } from "../scenario-world.ts";
import { type FaultParameters, numberOf, textOf } from "./kind.ts";
import { silenceNodes } from "./silent-nodes.ts";

const EVERY_MS = 800;
/** Above every number that a connection has counted to so far. */
const SEQUENCE_FROM = 1_000_000;

type Attributes = Record<string, string>;

/** Tells a lie from now on in place of everything. Answers what lets them tell the truth again. */
export function tellLies(
  { time, node, exchange, config }: Pick<ScenarioWorld<HandMadeExchange>, "time" | "node" | "exchange" | "config">,
  nodes: readonly SeiEndpoint[],
  drawn: FaultParameters,
): () => void {
  const market = textOf(drawn, "market");
  const truth = () => exchange.snapshot(market).find(({ type }) => type === "OrderBookUpdate")?.attributes ?? undefined;
  const tick = config.markets.find(({ symbol }) => symbol === market)?.tickSize ?? "1";
  const first: Attributes = { ...truth() };
  const unsilence = silenceNodes(nodes);
  let sequence = SEQUENCE_FROM;
  let cancel = time.after(0, tell);
  function tell(): void {
    sequence += 1;
    const book = toLie(textOf(drawn, "lie"), { first, now: { ...truth() }, drawn, tick, epochMs: time.epochMs });
    for (const each of nodes) each.sendRaw(toFrame(market, { ...book, sequence: String(sequence) }));
    cancel = time.after(EVERY_MS, tell);
  }
  return () => {
    cancel();
    unsilence();
    // A connection that counted so high would take the true numbers for old ones.
    for (const each of nodes) if (node.endpoints.includes(each)) each.dropSockets();
  };
}

function toLie(
  lie: string,
  at: {
    readonly first: Attributes;
    readonly now: Attributes;
    readonly drawn: FaultParameters;
    readonly tick: string;
    readonly epochMs: number;
  },
): Attributes {
  switch (lie) {
    case "replayed":
      return at.first;
    case "old":
      return { ...at.now, timestamp: new Date(at.epochMs - numberOf(at.drawn, "ageMs")).toISOString() };
    case "absurd":
      return { ...at.now, bids: JSON.stringify([["1e309", "-1"]]), asks: JSON.stringify([["0x10", "NaN"]]) };
    default: {
      const factor = 1 + numberOf(at.drawn, "percent") / 100;
      return { ...at.now, bids: moved(at.now["bids"], factor, at.tick), asks: moved(at.now["asks"], factor, at.tick) };
    }
  }
}

/** On the tick and each price once: a book that is none is no lie that anybody believes. */
function moved(text: string | undefined, factor: number, tick: string): string {
  const rows: unknown = JSON.parse(text ?? "[]");
  if (!Array.isArray(rows)) return "[]";
  const decimals = tick.split(".")[1]?.length ?? 0;
  const byPrice = new Map<string, string>();
  for (const [price, size] of rows) {
    const ticks = Math.max(1, Math.round((Number(price) * factor) / Number(tick)));
    const at = (ticks * Number(tick)).toFixed(decimals);
    if (!byPrice.has(at)) byPrice.set(at, size);
  }
  return JSON.stringify([...byPrice]);
}

function toFrame(market: string, attributes: Attributes): string {
  const query = `tm.event='OrderBookUpdate' AND market_id='${market}'`;
  const event = { type: "OrderBookUpdate", attributes: { ...attributes, market_id: market } };
  return JSON.stringify({ jsonrpc: "2.0", id: 1, result: { query, events: [event] } });
}
