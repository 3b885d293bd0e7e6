/**
 * Orders and cancels as one signed transaction. Owns its bytes and its hash, which is known before it is sent: by the hash its fate
 * can be asked for whatever becomes of the answer.
 */
import { createHash } from "node:crypto";
import { makeAuthInfoBytes, makeSignDoc, Registry } from "@cosmjs/proto-signing";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { FeeSettings, Load } from "./fees.ts";
import { makeFeeRule } from "./fees.ts";
import {
  CANCEL_ORDERS_URL,
  type CancelOrders,
  cancelOrdersCodec,
  PLACE_ORDERS_URL,
  type PlaceOrders,
  placeOrdersCodec,
} from "./messages.ts";
import type { ChainWallet } from "./wallet.ts";

export type DexMessage =
  | { readonly typeUrl: typeof CANCEL_ORDERS_URL; readonly value: CancelOrders }
  | { readonly typeUrl: typeof PLACE_ORDERS_URL; readonly value: PlaceOrders };

type SignedTransaction = {
  readonly base64: string;
  /** SHA-256 of the bytes, upper-case hex, as the chain names it. */
  readonly hash: string;
  /** What the chain takes for it once it is included, in whole units of the gas denom. */
  readonly fee: bigint;
};

type SignInput = {
  readonly messages: readonly DexMessage[];
  readonly accountNumber: bigint;
  readonly sequence: bigint;
  /** The last block that may carry it. */
  readonly timeoutHeight: number;
};

export type SignTransaction = (input: SignInput) => Promise<SignedTransaction>;

/** The types of the dex module, for a registry of cosmjs. */
function makeDexRegistry(): Registry {
  return new Registry([
    [PLACE_ORDERS_URL, placeOrdersCodec],
    [CANCEL_ORDERS_URL, cancelOrdersCodec],
  ]);
}

/** What never changes is made once; the rest takes well under two milliseconds, nearly all of it the signature. */
export function makeTransactionSigner(options: {
  readonly wallet: ChainWallet;
  readonly chainId: string;
  readonly fees: FeeSettings;
}): SignTransaction {
  const { wallet, chainId, fees } = options;
  const registry = makeDexRegistry();
  const feeOf = makeFeeRule(fees);
  return async ({ messages, accountNumber, sequence, timeoutHeight }) => {
    const { gas, amount } = feeOf(loadOf(messages));
    const coins = [{ denom: fees.gasDenom, amount: amount.toString() }];
    const bodyBytes = registry.encodeTxBody({ messages, memo: "", timeoutHeight: BigInt(timeoutHeight) });
    const authInfoBytes = makeAuthInfoBytes([{ pubkey: wallet.pubkey, sequence }], coins, gas, undefined, undefined);
    const signDoc = makeSignDoc(bodyBytes, authInfoBytes, chainId, accountNumber);
    const { signature } = await wallet.signer.signDirect(wallet.address, signDoc);
    const raw = { bodyBytes, authInfoBytes, signatures: [Buffer.from(signature.signature, "base64")] };
    const bytes = TxRaw.encode(TxRaw.fromPartial(raw)).finish();
    return { base64: Buffer.from(bytes).toString("base64"), hash: hashOf(bytes), fee: amount };
  };
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").toUpperCase();
}

function loadOf(messages: readonly DexMessage[]): Load {
  let load = { orders: 0, cancels: 0, dataBytes: 0 };
  for (const { value } of messages) {
    const orders = "orders" in value ? value.orders : [];
    load = {
      orders: load.orders + orders.length,
      cancels: load.cancels + ("cancellations" in value ? value.cancellations.length : 0),
      dataBytes: load.dataBytes + orders.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0),
    };
  }
  return load;
}
