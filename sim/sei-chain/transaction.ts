/**
 * A transaction's bytes read: `TxRaw` with its body, its one signer and its messages, and what can be said of it without the chain's
 * state (cosmos-sdk's ValidateBasic). Owns reading; whether it may run is `ante.ts`'s.
 */
import { createHash } from "node:crypto";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import type { Coin } from "cosmjs-types/cosmos/base/v1beta1/coin";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { addressFault } from "../sei-node/bech32.ts";
import {
  CANCEL_ORDERS_URL,
  type CancelOrders,
  decodeCancelOrders,
  decodePlaceOrders,
  LIMIT,
  LONG,
  MARKET,
  PLACE_ORDERS_URL,
  type PlaceOrders,
  SHORT,
} from "./dex-codec.ts";
import { TxError } from "./tx-error.ts";

const SEND_URL = "/cosmos.bank.v1beta1.MsgSend";
const PUBKEY_URL = "/cosmos.crypto.secp256k1.PubKey";

type Send = {
  readonly type: "send";
  readonly from: string;
  readonly to: string;
  readonly amount: readonly Coin[];
};

export type ChainMessage = PlaceOrders | CancelOrders | Send;

export type Transaction = {
  /** SHA-256 of the bytes, upper-case hex: how the chain names it. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly bodyBytes: Uint8Array;
  readonly authInfoBytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly memo: string;
  readonly timeoutHeight: number;
  readonly fee: readonly Coin[];
  readonly gasLimit: bigint;
  readonly signer: string;
  /** Compressed secp256k1; `null` where the transaction leaves it to the account. */
  readonly publicKey: Uint8Array | null;
  readonly sequence: number;
  readonly messages: readonly ChainMessage[];
  readonly typeUrls: readonly string[];
};

/** config.toml of Tendermint, max_tx_bytes. */
const TX_BYTES_MAX = 1_048_576;
const MEMO_CHARACTERS_MAX = 256;

export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").toUpperCase();
}

/** Reads a transaction and checks what can be checked of it alone. Throws `TxError`. */
export function readTransaction(bytes: Uint8Array): Transaction {
  const parts = decodeParts(bytes);
  const { raw, body, authInfo } = parts;
  if (body.memo.length > MEMO_CHARACTERS_MAX) {
    const detail = `maximum number of characters is ${MEMO_CHARACTERS_MAX} but received ${body.memo.length} characters`;
    throw TxError.sdk("memo too large", detail);
  }
  if (raw.signatures.length === 0) throw TxError.sdk("no signatures supplied");
  const messages = messagesOf(body);
  const [first] = messages;
  const signer = first === undefined ? "" : signerOf(first);
  const isOneSigner = messages.every((message) => signerOf(message) === signer);
  const [signature] = raw.signatures;
  const [info] = authInfo.signerInfos;
  if (!isOneSigner || signature === undefined || raw.signatures.length !== 1 || authInfo.signerInfos.length !== 1) {
    throw TxError.sdk("unauthorized", `wrong number of signers; expected 1, got ${raw.signatures.length}`);
  }
  if (info?.modeInfo?.single?.mode !== SignMode.SIGN_MODE_DIRECT) {
    throw TxError.sdk("unauthorized", "the simulated chain verifies SIGN_MODE_DIRECT alone");
  }
  const key = info.publicKey;
  if (key !== undefined && key.typeUrl !== PUBKEY_URL) throw TxError.sdk("invalid pubkey", key.typeUrl);
  return {
    hash: hashOf(bytes),
    bytes,
    bodyBytes: raw.bodyBytes,
    authInfoBytes: raw.authInfoBytes,
    signature,
    memo: body.memo,
    timeoutHeight: Number(body.timeoutHeight),
    fee: authInfo.fee?.amount ?? [],
    gasLimit: authInfo.fee?.gasLimit ?? 0n,
    signer,
    publicKey: key === undefined ? null : PubKey.decode(key.value).key,
    sequence: Number(info.sequence),
    messages,
    typeUrls: body.messages.map(({ typeUrl }) => typeUrl),
  };
}

/** The messages alone, of a transaction that need not be signed. Throws `TxError`. */
export function readMessages(bytes: Uint8Array): readonly ChainMessage[] {
  return messagesOf(decodeParts(bytes).body);
}

function messagesOf(body: TxBody): readonly ChainMessage[] {
  const messages = body.messages.map(({ typeUrl, value }) => decodeMessage(typeUrl, value));
  if (messages.length === 0) throw TxError.sdk("invalid request", "must contain at least one message");
  for (const message of messages) validate(message);
  return messages;
}

