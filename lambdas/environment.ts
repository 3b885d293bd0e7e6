/** What a function is told by its environment. Owns the refusal to start without it. */
import { InputError } from "../core/errors.ts";
import { isSymbol } from "../core/market.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables a function cannot do without. Throws one `InputError` that names all that are absent or empty. */
export function requireEnvironment<Name extends string>(
  environment: Environment,
  names: readonly Name[],
): (name: Name) => string {
  const absent = names.filter((name) => (environment[name] ?? "") === "");
  if (absent.length > 0) {
    throw new InputError({ what: absent.join(", "), expected: "set in the function's environment", was: undefined });
  }
  return (name) => environment[name] ?? "";
}

/** The symbols of `MARKETS`, comma-separated. Throws `InputError` on anything else, and on the same one twice. */
export function parseMarkets(text: string): readonly string[] {
  const markets = text.split(",").map((market) => market.trim());
  if (!markets.every(isSymbol) || new Set(markets).size !== markets.length) {
    throw new InputError({
      what: "MARKETS",
      expected: "symbols such as SEI/USDC, comma-separated, each once",
      was: text,
    });
  }
  return markets;
}
