/**
 * What a transaction of ours must pay: gas at one constant price, and at least what the dex module asks for. Owns the rule; in whole
 * units of the gas denom, rounded up, since a fee a unit short is refused. One exact price for all, whatever is in them: a mempool orders
 * by price, and would else carry a later transaction before an earlier one, whose sequence comes first.
 */
import { MONEY_DECIMALS, parseScaled } from "../../core/decimal.ts";
import { readGasPrice } from "../gas-price.ts";

/** Prices are decimals in the gas denom for each unit of gas. */
export type FeeSettings = {
  readonly gasDenom: string;
  readonly gasPrice: string;
  /** `sudo_call_gas_price` and the gas that the dex module counts for each order and cancel, for each contract called. */
  readonly dexGasPrice: string;
  readonly dexGasPerOrder: number;
  readonly dexGasPerCancel: number;
  /** The market's contract and those it depends on. */
  readonly dexContracts: number;
};

/** What a transaction holds, as far as its fee depends on it. */
export type Load = { readonly orders: number; readonly cancels: number; readonly dataBytes: number };

export type Fee = { readonly gas: number; readonly amount: bigint };

const GAS_BASE = 200_000;
const GAS_PER_ITEM = 60_000;
/** The chain's own charge for an order's `data` (x/dex/ante, v3.9.0). */
const DEX_GAS_PER_DATA_BYTE = 30;

const UNIT = 10n ** BigInt(MONEY_DECIMALS);

export function makeFeeRule(settings: FeeSettings): (load: Load) => Fee {
  const price = readGasPrice(settings.gasPrice);
  const dexGasPrice = parseScaled(settings.dexGasPrice, MONEY_DECIMALS, "dexGasPrice");
  const { dexGasPerOrder, dexGasPerCancel, dexContracts } = settings;
  return ({ orders, cancels, dataBytes }) => {
    const gas = BigInt(GAS_BASE + GAS_PER_ITEM * (orders + cancels));
    const dexGas =
      (dexGasPerOrder * orders + dexGasPerCancel * cancels) * dexContracts + DEX_GAS_PER_DATA_BYTE * dataBytes;
    const dexFee = roundedUp(BigInt(dexGas) * dexGasPrice, UNIT);
    // Both are raised together until they are enough, so that the fee is the price times the gas to the last unit.
    let parts = roundedUp(gas, price.gas);
    if (price.amount * parts < dexFee) parts = roundedUp(dexFee, price.amount);
    return { gas: Number(price.gas * parts), amount: price.amount * parts };
  };
}

function roundedUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}
