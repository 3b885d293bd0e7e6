/**
 * The grammar of what trading on chain needs beside everything else: the section `seiChain`. Owns the single fields; which of them a
 * market on chain cannot do without is `chain-faults.ts`'s.
 */
import * as z from "zod";
import { decimal, integer, text } from "./config-fields.ts";
import { GAS_PRICE_EXPECTED, isPayable } from "./gas-price.ts";

/** cosmos-sdk's grammar of denoms (v0.45). */
const DENOM = /^[a-zA-Z][a-zA-Z0-9/-]{2,127}$/;
const CHAIN_ID = /^[a-zA-Z][a-zA-Z0-9-]{1,47}$/;
const GAS_PRICE = /^(?!0+(?:\.0+)?[a-z])(?:0|[1-9]\d{0,8})(?:\.\d{1,18})?[a-zA-Z][a-zA-Z0-9/-]{2,127}$/;
const ASSET = /^[A-Z0-9]{1,12}$/;

export function denom() {
  return text(DENOM, "a denom such as usei, of 3 to 128 letters, digits, hyphens and slashes");
}

const assetSchema = z.strictObject({
  denom: denom().describe("What the bank calls it, e.g. usei."),
  decimals: integer(0, 18).describe("Decimals of the bank's smallest unit (0 to 18): usei is 10^-6 of SEI, so 6."),
});

export const seiChainSchema = z.strictObject({
  chainId: text(CHAIN_ID, "a chain's name such as pacific-1").describe(
    "The chain that transactions are signed for; a node of another one is not used.",
  ),
  gasPrice: text(GAS_PRICE, "a price of gas with its denom, such as 0.02usei")
    .refine((price) => !GAS_PRICE.test(price) || isPayable(price.replace(/[a-zA-Z].*$/, "")), GAS_PRICE_EXPECTED)
    .describe(
      "What each unit of gas is paid with, e.g. 0.02usei: one price for all transactions, at least what the nodes ask for; more than four decimals may not do (no default).",
    ),
  dexGasPrice: decimal("a price of gas in the gas denom")
    .default("0.1")
    .describe("The dex module's sudo_call_gas_price: a fee that is lower than its gas at this price is refused."),
  dexGasPerOrder: integer(0, 10_000_000)
    .default(55_000)
    .describe("Gas that the dex module counts for an order (0 to 10,000,000; its default_gas_per_order)."),
  dexGasPerCancel: integer(0, 10_000_000)
    .default(53_000)
    .describe("Gas that the dex module counts for a cancel (0 to 10,000,000; its default_gas_per_cancel)."),
  dexContracts: integer(1, 16)
    .default(1)
    .describe("Contracts that an order calls (1 to 16): the market's own, and those it depends on."),
  timeoutBlocks: integer(1, 20)
    .default(3)
    .describe(
      "How many blocks after the newest one a transaction may still come (1 to 20). The shorter, the sooner a lost one is known to be lost; nothing else is sent until then.",
    ),
  requestTimeoutMs: integer(100, 5_000)
    .default(2_000)
    .describe("Time for a node's answer, in milliseconds (100 to 5,000); past it the outcome is asked for by hash."),
  requestsPerSecond: integer(6, 200).describe(
    "Orders, cancels and questions in any one second (6 to 200; no default). A requote of four quotes is eight of them in one transaction.",
  ),
  placementsInFlight: integer(2, 50).describe(
    "Orders unanswered, being cancelled or of unproven fate at a time (2 to 50; no default). An order or cancel is one until a node has answered it, and longer only while its fate or its end is not known: a requote of four quotes takes eight for a moment.",
  ),
  assets: z
    .record(text(ASSET, "an asset of a symbol, such as SEI"), assetSchema)
    .describe("The bank's names of the markets' assets, with their decimals, by the asset's name in symbols."),
});
