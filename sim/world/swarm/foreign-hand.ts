/**
 * A foreign hand in the ledger's table: it alters a fact in a way that moves no figure of the books, and puts it back. Owns what is altered
 * now; that it is found is the audit's, and that the audit finds it `audit-checks.ts`'s.
 */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { readAll } from "../../../lambdas/item-range.ts";
import { FILL_PREFIX, type Item, toMarketKey } from "../../../lambdas/ledger-items.ts";
import type { TableHost } from "../table-host.ts";
import type { VirtualTime } from "../virtual-time.ts";

/**
 * The audit reads fifteen minutes behind what it has compared: a younger fact is read again by every reading that begins anew, an older one
 * once in each round over older history.
 */
const YOUNGER_MS = 10 * 60_000;

/** Attributes that the fold does not look at, and the audit compares. */
export const ALTERED = ["orderId", "clientOrderId", "liquidity"] as const;

export type Alteration = { readonly attribute: (typeof ALTERED)[number] /** In [0, 1). */; readonly nth: number };

/**
 * A fact that is not as it was written: since when (epoch milliseconds), when its fill was (ISO-8601, venue time), and whether that was
 * within ten minutes.
 */
export type Altered = { readonly sinceMs: number; readonly venueTime: string; readonly isYoung: boolean };

export class ForeignHand {
  readonly #table: TableHost;
  readonly #time: VirtualTime;
  readonly #altered = new Map<string, Altered>();

  constructor(table: TableHost, time: VirtualTime) {
    this.#table = table;
    this.#time = time;
  }

  /** Undefined while every fact of the market is as it was written. */
  altered(market: string): Altered | undefined {
    return this.#altered.get(market);
  }

  /** Alters one of the market's facts, every other time one of the younger, if there is one. Answers what puts it back. */
  alter(market: string, { attribute, nth }: Alteration): () => void {
    let undo: (() => Promise<void>) | undefined;
    let isOver = false;
    void this.#time.hold(async () => {
      const fact = await this.#choose(market, nth);
      if (fact === undefined || isOver) return;
      await this.#put({ ...fact, [attribute]: otherThan(fact[attribute]?.S ?? "") });
      const { epochMs: sinceMs } = this.#time;
      const venueTime = fact["venueTime"]?.S ?? "";
      this.#altered.set(market, { sinceMs, venueTime, isYoung: venueTime >= youngest(sinceMs) });
      undo = () => this.#put(fact);
    });
    return () => {
      isOver = true;
      this.#altered.delete(market);
      if (undefined !== undo) void this.#time.hold(undo);
    };
  }

  async #choose(market: string, nth: number): Promise<Item | undefined> {
    const { client, tableName } = this.#table;
    const from = nth < 0.5 ? youngest(this.#time.epochMs) : "";
    const range = { pk: toMarketKey(market, "").pk.S, from: FILL_PREFIX + from, to: `${FILL_PREFIX}~` };
    const facts = await readAll({ client, tableName }, range);
    return facts[Math.floor(((nth * 2) % 1) * facts.length)];
  }

  async #put(item: Item): Promise<void> {
    await this.#table.client.send(new PutItemCommand({ TableName: this.#table.tableName, Item: { ...item } }));
  }
}

/** The venue time from which a fact is a younger one. */
function youngest(epochMs: number): string {
  return new Date(epochMs - YOUNGER_MS).toISOString();
}

/** Another value of the attribute's own grammar. */
function otherThan(text: string): { readonly S: string } {
  if (text === "maker" || text === "taker") return { S: text === "maker" ? "taker" : "maker" };
  return { S: `${text}x` };
}
