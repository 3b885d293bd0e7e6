/**
 * The price of gas as a whole amount for whole gas. Owns which prices can be paid: a transaction's gas is raised to a multiple of the least
 * that costs a whole unit, so that its fee is the price to the last unit. What a transaction pays is `sei-chain/fees.ts`'s.
 */
import { MONEY_DECIMALS, parseScaled } from "../core/decimal.ts";
import { InputError } from "../core/errors.ts";

/** Whole units of the gas denom for so much gas. */
export type GasPrice = { readonly amount: bigint; readonly gas: bigint };

const UNIT = 10n ** BigInt(MONEY_DECIMALS);

/** So much is little beside what any transaction takes (200,000); more would multiply its fee. */
const GAS_STEP_MAX = 10_000n;
export const GAS_PRICE_EXPECTED = `whole units of the denom at ${GAS_STEP_MAX} units of gas or fewer (at most four decimals will do)`;

/** Takes a decimal in the gas denom; throws `InputError` for one that would multiply the fee. */
export function readGasPrice(text: string): GasPrice {
  const price = fractionOf(text);
  if (price.gas > GAS_STEP_MAX) throw new InputError({ what: "gasPrice", expected: GAS_PRICE_EXPECTED, was: text });
  return price;
}

/** Whether `readGasPrice` takes this decimal. */
export function isPayable(text: string): boolean {
  return fractionOf(text).gas <= GAS_STEP_MAX;
}

/** The smallest whole amount and gas that make up a price. */
function fractionOf(text: string): GasPrice {
  const price = parseScaled(text, MONEY_DECIMALS, "gasPrice");
  let [a, b] = [price, UNIT];
  while (b !== 0n) [a, b] = [b, a % b];
  return { amount: price / a, gas: UNIT / a };
}
