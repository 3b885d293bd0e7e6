import { coins } from "@cosmjs/proto-signing";
import { GasPrice, SigningStargateClient, StargateClient } from "@cosmjs/stargate";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { SeiChain } from "../../../sim/sei-chain/chain.ts";
import { makeChainRpc } from "../../../sim/sei-chain/rpc.ts";
import type { SeiNode } from "../../../sim/sei-node/node.ts";
import { blockWhenSent, CHAIN_ID, DEX_FEE, makeChain, makeWallets, OURS, sign, startNode } from "./chain-world.ts";

/** cosmjs's own clients, unchanged, over real HTTP: what they accept no mistake of ours can have made true. */
let chain: SeiChain;
let node: SeiNode;
let url: string;

beforeEach(async () => {
  chain = await makeChain();
  node = await startNode(chain);
  url = node.endpoints[0]!.restUrl;
});

afterEach(async () => {
  await node.close();
});

async function connect(): Promise<SigningStargateClient> {
  const { ours } = await makeWallets();
  return await SigningStargateClient.connectWithSigner(url, ours, {
    gasPrice: GasPrice.fromString("0.02usei"),
    broadcastPollIntervalMs: 5,
    broadcastTimeoutMs: 5_000,
  });
}

it("a client connects, and reads the chain, the height, accounts and balances", async () => {
  const client = await StargateClient.connect(url);
  expect(await client.getChainId()).toBe(CHAIN_ID);
  chain.makeBlock();
  expect(await client.getHeight()).toBe(1_001);
  expect(await client.getAccount(OURS)).toEqual({ address: OURS, pubkey: null, accountNumber: 0n, sequence: 0 });
  expect(await client.getAccount("sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg")).toBeNull();
  expect(await client.getBalance(OURS, "usei")).toEqual({ denom: "usei", amount: "1000000000000" });
  expect(await client.getAllBalances(OURS)).toHaveLength(2);
  const block = await client.getBlock(1_001);
  expect(block.header).toMatchObject({ chainId: CHAIN_ID, height: 1_001 });
  client.disconnect();
});

it("a bank send moves its coins once its block is made, and pays its fee", async () => {
  const { otherAddress } = await makeWallets();
  const client = await connect();
  const sending = client.sendTokens(OURS, otherAddress, coins(25, "usei"), "auto", "hello");
  await blockWhenSent(chain);
  const sent = await sending;
  expect(sent).toMatchObject({ code: 0, height: 1_001, txIndex: 0 });
  expect(await client.getBalance(otherAddress, "usei")).toEqual({ denom: "usei", amount: "1000000000025" });
  const fee = sent.events.find(({ type, attributes }) => type === "tx" && attributes[0]?.key === "fee")?.attributes[0];
  const paid = Number(fee?.value.replace("usei", ""));
  expect(paid).toBeGreaterThan(0);
  expect(await client.getBalance(OURS, "usei")).toEqual({ denom: "usei", amount: `${1_000_000_000_000 - 25 - paid}` });
  expect(await client.getAccount(OURS)).toMatchObject({ sequence: 1, pubkey: { type: "tendermint/PubKeySecp256k1" } });
  expect(await client.getTx(sent.transactionHash)).toMatchObject({
    height: 1_001,
    code: 0,
    hash: sent.transactionHash,
  });
  expect(await client.searchTx([{ key: "transfer.recipient", value: otherAddress }])).toHaveLength(1);
  client.disconnect();
});

it("sends of one account in a row are all taken before the first is in a block", async () => {
  const { otherAddress } = await makeWallets();
  const client = await connect();
  const hashes: string[] = [];
  for (const sequence of [0, 1, 2]) {
    const send = {
      typeUrl: "/cosmos.bank.v1beta1.MsgSend",
      value: { fromAddress: OURS, toAddress: otherAddress, amount: coins(1 + sequence, "uusdc") },
    };
    const { ours } = await makeWallets();
    hashes.push(await client.broadcastTxSync(await sign(ours, [send], { sequence })));
  }
  chain.makeBlock();
  const found = await Promise.all(hashes.map((hash) => client.getTx(hash)));
  expect(found.map((tx) => tx?.txIndex)).toEqual([0, 1, 2]);
  expect(await client.getBalance(otherAddress, "uusdc")).toEqual({ denom: "uusdc", amount: "1000000000006" });
  client.disconnect();
});

it("a wrong sequence is refused in the chain's words", async () => {
  const { ours, otherAddress } = await makeWallets();
  const client = await connect();
  const send = {
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    value: { fromAddress: OURS, toAddress: otherAddress, amount: coins(1, "usei") },
  };
  const bytes = await sign(ours, [send], { sequence: 99 });
  await expect(client.broadcastTxSync(bytes)).rejects.toMatchObject({
    code: 32,
    codespace: "sdk",
    log: "account sequence mismatch, expected 0, got 99: incorrect account sequence",
  });
  client.disconnect();
});

it("a transaction sent twice is refused as known", async () => {
  const { ours, otherAddress } = await makeWallets();
  const client = await connect();
  const send = {
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    value: { fromAddress: OURS, toAddress: otherAddress, amount: coins(1, "usei") },
  };
  const bytes = await sign(ours, [send], { fee: DEX_FEE });
  await client.broadcastTxSync(bytes);
  await expect(client.broadcastTxSync(bytes)).rejects.toThrow("tx already exists in cache");
  client.disconnect();
});

it("a chain serves results with attributes in base64 where it is told to", async () => {
  const { ours, otherAddress } = await makeWallets();
  const send = {
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    value: { fromAddress: OURS, toAddress: otherAddress, amount: coins(1, "usei") },
  };
  const hash = chain.broadcast(await sign(ours, [send]))?.hash ?? "";
  chain.makeBlock();
  const rpc = makeChainRpc(chain, { base64: true });
  const answer = JSON.stringify(rpc.call("tx_search", { query: `tx.hash='${hash}'` }, { blocksBehind: 0 }));
  expect(answer).toContain(Buffer.from("recipient").toString("base64"));
  expect(answer).toContain(Buffer.from(otherAddress).toString("base64"));
});
