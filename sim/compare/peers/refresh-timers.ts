/**
 * When a strategy of Hummingbot cancels and creates: the two timestamps and the delay after a complete fill. After
 * hummingbot/hummingbot `hummingbot/strategy/pure_market_making/pure_market_making.pyx` (`set_timers`, `c_to_create_orders`,
 * `c_did_complete_buy_order`), which the Avellaneda strategy repeats. Seconds.
 */
export class RefreshTimers {
  readonly #refreshSeconds: number;
  readonly #filledDelaySeconds: number;
  #createAt = 0;
  #cancelAt = 0;

  constructor(input: { readonly refreshSeconds: number; readonly filledDelaySeconds: number }) {
    this.#refreshSeconds = input.refreshSeconds;
    this.#filledDelaySeconds = input.filledDelaySeconds;
  }

  /** Whether a proposal is made at all. */
  mayPropose(now: number): boolean {
    return this.#createAt <= now;
  }

  mayCancel(now: number): boolean {
    return this.#cancelAt <= now;
  }

  mayCreate(now: number): boolean {
    return this.#createAt < now;
  }

  /** Orders were created. */
  created(now: number): void {
    const next = now + this.#refreshSeconds;
    if (this.#createAt <= now) this.#createAt = next;
    if (this.#cancelAt <= now) this.#cancelAt = Math.min(this.#createAt, next);
  }

  /** An order was filled completely. */
  filled(now: number): void {
    this.#createAt = now + this.#filledDelaySeconds;
    this.#cancelAt = Math.min(this.#cancelAt, this.#createAt);
  }
}
