/**
 * The usual construction of a market maker in TypeScript, to be measured beside the task: every message through `JSON.parse` and a zod
 * schema, every price and size an immutable decimal object, a map for a book, a plain `fetch` an order, a new key for each signature.
 * Owns it whole. It has no risk checks, no orders to follow and no books: it does less than the task does.
 */
import { createHmac } from "node:crypto";
import * as z from "zod";
import type { TickStamps } from "./order-watch.ts";
import { Decimal } from "./usual-decimal.ts";

const decimalText = z.string().regex(/^\d{1,20}(?:\.\d{1,18})?$/);
const sideSchema = z.array(z.tuple([decimalText, decimalText]));

const frameSchema = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.number().int(),
  result: z.object({
    query: z.string(),
    events: z.array(
      z.object({
        type: z.string(),
        attributes: z.object({
          market_id: z.string(),
          timestamp: z.iso.datetime({ precision: 3 }),
          sequence: z.string().regex(/^\d+$/),
          bids: z.string(),
          asks: z.string(),
        }),
      }),
    ),
  }),
});

const answerSchema = z.object({
  order_id: z.string(),
  client_order_id: z.string(),
  status: z.enum(["open", "filled", "partially_filled", "rejected"]),
  filled_quantity: decimalText,
});

const SECRET = "local-secret";
const HALF_SPREAD = Decimal.of("0.001");
const TICK = Decimal.of("0.0001");

type UsualQuote = { readonly side: "buy" | "sell"; readonly price: Decimal; readonly size: Decimal };

export class UsualEngine {
  readonly #deskUrl: string;
  #bids = new Map<string, Decimal>();
  #asks = new Map<string, Decimal>();
  #count = 0;
  #writtenMs = 0;
  #onAnswer: ((stamps: TickStamps) => void) | undefined;

  constructor(deskUrl: string) {
    this.#deskUrl = deskUrl;
  }

  /** Reads the frame, and answers with the quotes of that moment. */
  read(data: Buffer): readonly UsualQuote[] {
    const frame = frameSchema.parse(JSON.parse(data.toString("utf8")));
    for (const { attributes } of frame.result.events) {
      this.#bids = toMap(attributes.bids);
      this.#asks = toMap(attributes.asks);
    }
    return this.#quotes();
  }

  /** What is given each frame: it quotes the side that the step makes dangerous, as one order. */
  readonly sink = (data: Buffer): void => {
    const [quote] = this.read(data);
    if (quote !== undefined) void this.place(quote);
  };

  async place(quote: UsualQuote): Promise<void> {
    this.#count += 1;
    const body = JSON.stringify({
      market_id: "SEI/USDC",
      side: quote.side,
      order_type: "limit",
      price: quote.price.toFixed(4),
      quantity: quote.size.toFixed(0),
      time_in_force: "post_only",
      client_order_id: `usual-${this.#count}`,
    });
    const timestamp = String(Date.now());
    const signature = createHmac("sha256", SECRET).update(`${timestamp}\nPOST\n/v1/orders\n${body}`).digest("hex");
    this.#writtenMs = performance.now();
    const response = await fetch(`${this.#deskUrl}/v1/orders`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-cambrian-key": "local-key",
        "x-cambrian-timestamp": timestamp,
        "x-cambrian-network": "testnet",
        "x-cambrian-signature": signature,
      },
      body,
    });
    answerSchema.parse(await response.json());
    this.#onAnswer?.({ writtenMs: this.#writtenMs, answersMs: [performance.now()] });
  }

  /** Must be asked before the frame comes. */
  answered(): Promise<TickStamps> {
    return new Promise((resolve) => {
      this.#onAnswer = resolve;
    });
  }

  #quotes(): readonly UsualQuote[] {
    const [bid] = [...this.#bids.keys()].map(Decimal.of).sort((a, b) => b.compare(a));
    const [ask] = [...this.#asks.keys()].map(Decimal.of).sort((a, b) => a.compare(b));
    if (bid === undefined || ask === undefined) return [];
    const mid = bid.plus(ask).dividedBy(Decimal.of("2"));
    const half = mid.times(HALF_SPREAD);
    const size = Decimal.of("500");
    return [
      { side: "sell", price: mid.plus(half).roundedTo(TICK), size },
      { side: "buy", price: mid.minus(half).roundedTo(TICK), size },
    ];
  }
}

function toMap(text: string): Map<string, Decimal> {
  const side = sideSchema.parse(JSON.parse(text));
  return new Map(side.map(([price, size]) => [Decimal.of(price).toFixed(18), Decimal.of(size)]));
}
