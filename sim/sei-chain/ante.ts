/**
 * CheckTx: what a transaction must pass before it may wait for a block, in the order of sei-chain's ante handlers (v3.9.0, app/ante.go
 * and x/dex/ante.go). Owns the checks and their words; it changes nothing.
 */
import { createHash, createPublicKey, ECDH, type KeyObject, verify } from "node:crypto";
import { toBech32 } from "@cosmjs/encoding";
import { SignDoc } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { Accounts } from "./accounts.ts";
import { MARKET, type PlaceOrders } from "./dex-codec.ts";
import type { Transaction } from "./transaction.ts";
import { TxError } from "./tx-error.ts";

/** Ticks of a registered pair, in units of 10^-18. */
export type PairTicks = { readonly price: bigint; readonly quantity: bigint };

export type AnteState = {
  readonly chainId: string;
  readonly accounts: Accounts;
  /** Of the last block. */
  readonly height: number;
  /** `undefined` for a pair that the contract does not have. */
  readonly ticksOf: (contract: string, priceDenom: string, assetDenom: string) => PairTicks | undefined;
};

/** x/dex/types/params.go: what the contract's hooks cost, in micro-units of the fee's denom. */
const SUDO_GAS_PRICE = { numerator: 1n, denominator: 10n };
const GAS_PER_ORDER = 55_000n;
const GAS_PER_CANCEL = 53_000n;
const GAS_PER_DATA_BYTE = 30n;
/** app.toml of pacific-1: minimum-gas-prices 0.02usei. */
const GAS_PRICE_MIN = { numerator: 2n, denominator: 100n };
const FEE_DENOM = "usei";

/** Throws `TxError` on the first thing that is wrong. */
export function checkTransaction(tx: Transaction, state: AnteState): void {
  checkTimeoutHeight(tx, state.height);
  checkSigner(tx, state);
  for (const message of tx.messages) {
    if (message.type === "place-orders") checkTicks(message, state);
  }
  checkFee(tx);
}

/** A transaction may go into the next block up to its time-out height. */
export function checkTimeoutHeight({ timeoutHeight }: Transaction, height: number): void {
  if (timeoutHeight === 0 || height <= timeoutHeight) return;
  const detail = `block height: ${height}, timeout height: ${timeoutHeight}`;
  throw TxError.sdk("tx timeout height", detail);
}

/** What a transaction must pay at the least, in micro-units of SEI. */
function feeRequired({ messages, gasLimit }: Pick<Transaction, "messages" | "gasLimit">): bigint {
  // Transactions of the dex alone are "gasless": the module's own fee counts in place of gas.
  if (messages.every((message) => message.type !== "send")) {
    let gas = 0n;
    for (const message of messages) {
      if (message.type === "cancel-orders") gas += GAS_PER_CANCEL * BigInt(message.cancellations.length);
      if (message.type !== "place-orders") continue;
      gas += GAS_PER_ORDER * BigInt(message.orders.length);
      for (const { data } of message.orders) gas += GAS_PER_DATA_BYTE * BigInt(Buffer.byteLength(data, "utf8"));
    }
    return ceiling(gas * SUDO_GAS_PRICE.numerator, SUDO_GAS_PRICE.denominator);
  }
  return ceiling(gasLimit * GAS_PRICE_MIN.numerator, GAS_PRICE_MIN.denominator);
}

function checkSigner(tx: Transaction, { accounts, chainId }: AnteState): void {
  const account = accounts.find(tx.signer);
  if (account === undefined) throw TxError.sdk("unknown address", `account ${tx.signer} does not exist`);
  const publicKey = tx.publicKey ?? account.publicKey;
  if (publicKey === null) throw TxError.sdk("invalid pubkey", "account public key not set");
  if (addressOf(publicKey) !== tx.signer) {
    throw TxError.sdk("invalid pubkey", `pubKey does not match signer address ${tx.signer} with signer index: 0`);
  }
  const expected = accounts.expected(tx.signer);
  if (tx.sequence !== expected) throw wrongSequence(expected, tx.sequence);
  if (isSigned(tx, { publicKey, chainId, accountNumber: account.accountNumber })) return;
  throw TxError.sdk(
    "unauthorized",
    `signature verification failed; please verify account number (${account.accountNumber}) and chain-id (${chainId})`,
  );
}

