/** A simulated chain with two wallets, a node that serves it on 127.0.0.1, and transactions signed by cosmjs. */
import { setImmediate } from "node:timers/promises";
import { DirectSecp256k1HdWallet, type EncodeObject, type GeneratedType, Registry } from "@cosmjs/proto-signing";
import { defaultRegistryTypes, type SignerData, SigningStargateClient, type StdFee } from "@cosmjs/stargate";
import { BinaryWriter } from "cosmjs-types/binary";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { makeMarket } from "../../../core/market.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import { SeiChain } from "../../../sim/sei-chain/chain.ts";
import { makeChainRpc } from "../../../sim/sei-chain/rpc.ts";
import { startSeiNode } from "../../../sim/sei-node/node.ts";
import { makeDrivenClock } from "../exchange/driven-clock.ts";
import { makeSource } from "../sei-node/hand-fed-source.ts";

export const CHAIN_ID = "sei-sim-1";
export const CONTRACT = "sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg";
export const OURS = "sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5";
const MNEMONIC = `${"abandon ".repeat(11)}about`;
const OTHER_MNEMONIC = `${"zoo ".repeat(11)}wrong`;
const ONE = 10n ** 18n;

const SEI_USDC = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });

const makeWallet = (mnemonic: string) => DirectSecp256k1HdWallet.fromMnemonic(mnemonic, { prefix: "sei" });
const WALLETS = Promise.all([makeWallet(MNEMONIC), makeWallet(OTHER_MNEMONIC)]);

export type Wallet = Awaited<ReturnType<typeof makeWallet>>;

export async function makeWallets(): Promise<{
  readonly ours: Wallet;
  readonly other: Wallet;
  readonly otherAddress: string;
}> {
  const [ours, other] = await WALLETS;
  const [account] = await other.getAccounts();
  return { ours, other, otherAddress: account?.address ?? "" };
}

/** A chain that stands still until a test makes its blocks. */
export async function makeChain(options: { readonly seed?: number } = {}): Promise<SeiChain> {
  const { otherAddress } = await makeWallets();
  const coins = { usei: 1_000_000n * ONE, uusdc: 1_000_000n * ONE };
  return new SeiChain({
    chainId: CHAIN_ID,
    clock: makeDrivenClock(),
    rng: makeSeededRng(options.seed ?? 1, "chain"),
    markets: [SEI_USDC],
    contract: CONTRACT,
    genesis: [
      { address: OURS, coins },
      { address: otherAddress, coins },
    ],
  });
}

export async function startNode(
  chain: SeiChain,
  options: { readonly base64?: boolean; readonly subscriptionsPerClientMax?: number } = {},
) {
  const { subscriptionsPerClientMax } = options;
  return await startSeiNode({
    source: makeSource(),
    clock: makeDrivenClock(),
    rng: makeSeededRng(1, "node"),
    chain: makeChainRpc(chain, options),
    endpoints: 1,
    ...(subscriptionsPerClientMax === undefined ? {} : { limits: { subscriptionsPerClientMax } }),
  });
}

/** Makes a block once something waits for it, or after `behind` more have come. */
export async function blockWhenSent(chain: SeiChain): Promise<void> {
  while (chain.mempool.size === 0) await setImmediate();
  chain.makeBlock();
}

export const DEX_FEE: StdFee = { amount: [{ denom: "usei", amount: "50000" }], gas: "400000" };

/** Signs without a node. */
export async function sign(
  wallet: Wallet,
  messages: readonly EncodeObject[],
  by: Partial<SignerData> & { readonly fee?: StdFee; readonly memo?: string; readonly timeoutHeight?: number } = {},
): Promise<Uint8Array> {
  const client = await SigningStargateClient.offline(wallet, { registry: REGISTRY });
  const [account] = await wallet.getAccounts();
  const { fee = DEX_FEE, memo = "", timeoutHeight, accountNumber = 0n, sequence = 0, chainId = CHAIN_ID } = by;
  const signer = { accountNumber, sequence, chainId };
  const timeout = timeoutHeight === undefined ? undefined : BigInt(timeoutHeight);
  const raw = await client.sign(account?.address ?? "", messages, fee, memo, signer, timeout);
  return TxRaw.encode(raw).finish();
}

type WireOrder = {
  readonly side: "buy" | "sell";
  readonly price: string;
  readonly quantity: string;
  readonly type?: number;
  readonly data?: string;
  readonly assetDenom?: string;
};

export function placeOrders(
  creator: string,
  orders: readonly WireOrder[],
  contract = CONTRACT,
  funds: readonly { readonly denom: string; readonly amount: string }[] = [],
): EncodeObject {
  const writer = BinaryWriter.create().uint32(10).string(creator);
  for (const { side, price, quantity, type = 0, data = "", assetDenom = "SEI" } of orders) {
    writer.uint32(18).fork();
    writer.uint32(42).string(toDec(price)).uint32(50).string(toDec(quantity));
    writer.uint32(58).string("USDC").uint32(66).string(assetDenom);
    if (type !== 0) writer.uint32(72).int32(type);
    if (side === "sell") writer.uint32(80).int32(1);
    if (data !== "") writer.uint32(90).string(data);
    writer.ldelim();
  }
  writer.uint32(26).string(contract);
  for (const { denom, amount } of funds) {
    writer.uint32(34).fork().uint32(10).string(denom).uint32(18).string(amount).ldelim();
  }
  return { typeUrl: "/seiprotocol.seichain.dex.MsgPlaceOrders", value: writer.finish() };
}

export function cancelOrders(
  creator: string,
  cancels: readonly { readonly id: number; readonly side: "buy" | "sell"; readonly price: string }[],
): EncodeObject {
  const writer = BinaryWriter.create().uint32(10).string(creator);
  for (const { id, side, price } of cancels) {
    writer.uint32(18).fork();
    if (id !== 0) writer.uint32(8).uint64(BigInt(id));
    writer.uint32(34).string(CONTRACT).uint32(42).string("USDC").uint32(50).string("SEI");
    if (side === "sell") writer.uint32(56).int32(1);
    writer.uint32(66).string(toDec(price)).ldelim();
  }
  return {
    typeUrl: "/seiprotocol.seichain.dex.MsgCancelOrders",
    value: writer.uint32(26).string(CONTRACT).finish(),
  };
}

/** A decimal of at most four places as the integer of 10^-18. */
function toDec(text: string): string {
  const [whole = "0", fraction = ""] = text.split(".");
  return BigInt(`${whole}${fraction.padEnd(18, "0")}`).toString();
}

/** Messages that were encoded by hand pass through cosmjs as they are. */
const HAND_MADE: GeneratedType = {
  encode: (message: Uint8Array) => ({ finish: () => message }),
  decode: (bytes: Uint8Array) => bytes,
  fromPartial: (message: Uint8Array) => message,
} as unknown as GeneratedType;

const REGISTRY = new Registry([
  ...defaultRegistryTypes,
  ["/seiprotocol.seichain.dex.MsgPlaceOrders", HAND_MADE],
  ["/seiprotocol.seichain.dex.MsgCancelOrders", HAND_MADE],
]);