function decodeParts(bytes: Uint8Array): {
  readonly raw: TxRaw;
  readonly body: TxBody;
  readonly authInfo: AuthInfo;
} {
  if (bytes.length > TX_BYTES_MAX) throw TxError.sdk("tx parse error", `tx is larger than ${TX_BYTES_MAX} bytes`);
  try {
    const raw = TxRaw.decode(bytes);
    return { raw, body: TxBody.decode(raw.bodyBytes), authInfo: AuthInfo.decode(raw.authInfoBytes) };
  } catch (error) {
    throw TxError.sdk("tx parse error", error instanceof Error ? error.message : String(error));
  }
}

function decodeMessage(typeUrl: string, value: Uint8Array): ChainMessage {
  try {
    switch (typeUrl) {
      case PLACE_ORDERS_URL:
        return decodePlaceOrders(value);
      case CANCEL_ORDERS_URL:
        return decodeCancelOrders(value);
      case SEND_URL: {
        const { fromAddress, toAddress, amount } = MsgSend.decode(value);
        return { type: "send", from: fromAddress, to: toAddress, amount };
      }
    }
  } catch (error) {
    if (error instanceof TxError) throw error;
    throw TxError.sdk("tx parse error", error instanceof Error ? error.message : String(error));
  }
  throw TxError.sdk("tx parse error", `unable to resolve type URL ${typeUrl}`);
}

function signerOf(message: ChainMessage): string {
  return message.type === "send" ? message.from : message.creator;
}

function validate(message: ChainMessage): void {
  switch (message.type) {
    case "send":
      requireAddress(message.from, "invalid from address");
      requireAddress(message.to, "invalid to address");
      requireCoins(message.amount);
      if (message.amount.length === 0) throw TxError.sdk("invalid coins");
      return;
    case "place-orders":
      requireAddress(message.creator, "invalid creator address");
      requireAddress(message.contract, "invalid contract address");
      requireCoins(message.funds);
      if (message.orders.length === 0) throw TxError.sdk("invalid request", "at least one order needs to be placed");
      for (const order of message.orders) validateOrder(order);
      return;
    case "cancel-orders":
      requireAddress(message.creator, "invalid creator address");
      requireAddress(message.contract, "invalid contract address");
      if (message.cancellations.length === 0) {
        throw TxError.sdk("invalid request", "at least one cancellation needs to be given");
      }
      for (const { price, positionDirection } of message.cancellations) {
        if (price === null || price < 0n) throw TxError.sdk("invalid request", "invalid cancellation price");
        requireDirection(positionDirection);
      }
  }
}

function validateOrder(order: PlaceOrders["orders"][number]): void {
  const { price, quantity, priceDenom, assetDenom, orderType } = order;
  if (quantity === null || quantity <= 0n) {
    throw TxError.sdk("invalid request", `invalid order quantity (${quantity ?? "nil"})`);
  }
  if (price === null || price < 0n) throw TxError.sdk("invalid request", `invalid order price (${price ?? "nil"})`);
  if (assetDenom === "") throw TxError.sdk("invalid request", "invalid order, asset denom is empty");
  if (priceDenom === "") throw TxError.sdk("invalid request", "invalid order, price denom is empty");
  requireDirection(order.positionDirection);
  if (orderType === LIMIT || orderType === MARKET) return;
  const isFillOrKill = orderType === 3 || orderType === 4;
  throw TxError.plain(
    isFillOrKill ? "FOK orders are temporarily disabled" : `order type ${orderType} not supported yet`,
  );
}

function requireDirection(direction: number): void {
  if (direction === LONG || direction === SHORT) return;
  throw TxError.sdk("invalid request", `invalid position direction (${direction})`);
}

function requireAddress(address: string, what: string): void {
  const fault = addressFault(address);
  if (fault !== null) throw TxError.sdk("invalid address", `${what} (${fault})`);
}

function requireCoins(coins: readonly Coin[]): void {
  for (const { denom, amount } of coins) {
    if (!/^[a-zA-Z][a-zA-Z0-9/-]{2,127}$/.test(denom)) throw TxError.sdk("invalid coins", `invalid denom: ${denom}`);
    if (!/^[1-9]\d{0,76}$/.test(amount))
      throw TxError.sdk("invalid coins", `coin ${amount}${denom} amount is not positive`);
  }
}
