/** Small hand-made tapes (CONTRACTS 10): a market around 2000 whose trades go through every quote near its top. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { newFolder } from "./local-run.ts";

export const EVENTS_PER_LINE = 2;

const LINE_MS = 200;

/** One book of `levels` a side and one trade, of either side in turn. */
export function tapeLine(index: number, levels = 5): string {
  const atMs = 1_723_161_250_000 + index * LINE_MS;
  const common = { market_id: "ETH/USDT", timestamp: new Date(atMs).toISOString() };
  const rows = Array.from({ length: levels }, (_, i) => i / 10);
  const bids = JSON.stringify(rows.map((depth) => [(1_999.5 - depth).toFixed(1), "1.5"]));
  const asks = JSON.stringify(rows.map((depth) => [(2_000.5 + depth).toFixed(1), "1.5"]));
  const [side, price] = index % 2 === 0 ? ["sell", "1990.5"] : ["buy", "2009.5"];
  const events = [
    { type: "OrderBookUpdate", attributes: { ...common, bids, asks } },
    { type: "Trade", attributes: { ...common, trade_id: `T-${index}`, price, quantity: "3", side } },
  ];
  return `${JSON.stringify({ atMs, events })}\n`;
}

/** Writes the tape, or only its first `keptShare`; answers its path. */
export function writeTape(lines: readonly string[], keptShare = 1): string {
  const file = join(newFolder(), "tape.jsonl.gz");
  const bytes = gzipSync(lines.join(""));
  writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * keptShare)));
  return file;
}
