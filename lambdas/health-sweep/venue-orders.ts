/**
 * Our open orders at the venue (CONTRACTS 3), for the one who may end them and never place any: the list, and cancels one by one, since
 * the venue's cancel-all would take strangers' orders too. Owns what is ours and how fast it is asked.
 */
import * as z from "zod";
import { answerFault } from "../../core/answer-fault.ts";
import { InputError } from "../../core/errors.ts";
import { OWN_PREFIX } from "../../core/order.ts";
import { boundedText } from "../bounded-text.ts";
import { CambrianClient, type CambrianClientOptions, CambrianError } from "../cambrian-client.ts";
import type { CambrianKeys } from "../cambrian-keys.ts";
import { isEmptySecret } from "../secret-fields.ts";

export type OwnOrder = { readonly market: string; readonly orderId: string; readonly clientOrderId: string };

/** What the venue shows; `unread` are the markets whose list could not be read, or not whole, with why. */
export type Listing = { readonly orders: readonly OwnOrder[]; readonly unread: readonly Unread[] };

type Unread = { readonly market: string; readonly reason: string };

export type OrdersLog = { warn(message: string, fields: Record<string, unknown>): void };

/**
 * The venue takes ten requests in any one second. A silent task sends none, the sweep's own question and the audit's leave eight: four
 * lanes, each with half a second after an answer, so that one answer that hangs holds up a quarter. Of two sweeps at once one asks
 * (`acting-turn.ts`).
 */
const LANES = 4;
const LANE_PACE_MS = 500;
/** The longest a task may give the venue (`config/schema.json`): a slow venue must not disarm whoever ends its orders. */
const TIMEOUT_MS = 5_000;
/** A venue that asks for a long pause is asked again all the same: what stands there stands unwatched. */
const HOLD_BACK_MS_MAX = 5_000;

const ORDERS_READ_MAX = 10_000;
const listSchema = z.object({
  orders: z.array(z.unknown()).refine(({ length }) => length <= ORDERS_READ_MAX, `must be at most ${ORDERS_READ_MAX}`),
});
const namedSchema = z.object({ client_order_id: z.string().startsWith(OWN_PREFIX) });
const ownSchema = z.object({ order_id: boundedText(128, 1), client_order_id: boundedText(128) });

/** Why there is no key to end orders with; undefined also where that is not known, since a reading that fails is tried again. */
export async function keyFault(keys: CambrianKeys): Promise<string | undefined> {
  try {
    await keys.current();
    return undefined;
  } catch (error) {
    if (isEmptySecret(error)) return "the secret of the order API is not filled";
    return error instanceof InputError ? error.message : undefined;
  }
}

export class VenueOrders {
  /** Shared by the dead men of all shards: the venue counts by key. */
  readonly #lanes: readonly CambrianClient[];
  readonly #log: OrdersLog;

  constructor(venue: Omit<CambrianClientOptions, "paceMs" | "attemptsMax">, log: OrdersLog) {
    // A second try is the caller's next round: a lane that waits for its turn again would hold up the other orders.
    const settings = {
      timeoutMs: TIMEOUT_MS,
      ...venue,
      paceMs: LANE_PACE_MS,
      attemptsMax: 1,
      holdBackMsMax: HOLD_BACK_MS_MAX,
    };
    this.#lanes = Array.from({ length: LANES }, () => new CambrianClient(settings));
    this.#log = log;
  }

  /** Orders named `fm-…` that are open in the markets. Never rejects: a market that cannot be read hides no other's orders. */
  async list(markets: readonly string[], untilMs: number): Promise<Listing> {
    const listed = await this.#inLanes(markets, async (lane, market): Promise<Listing> => {
      const path = `/v1/orders?status=open&market_id=${encodeURIComponent(market)}`;
      try {
        return await lane.ask({ path, read: (json) => parseOwnOrders(json, market) }, untilMs);
      } catch (error) {
        return { orders: [], unread: [{ market, reason: error instanceof Error ? error.message : String(error) }] };
      }
    });
    return { orders: listed.flatMap(({ orders }) => orders), unread: listed.flatMap(({ unread }) => unread) };
  }

  /** Asks once for each order's end; what came of it the next list shows. Never rejects. */
  async cancel(orders: readonly OwnOrder[], untilMs: number): Promise<void> {
    await this.#inLanes(orders, async (lane, { market, orderId, clientOrderId }) => {
      try {
        const path = `/v1/orders/${encodeURIComponent(orderId)}`;
        await lane.ask({ method: "DELETE", path, read: (json) => json }, untilMs);
      } catch (error) {
        // An order that the venue does not know has ended.
        if (error instanceof CambrianError && error.status === 404) return;
        this.#log.warn("an order of a silent task could not be ended, it is tried again", {
          market,
          orderId,
          clientOrderId,
          error,
        });
      }
    });
  }

  /** Each lane takes every fourth item, one after the other. */
  async #inLanes<Item, Value>(
    items: readonly Item[],
    work: (lane: CambrianClient, item: Item) => Promise<Value>,
  ): Promise<readonly Value[]> {
    const results: Value[] = [];
    const run = async (lane: CambrianClient, first: number): Promise<void> => {
      for (const item of items.filter((_, index) => index % LANES === first)) results.push(await work(lane, item));
    };
    await Promise.all(this.#lanes.map(run));
    return results;
  }
}

/** An order that cannot be read hides no other; one of ours among them makes the list an incomplete one. */
function parseOwnOrders(json: unknown, market: string): Listing {
  const orders: OwnOrder[] = [];
  const unread: Unread[] = [];
  for (const order of listSchema.parse(json).orders) {
    if (!namedSchema.safeParse(order).success) continue;
    const own = ownSchema.safeParse(order);
    if (own.success) orders.push({ market, orderId: own.data.order_id, clientOrderId: own.data.client_order_id });
    else {
      const { message } = answerFault("order", order, own.error);
      unread.push({ market, reason: `an order of ours in ${market} cannot be read: ${message}` });
    }
  }
  return { orders, unread };
}
