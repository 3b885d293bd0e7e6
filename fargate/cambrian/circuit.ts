/**
 * The circuit breaker around one request. Owns when a request may not be tried: five failures in a row open the circuit for 60 s, then
 * one request of any kind tries whether the venue is well again.
 *
 * The safety rule: only placements are refused while it is open. A cancel or a lookup is always tried, since a breaker
 * that holds them back would keep orders live that nobody watches.
 */
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
} from "cockatiel";
import { Fenced } from "./outcome.ts";

const FAILURES_IN_A_ROW = 5;
const HALF_OPEN_AFTER_MS = 60_000;

export type CircuitOptions = {
  /** Told the state at once and at each change: 0 closed, 1 half-open, 2 open. */
  readonly onState: (state: 0 | 1 | 2) => void;
};

export class Circuit {
  readonly #breaker: CircuitBreakerPolicy;

  constructor(options: CircuitOptions) {
    // A placing that was held back at its write says nothing of the venue; as the one that tries it, it has found nothing out.
    const isVerdict = (error: unknown) => !(error instanceof Fenced) || this.#breaker.state === CircuitState.HalfOpen;
    this.#breaker = circuitBreaker(handleWhen(isVerdict), {
      halfOpenAfter: HALF_OPEN_AFTER_MS,
      breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW),
    });
    this.#breaker.onStateChange(() => options.onState(this.state));
    options.onState(this.state);
  }

  get state(): 0 | 1 | 2 {
    const { state } = this.#breaker;
    if (state === CircuitState.Closed) return 0;
    return state === CircuitState.HalfOpen ? 1 : 2;
  }

  /** Whether a request may be written without asking any further; `follow` has to be told of it then. */
  get isClosed(): boolean {
    return this.#breaker.state === CircuitState.Closed;
  }

  /**
   * Takes note of how a request ends that was written while the circuit was closed; a rejection of `answered`, which is called at once, is
   * a failure. Nothing holds it back any more, whatever has come of the circuit since.
   */
  follow<T>(answered: () => Promise<T>): Promise<T> {
    return this.isClosed ? this.#breaker.execute(answered) : answered();
  }

  /**
   * Runs one request; a rejection of `send` is a failure. `send` is called before this returns whenever it is called at
   * all. Rejects with an open error (`isOpenError`) when the request may not be tried.
   */
  run<T>(isPlacement: boolean, send: () => Promise<T>): Promise<T> {
    // While the one trying request is out, the breaker would make others wait for its end: an order placed then is old.
    if (this.#breaker.state === CircuitState.HalfOpen) {
      return isPlacement ? Promise.reject(new BrokenCircuitError()) : send();
    }
    let tried = false;
    const guarded = this.#breaker.execute(() => {
      tried = true;
      return send();
    });
    if (tried || isPlacement) return guarded;
    guarded.catch(() => undefined);
    return send();
  }

  static isOpenError(error: unknown): boolean {
    return isBrokenCircuitError(error);
  }
}
