/**
 * What a subscription to `tm.event='Tx'` or `'NewBlock'` is sent. Owns the type alone.
 */

/** `{"type.key":[values]}`: what queries are held against; always plain text. */
export type EventMap = Readonly<Record<string, readonly string[]>>;

export type ChainEvent = {
  readonly type: "Tx" | "NewBlock";
  /** Stands under `data.value`. */
  readonly value: unknown;
  readonly tags: EventMap;
};