export function wrongSequence(expected: number, got: number): TxError {
  const detail = `account sequence mismatch, expected ${expected}, got ${got}`;
  return TxError.sdk("incorrect account sequence", detail);
}

function isSigned(
  tx: Transaction,
  signer: { readonly publicKey: Uint8Array; readonly chainId: string; readonly accountNumber: number },
): boolean {
  const { bodyBytes, authInfoBytes, signature } = tx;
  const key = toKey(signer.publicKey);
  if (key === null || signature.length !== 64 || isHighS(signature)) return false;
  const document = SignDoc.encode({
    bodyBytes,
    authInfoBytes,
    chainId: signer.chainId,
    accountNumber: BigInt(signer.accountNumber),
  }).finish();
  return verify("sha256", document, { key, dsaEncoding: "ieee-p1363" }, signature);
}

/** Half the order of secp256k1: cosmos-sdk takes only the smaller of the two signatures that fit, so that none can be altered. */
const HALF_ORDER = BigInt("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

function isHighS(signature: Uint8Array): boolean {
  return BigInt(`0x${Buffer.from(signature.subarray(32)).toString("hex")}`) > HALF_ORDER;
}

const COMPRESSED_KEY_BYTES = 33;

/** `null` for bytes that are no point of the curve. */
function toKey(compressed: Uint8Array): KeyObject | null {
  if (compressed.length !== COMPRESSED_KEY_BYTES) return null;
  try {
    const point = Buffer.from(
      String(ECDH.convertKey(compressed, "secp256k1", undefined, "hex", "uncompressed")),
      "hex",
    );
    const [x, y] = [point.subarray(1, 33).toString("base64url"), point.subarray(33).toString("base64url")];
    return createPublicKey({ format: "jwk", key: { kty: "EC", crv: "secp256k1", x, y } });
  } catch {
    return null;
  }
}

function addressOf(publicKey: Uint8Array): string {
  const digest = createHash("ripemd160").update(createHash("sha256").update(publicKey).digest()).digest();
  return toBech32("sei", digest);
}

function checkTicks(message: PlaceOrders, { ticksOf }: AnteState): void {
  for (const { price, quantity, priceDenom, assetDenom, orderType } of message.orders) {
    const ticks = ticksOf(message.contract, priceDenom, assetDenom);
    if (ticks === undefined) {
      const pair = `the pair {price:${priceDenom},asset:${assetDenom}}`;
      throw TxError.sdk("key not found", `${pair} has no price ticksize configured`);
    }
    const isPriceFree = orderType === MARKET && price === 0n;
    if (!isPriceFree && !isMultiple(price, ticks.price)) {
      throw TxError.plain("price needs to be non-zero and multiple of price tick size: ErrPriceNotMultipleOfTickSize");
    }
    if (!isMultiple(quantity, ticks.quantity)) {
      throw TxError.plain(
        "quantity needs to be non-zero and multiple of quantity tick size: ErrQuantityNotMultipleOfTickSize",
      );
    }
  }
}

function isMultiple(amount: bigint | null, tick: bigint): boolean {
  return amount !== null && amount >= tick && amount % tick === 0n;
}

function checkFee(tx: Transaction): void {
  const required = feeRequired(tx);
  const paid = tx.fee.find(({ denom }) => denom === FEE_DENOM);
  if (BigInt(paid?.amount ?? "0") >= required) return;
  const got = tx.fee.map(({ denom, amount }) => `${amount}${denom}`).join(",");
  throw TxError.sdk("insufficient fee", `insufficient fees; got: ${got} required: ${required}${FEE_DENOM}`);
}

function ceiling(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}
