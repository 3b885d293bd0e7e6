/**
 * Events of transactions and blocks (ABCI): their attributes as results carry them, plain or in base64, and the map by which queries
 * find them. Owns these two forms.
 */
import type { EventMap } from "../sei-node/chain-event.ts";

export type AbciEvent = {
  readonly type: string;
  readonly attributes: readonly (readonly [key: string, value: string])[];
};

export function makeEvent(type: string, attributes: Readonly<Record<string, string>>): AbciEvent {
  return { type, attributes: Object.entries(attributes) };
}

/** As results carry them. Sei's mainnet era has keys and values in base64. */
export function toEventsJson(events: readonly AbciEvent[], isBase64: boolean): readonly unknown[] {
  const text = (plain: string) => (isBase64 ? Buffer.from(plain, "utf8").toString("base64") : plain);
  return events.map(({ type, attributes }) => ({
    type,
    attributes: attributes.map(([key, value]) => ({ key: text(key), value: text(value), index: true })),
  }));
}

export function toEventMap(events: readonly AbciEvent[], further: EventMap): EventMap {
  const map: Record<string, string[]> = {};
  for (const [tag, values] of Object.entries(further)) map[tag] = [...values];
  for (const { type, attributes } of events) {
    for (const [key, value] of attributes) {
      const tag = `${type}.${key}`;
      const values = map[tag] ?? [];
      map[tag] = values;
      values.push(value);
    }
  }
  return map;
}
