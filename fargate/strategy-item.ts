/**
 * An operator's parameters for a market's strategy, as a control item holds them: `pk` CONTROL, `sk` STRATEGY#<market>. Owns the
 * item's form alone: whether the parameters are good ones is `strategy-check.ts`'s, whether they count `strategy-reload.ts`'s.
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { InputError } from "../core/errors.ts";
import { readIsoTime } from "../core/sei/iso-time.ts";

const SORT_KEY_PREFIX = "STRATEGY#";

/** Every parameter there is takes two thousand; and what is read twice a second has to stay small. */
export const STRATEGY_CHARACTERS_MAX = 8_192;
const WORDS_CHARACTERS_MAX = 500;

export type StrategyItem = {
  /** JSON text of the strategy as it would stand in the file, at most `STRATEGY_CHARACTERS_MAX` long; nobody has checked it. */
  readonly strategy: string;
  readonly by: string;
  /** When it was written, ISO-8601 with milliseconds, by the clock of whoever wrote it; and the same as epoch milliseconds. */
  readonly at: string;
  readonly atMs: number;
  /** Null when none was given. */
  readonly reason: string | null;
};

/** By market. An error stands for an item that is there and can not be understood; nothing means that there is none. */
export type StrategyItems = ReadonlyMap<string, StrategyItem | InputError>;

type Attributes = Readonly<Record<string, AttributeValue>>;

export function strategyItemKey(market: string) {
  return { pk: { S: "CONTROL" }, sk: { S: `${SORT_KEY_PREFIX}${market}` } };
}

export function toStrategyAttributes(market: string, item: Omit<StrategyItem, "atMs">): Record<string, AttributeValue> {
  const { strategy, by, at, reason } = item;
  const words = { strategy: { S: strategy }, by: { S: by }, at: { S: at } };
  return { ...strategyItemKey(market), ...words, ...(reason === null ? {} : { reason: { S: reason } }) };
}

/** The market that a control item is about; undefined when it is of another kind. */
export function marketOfStrategyItem(sortKey: string): string | undefined {
  return sortKey.startsWith(SORT_KEY_PREFIX) ? sortKey.slice(SORT_KEY_PREFIX.length) : undefined;
}

export function decodeStrategyItem(item: Attributes): StrategyItem | InputError {
  const [strategy, by, at, reason] = ["strategy", "by", "at", "reason"].map((name) => item[name]?.S);
  const atMs = readIsoTime(at ?? "");
  const isWhole = strategy !== undefined && by !== undefined && at !== undefined && atMs >= 0;
  if (isWhole && strategy.length <= STRATEGY_CHARACTERS_MAX) {
    return { strategy, by: toLine(by), at, atMs, reason: reason === undefined ? null : toLine(reason) };
  }
  return new InputError({
    what: `control item ${item["sk"]?.S}`,
    expected: `the strategy as JSON text of at most ${STRATEGY_CHARACTERS_MAX} characters, with by and a time with milliseconds`,
    was: { by, at, strategy },
  });
}

/** Words of a person as one line of bounded length: they go to logs and to the page. */
export function toLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  // A cut through a pair of surrogates would leave half a character.
  return line.slice(0, WORDS_CHARACTERS_MAX).toWellFormed();
}
