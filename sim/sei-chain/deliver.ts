/**
 * DeliverTx: one transaction of a block carried out: its sequence used and its fee paid, then all its messages or none. Owns what a
 * message does; orders wait in the contract for the block's end.
 */
import { Buffer } from "node:buffer";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import type { Coin } from "cosmjs-types/cosmos/base/v1beta1/coin";
import { toLots, toTicks } from "../../core/units.ts";
import { type AbciEvent, makeEvent } from "./abci-event.ts";
import type { Accounts } from "./accounts.ts";
import { checkTimeoutHeight, wrongSequence } from "./ante.ts";
import type { Bank } from "./bank.ts";
import type { BookOrder } from "./batch-book.ts";
import type { DexContract, NewOrder, Pair } from "./contract.ts";
import {
  type CancelOrders,
  encodePlaceOrdersResponse,
  LONG,
  MARKET,
  type PlaceOrders,
  type SentOrder,
} from "./dex-codec.ts";
import type { TxFault } from "./faults.ts";
import type { ChainMessage, Transaction } from "./transaction.ts";
import { TxError } from "./tx-error.ts";

export type TxResult = {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  /** `TxMsgData`, base64; empty for a failed one. */
  readonly data: string;
  readonly gasWanted: bigint;
  readonly gasUsed: bigint;
  readonly events: readonly AbciEvent[];
};

export type DeliverState = {
  readonly accounts: Accounts;
  readonly bank: Bank;
  readonly contract: DexContract;
  /** Of this block. */
  readonly height: number;
};

/** What the messages of one transaction want, gathered before anything of it is done. */
type Effects = {
  readonly orders: Omit<NewOrder, "id">[];
  readonly cancels: { readonly pair: Pair; readonly order: BookOrder }[];
  readonly results: { readonly typeUrl: string; readonly events: AbciEvent[]; readonly orders: number }[];
};

/** Where fees go. A module's account, so nobody has its key. */
const FEE_COLLECTOR = "fee_collector";

const GAS_USED_BASE = 65_000n;
const GAS_USED_PER_ITEM = 13_000n;

export function deliver(tx: Transaction, fault: TxFault | undefined, state: DeliverState): TxResult {
  const gasUsed = gasUsedBy(tx);
  const gas = { gasWanted: tx.gasLimit, gasUsed };
  const feeEvents: AbciEvent[] = [];
  try {
    feeEvents.push(...passAnte(tx, state));
  } catch (error) {
    state.bank.rollback();
    return { ...failureOf(error), data: "", ...gas, events: [] };
  }
  state.bank.commit();
  try {
    const isGasless = tx.messages.every(({ type }) => type !== "send");
    if (!isGasless && gasUsed > tx.gasLimit) {
      throw TxError.sdk("out of gas", `out of gas in location: Has; gasWanted: ${tx.gasLimit}, gasUsed: ${gasUsed}`);
    }
    const effects = gather(tx, fault, state);
    state.bank.commit();
    return { code: 0, codespace: "", log: "[]", ...gas, ...carryOut(effects, state, feeEvents) };
  } catch (error) {
    state.bank.rollback();
    return { ...failureOf(error), data: "", ...gas, events: feeEvents };
  }
}

/** What a transaction uses, near enough to plan with: a part for the signature, one for each order, cancel or coin. */
export function gasUsedBy({ messages }: Pick<Transaction, "messages">): bigint {
  const items = messages.reduce((sum, message) => sum + itemsOf(message), 0);
  return GAS_USED_BASE + GAS_USED_PER_ITEM * BigInt(items);
}

function itemsOf(message: ChainMessage): number {
  if (message.type === "send") return message.amount.length;
  return message.type === "place-orders" ? message.orders.length : message.cancellations.length;
}

/** What CheckTx asked is asked again, since blocks may have passed; then the fee is taken and the sequence used. */
function passAnte(tx: Transaction, { accounts, bank, height }: DeliverState): readonly AbciEvent[] {
  checkTimeoutHeight(tx, height);
  const account = accounts.find(tx.signer);
  if (account === undefined) throw TxError.sdk("unknown address", `account ${tx.signer} does not exist`);
  if (account.sequence !== tx.sequence) throw wrongSequence(account.sequence, tx.sequence);
  const publicKey = tx.publicKey ?? account.publicKey;
  if (publicKey === null) throw TxError.sdk("invalid pubkey", "account public key not set");
  bank.send(tx.signer, FEE_COLLECTOR, tx.fee);
  accounts.use(tx.signer, publicKey, height);
  return [
    ...(tx.fee.length === 0 ? [] : transferEvents(tx.signer, FEE_COLLECTOR, tx.fee)),
    makeEvent("tx", { fee: textOf(tx.fee), fee_payer: tx.signer }),
    makeEvent("tx", { acc_seq: `${tx.signer}/${tx.sequence}` }),
    makeEvent("tx", { signature: Buffer.from(tx.signature).toString("base64") }),
  ];
}

function gather(tx: Transaction, fault: TxFault | undefined, state: DeliverState): Effects {
  const effects: Effects = { orders: [], cancels: [], results: [] };
  for (const [index, message] of tx.messages.entries()) {
    const typeUrl = tx.typeUrls[index] ?? "";
    try {
      const before = effects.orders.length;
      const events = [makeEvent("message", { action: typeUrl }), ...gatherMessage(message, fault, effects, state)];
      effects.results.push({ typeUrl, events, orders: effects.orders.length - before });
    } catch (error) {
      if (error instanceof TxError) throw error.within(`failed to execute message; message index: ${index}`);
      throw error;
    }
  }
  return effects;
}

