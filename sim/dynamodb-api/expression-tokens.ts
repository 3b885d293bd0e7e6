/** The words of an expression, one after the other. Owns the lexical grammar; what the words mean is the parsers'. */
import { notKnown, RequestError } from "./request-error.ts";

/** Placeholders, names, signs. Document paths (`a.b`, `a[0]`) are not among them. */
const TOKEN = /\s*(#[A-Za-z0-9_]+|:[A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_]*|<>|<=|>=|[=<>(),+-])/y;

export class Tokens {
  readonly #words: readonly string[];
  readonly #text: string;
  #at = 0;
  /** The `#names` and `:values` that were taken as operands. */
  readonly placeholders = new Set<string>();

  constructor(text: string) {
    this.#text = text;
    const words: string[] = [];
    TOKEN.lastIndex = 0;
    while (text.slice(TOKEN.lastIndex).trim() !== "") {
      const at = TOKEN.lastIndex;
      const word = TOKEN.exec(text)?.[1];
      if (word === undefined) throw notKnown(`"${text.slice(at).trim().slice(0, 20)}" in the expression "${text}"`);
      words.push(word);
    }
    this.#words = words;
  }

  get done(): boolean {
    return this.#at === this.#words.length;
  }

  /** Takes the next word if it is this one; keywords are known in any case. */
  takes(word: string): boolean {
    if (this.#words[this.#at]?.toUpperCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  expect(word: string): void {
    if (!this.takes(word)) throw this.#refuse(`"${word}"`);
  }

  /** A function's name with its opening bracket, in the only case DynamoDB knows it in. */
  takesCall(name: string): boolean {
    if (this.#words[this.#at] !== name || this.#words[this.#at + 1] !== "(") return false;
    this.#at += 2;
    return true;
  }

  /** The next word when it is one of these. */
  takeOneOf<Word extends string>(words: readonly Word[]): Word | undefined {
    const found = words.find((word) => word === this.#words[this.#at]);
    if (found !== undefined) this.#at += 1;
    return found;
  }

  /** `#name`, or a name as it is. */
  takePath(): string {
    const word = this.#words[this.#at];
    if (word === undefined || !/^[#A-Za-z_]/.test(word)) throw this.#refuse("the name of an attribute");
    if (this.#words[this.#at + 1] === "(") throw notKnown(`the function "${word}"`);
    this.#at += 1;
    if (word.startsWith("#")) this.placeholders.add(word);
    return word;
  }

  takeValue(): string {
    const word = this.#words[this.#at];
    if (!word?.startsWith(":")) throw this.#refuse("a value");
    this.#at += 1;
    this.placeholders.add(word);
    return word;
  }

  get isAtValue(): boolean {
    return this.#words[this.#at]?.startsWith(":") ?? false;
  }

  end(): void {
    if (!this.done) throw this.#refuse("the end");
  }

  #refuse(expected: string): RequestError {
    const found = this.#words[this.#at] ?? "the end";
    return new RequestError(
      "ValidationException",
      `Invalid expression "${this.#text}": expected ${expected}, found "${found}"`,
    );
  }
}
