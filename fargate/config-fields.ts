/** The kinds of single fields that the grammar of the configuration is made of. Each field's error text is what it must be. */
import * as z from "zod";

const POSITIVE_DECIMAL = /^(?!0(?:\.0+)?$)(?:0|[1-9]\d{0,18})(?:\.\d{1,18})?$/;
const SYMBOL = /^[A-Z0-9]{1,12}\/[A-Z0-9]{1,12}$/;

export function text(pattern: RegExp, expected: string) {
  return z.string(expected).regex(pattern, expected);
}

export function symbol() {
  return text(SYMBOL, "BASE/QUOTE in capitals and digits, at most 12 each");
}

export function decimal(expected: string) {
  return text(POSITIVE_DECIMAL, `${expected}: a positive decimal string such as "0.25"`);
}

export function integer(minimum: number, maximum: number) {
  const expected = `an integer from ${minimum} to ${maximum}`;
  return z.int(expected).min(minimum, expected).max(maximum, expected);
}

export function number(minimum: number, maximum: number) {
  const expected = `a number from ${minimum} to ${maximum}`;
  return z.number(expected).min(minimum, expected).max(maximum, expected);
}

/**
 * A list of 1 to `most` items, called `what`. The count is held here, since zod's own (4.6) also looks at what is no list, and throws
 * on an object whose `length` is no number.
 */
export function listOf<Item extends z.ZodType>(item: Item, most: number, what: string) {
  const expected = `a list of 1 to ${most} ${what}`;
  return z
    .array(item, expected)
    .refine((items) => items.length >= 1 && items.length <= most, expected)
    .meta({ minItems: 1, maxItems: most });
}

/** One of several words. */
export function word<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, `one of ${words.join(", ")}`);
}
