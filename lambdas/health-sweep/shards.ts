/** The shards whose tasks are watched: from `SHARDS`, or one of all markets. Owns the grammar and what each one's integrations are called. */
import { InputError } from "../../core/errors.ts";
import { type Environment, parseMarkets } from "../environment.ts";

export type Shard = {
  /** The sort key of its lease; undefined takes all leases as one. */
  readonly name: string | undefined;
  readonly markets: readonly string[];
  /** What its integrations end in: nothing for the first shard. */
  readonly suffix: string;
};

const SHARD = /^([A-Za-z0-9_.-]{1,64})=(.+)$/;

/**
 * `SHARDS` is `main=SEI/USDC,ATOM/USDC;second=ETH/USDC`; without it the markets of `MARKETS` are one shard's, whatever its name. Throws
 * `InputError` on anything else, and on a shard or a market that is there twice.
 */
export function parseShards(environment: Environment): readonly Shard[] {
  const text = environment["SHARDS"] ?? "";
  if (text === "") return [{ name: undefined, markets: parseMarkets(environment["MARKETS"] ?? ""), suffix: "" }];
  const shards = text.split(";").map((part, index): Shard => {
    const [, name, markets = ""] = SHARD.exec(part.trim()) ?? [];
    if (name === undefined) throw fault(text);
    return { name, markets: parseMarkets(markets), suffix: index === 0 ? "" : `-${name}` };
  });
  for (const values of [shards.map(({ name }) => name), shards.flatMap(({ markets }) => markets)]) {
    if (new Set(values).size !== values.length) throw fault(text);
  }
  return shards;
}

function fault(was: string): InputError {
  return new InputError({
    what: "SHARDS",
    expected: "such as main=SEI/USDC,ATOM/USDC;second=ETH/USDC, each once",
    was,
  });
}
