/** A value that must not be printed. Owns the hiding alone: where it comes from and where it goes is said elsewhere. */
import { inspect } from "node:util";

/** Shows itself as `***` in text, JSON and logs; only `reveal()` gives the value. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "***";
  }

  toJSON(): string {
    return "***";
  }

  [inspect.custom](): string {
    return "***";
  }
}
