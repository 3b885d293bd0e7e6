/** Our signed bytes against those of cosmjs's own client, and the wallet that signs them. */
import { createHash } from "node:crypto";
import { DirectSecp256k1HdWallet, Registry } from "@cosmjs/proto-signing";
import { SigningStargateClient } from "@cosmjs/stargate";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { expect, it } from "vitest";
import { Secret } from "../../../fargate/secret.ts";
import {
  CANCEL_ORDERS_URL,
  cancelOrdersCodec,
  PLACE_ORDERS_URL,
  placeOrdersCodec,
} from "../../../fargate/sei-chain/messages.ts";
import { type DexMessage, makeTransactionSigner } from "../../../fargate/sei-chain/transaction.ts";
import { openWallet } from "../../../fargate/sei-chain/wallet.ts";

const WORDS = `${"abandon ".repeat(11)}about`;
const ADDRESS = "sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5";
const FEES = {
  gasDenom: "usei",
  gasPrice: "0.02",
  dexGasPrice: "0.1",
  dexGasPerOrder: 55_000,
  dexGasPerCancel: 53_000,
  dexContracts: 1,
};
const PAIR = { priceDenom: "USDC", assetDenom: "SEI", positionDirection: 1, price: 10n ** 18n };

const MESSAGES: readonly DexMessage[] = [
  {
    typeUrl: CANCEL_ORDERS_URL,
    value: { creator: ADDRESS, contractAddr: "sei1c", cancellations: [{ ...PAIR, id: 12n, contractAddr: "sei1c" }] },
  },
  {
    typeUrl: PLACE_ORDERS_URL,
    value: {
      creator: ADDRESS,
      contractAddr: "sei1c",
      funds: [],
      orders: [{ ...PAIR, quantity: 5n, orderType: 0, data: "x" }],
    },
  },
];

it("a transaction of ours is byte for byte that of cosmjs's own client, and its hash is known before it is sent", async () => {
  const wallet = await openWallet(new Secret(WORDS), ADDRESS);
  const sign = makeTransactionSigner({ wallet, chainId: "sei-sim-1", fees: FEES });
  const ours = await sign({ messages: MESSAGES, accountNumber: 3n, sequence: 7n, timeoutHeight: 1_042 });
  const registry = new Registry([
    [PLACE_ORDERS_URL, placeOrdersCodec],
    [CANCEL_ORDERS_URL, cancelOrdersCodec],
  ]);
  const signer = await DirectSecp256k1HdWallet.fromMnemonic(WORDS, { prefix: "sei" });
  const client = await SigningStargateClient.offline(signer, { registry });
  const gas = Number(ours.fee) * 50;
  const fee = { amount: [{ denom: "usei", amount: `${ours.fee}` }], gas: `${gas}` };
  const data = { accountNumber: 3n, sequence: 7, chainId: "sei-sim-1" };
  const raw = TxRaw.encode(await client.sign(ADDRESS, MESSAGES, fee, "", data, 1_042n)).finish();
  expect(ours.base64).toBe(Buffer.from(raw).toString("base64"));
  expect(ours.hash).toBe(createHash("sha256").update(raw).digest("hex").toUpperCase());
});