function gatherMessage(
  message: ChainMessage,
  fault: TxFault | undefined,
  effects: Effects,
  state: DeliverState,
): readonly AbciEvent[] {
  switch (message.type) {
    case "send":
      state.bank.send(message.from, message.to, message.amount);
      state.accounts.open(message.to);
      return [
        ...transferEvents(message.from, message.to, message.amount),
        makeEvent("message", { module: "bank", sender: message.from }),
      ];
    case "place-orders":
      return gatherOrders(message, fault?.type === "fail-to-place", effects, state);
    case "cancel-orders":
      return fault?.type === "ignore-cancels" ? [] : gatherCancels(message, effects, state);
  }
}

function gatherOrders(
  message: PlaceOrders,
  isRefused: boolean,
  effects: Effects,
  { bank, contract }: DeliverState,
): readonly AbciEvent[] {
  requireContract(message.contract, contract);
  // The funds go into the contract, which books them to their sender: its accounts are the bank's own.
  bank.send(message.creator, contract.address, message.funds);
  bank.send(contract.address, message.creator, message.funds);
  for (const sent of message.orders) {
    const pair = requirePair(contract, sent);
    if (!pair.isOpen) throw TxError.dex("contract suspended", `trading of ${pair.market.symbol} is halted`);
    const order = { ...toNewOrder(message.creator, pair, sent), isRefused };
    if (order.kind === "limit" && order.price !== undefined && contract.isLevelFull(pair, order.side, order.price)) {
      throw TxError.sdk("invalid request", "order book is full at the price level");
    }
    effects.orders.push(order);
  }
  return message.funds.length === 0 ? [] : transferEvents(message.creator, contract.address, message.funds);
}

function toNewOrder(owner: string, pair: Pair, sent: SentOrder): Omit<NewOrder, "id" | "isRefused"> {
  const { market, ticks } = pair;
  const kind = sent.orderType === MARKET ? "market" : "limit";
  const price = Number((sent.price ?? 0n) / ticks.price);
  const size = Number((sent.quantity ?? 0n) / ticks.quantity);
  if (!Number.isSafeInteger(price) || !Number.isSafeInteger(size)) {
    throw TxError.sdk("invalid request", "the order's price or quantity is too large");
  }
  const side = sent.positionDirection === LONG ? "buy" : "sell";
  const isPriceFree = kind === "market" && price === 0;
  const at = isPriceFree ? undefined : toTicks(price);
  return { owner, market, kind, side, price: at, size: toLots(size), data: sent.data };
}

/** A cancel must name the order's number, side, denoms and exact price; one that matches nothing in the book is passed by in silence. */
function gatherCancels(message: CancelOrders, effects: Effects, { contract }: DeliverState): readonly AbciEvent[] {
  requireContract(message.contract, contract);
  const events: AbciEvent[] = [];
  for (const sent of message.cancellations) {
    const pair = requirePair(contract, sent);
    const order = pair.book.find(Number(sent.id));
    const side = sent.positionDirection === LONG ? "buy" : "sell";
    if (order === undefined || order.side !== side) continue;
    if (BigInt(order.price) * pair.ticks.price !== sent.price) continue;
    if (order.owner !== message.creator) throw TxError.plain("cannot cancel orders created by others");
    effects.cancels.push({ pair, order });
    events.push(makeEvent("cancel_order", { cancellation_id: `${sent.id}` }));
  }
  return events;
}

/** Nothing can fail any more: orders get their numbers, in the order of the messages. */
function carryOut(
  { orders, cancels, results }: Effects,
  { contract }: DeliverState,
  feeEvents: readonly AbciEvent[],
): { readonly data: string; readonly events: readonly AbciEvent[] } {
  for (const { pair, order } of cancels) contract.queueCancel(pair.market, order);
  let next = 0;
  const events = [...feeEvents];
  const responses = results.map(({ typeUrl, events: ofMessage, orders: count }) => {
    const ids = orders.slice(next, next + count).map((order) => {
      const id = contract.takeOrderId();
      contract.queueOrder({ ...order, id });
      return id;
    });
    next += count;
    events.push(...ofMessage, ...ids.map((id) => makeEvent("place_order", { order_id: `${id}` })));
    return { msgType: typeUrl, data: encodePlaceOrdersResponse(ids) };
  });
  // As SDK 0.45 has it: answers stand in `data`, not in `msg_responses`.
  const data = TxMsgData.encode({ data: responses, msgResponses: [] }).finish();
  return { data: Buffer.from(data).toString("base64"), events };
}

function requireContract(address: string, contract: DexContract): void {
  if (address === contract.address) return;
  throw TxError.dex("contract not registered", `contract ${address} is not registered`);
}

function requirePair(contract: DexContract, of: { readonly priceDenom: string; readonly assetDenom: string }): Pair {
  const pair = contract.pair(of.priceDenom, of.assetDenom);
  if (pair !== undefined) return pair;
  throw TxError.dex("pair not registered", `${of.priceDenom}/${of.assetDenom}`);
}

function transferEvents(sender: string, recipient: string, coins: readonly Coin[]): readonly AbciEvent[] {
  const amount = textOf(coins);
  return [
    makeEvent("coin_spent", { spender: sender, amount }),
    makeEvent("coin_received", { receiver: recipient, amount }),
    makeEvent("transfer", { recipient, sender, amount }),
  ];
}

function textOf(coins: readonly Coin[]): string {
  return coins.map(({ amount, denom }) => `${amount}${denom}`).join(",");
}

function failureOf(error: unknown): { readonly code: number; readonly codespace: string; readonly log: string } {
  if (!(error instanceof TxError)) throw error;
  return { code: error.code, codespace: error.codespace, log: error.message };
}
