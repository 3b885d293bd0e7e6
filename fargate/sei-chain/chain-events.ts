/**
 * Events as the chain tells them of a transaction or a block, in one form. Owns the shapes: lists with plain attributes (CometBFT from
 * 0.37 on) or base64 ones (Sei, CometBFT 0.34), and maps `{"type.key": [values]}`. What an event means is the reader's.
 */
import * as z from "zod";

export type ChainEvent = { readonly type: string; readonly attributes: ReadonlyMap<string, string> };

/** Attributes of the events that we read. No name is the base64 of another. */
const NAMES = [
  "order_id",
  "cancellation_id",
  "_contract_address",
  "action",
  "settlement_id",
  "account",
  "price_denom",
  "asset_denom",
  "position_direction",
  "order_type",
  "quantity",
  "execution_cost_or_proceed",
  "expected_cost_or_proceed",
  "liquidity",
  "fee",
  "fee_denom",
] as const;

type AttributeName = (typeof NAMES)[number];

const NAME_OF_BASE64: ReadonlyMap<string, string> = new Map(NAMES.map((name) => [btoa(name), name]));

/** A list of events as JSON; absent and null mean none. */
export const eventListSchema = z
  .array(
    z.object({
      type: z.string(),
      attributes: z.array(z.object({ key: z.string(), value: z.string().nullish() })).nullish(),
    }),
  )
  .nullish();

export type EventList = z.output<typeof eventListSchema>;

/** The events of a list in their order. A key is taken for base64 only when it is that of a name we know. */
export function fromList(list: EventList): readonly ChainEvent[] {
  return (list ?? []).map(({ type, attributes }) => ({
    type,
    attributes: new Map(
      (attributes ?? []).map(({ key, value }) => {
        const name = NAME_OF_BASE64.get(key);
        const text = value ?? "";
        return name === undefined ? [key, text] : [name, Buffer.from(text, "base64").toString("utf8")];
      }),
    ),
  }));
}

/** The values of one attribute over all events of a type, in the order of the events. */
export function valuesOf(events: readonly ChainEvent[], type: string, name: AttributeName): readonly string[] {
  return events.flatMap((event) => {
    const value = event.type === type ? event.attributes.get(name) : undefined;
    return value === undefined ? [] : [value];
  });
}

/** One event a value of the map's lists, for types that carry one attribute each, as `place_order` and `cancel_order` do. */
export function fromMap(map: Readonly<Record<string, readonly string[]>>): readonly ChainEvent[] {
  return Object.entries(map).flatMap(([path, values]) => {
    const dot = path.indexOf(".");
    return values.map((value) => ({
      type: path.slice(0, Math.max(dot, 0)),
      attributes: new Map([[path.slice(dot + 1), value]]),
    }));
  });
}
