/**
 * `abci_query`: the gRPC queries that wallets ask a node by protobuf: accounts, balances, the cost of a transaction. Owns these paths,
 * their answers and their refusals.
 */

import { BaseAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { QueryAccountRequest, QueryAccountResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import {
  QueryAllBalancesRequest,
  QueryAllBalancesResponse,
  QueryBalanceRequest,
  QueryBalanceResponse,
} from "cosmjs-types/cosmos/bank/v1beta1/query";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { SimulateRequest, SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import type { SeiChain } from "./chain.ts";
import { gasUsedBy } from "./deliver.ts";
import { readMessages } from "./transaction.ts";
import { TxError } from "./tx-error.ts";

const BASE_ACCOUNT_URL = "/cosmos.auth.v1beta1.BaseAccount";
const PUBKEY_URL = "/cosmos.crypto.secp256k1.PubKey";

/** `height` is the block whose state is asked for. */
type Query = (data: Uint8Array, chain: SeiChain, height: number) => Uint8Array;

const QUERIES: Readonly<Record<string, Query>> = {
  "/cosmos.auth.v1beta1.Query/Account": (data, chain, height) => {
    const { address } = QueryAccountRequest.decode(data);
    const account = chain.accounts.find(address, height);
    if (account === undefined) {
      throw TxError.sdk("key not found", `rpc error: code = NotFound desc = account ${address} not found`);
    }
    const { publicKey, accountNumber, sequence } = account;
    const pubKey =
      publicKey === null
        ? undefined
        : { typeUrl: PUBKEY_URL, value: PubKey.encode(PubKey.fromPartial({ key: publicKey })).finish() };
    const base = BaseAccount.fromPartial({
      address,
      accountNumber: BigInt(accountNumber),
      sequence: BigInt(sequence),
      ...(pubKey === undefined ? {} : { pubKey }),
    });
    const any = { typeUrl: BASE_ACCOUNT_URL, value: BaseAccount.encode(base).finish() };
    return QueryAccountResponse.encode(QueryAccountResponse.fromPartial({ account: any })).finish();
  },
  "/cosmos.bank.v1beta1.Query/Balance": (data, chain) => {
    const { address, denom } = QueryBalanceRequest.decode(data);
    const amount = chain.bank.coins(address).find((coin) => coin.denom === denom)?.amount ?? "0";
    return QueryBalanceResponse.encode({ balance: { denom, amount } }).finish();
  },
  "/cosmos.bank.v1beta1.Query/AllBalances": (data, chain) => {
    const { address } = QueryAllBalancesRequest.decode(data);
    const balances = chain.bank.coins(address).toSorted((a, b) => (a.denom < b.denom ? -1 : 1));
    return QueryAllBalancesResponse.encode(QueryAllBalancesResponse.fromPartial({ balances: [...balances] })).finish();
  },
  "/cosmos.tx.v1beta1.Service/Simulate": (data) => {
    const { txBytes } = SimulateRequest.decode(data);
    const gasUsed = gasUsedBy({ messages: readMessages(txBytes) });
    const response = SimulateResponse.fromPartial({ gasInfo: { gasWanted: 0n, gasUsed }, result: {} });
    return SimulateResponse.encode(response).finish();
  },
};

/** The `response` of an `abci_query`. */
export function answerAbciQuery(
  chain: SeiChain,
  query: { readonly path: string; readonly data: Uint8Array; readonly height: number },
): unknown {
  const { path, data, height } = query;
  const common = { info: "", index: "0", key: null, proofOps: null, height: `${height}` };
  try {
    const answer = QUERIES[path];
    if (answer === undefined) throw TxError.sdk("unknown request", `unknown query path: ${path}`);
    const value = Buffer.from(answer(data, chain, height)).toString("base64");
    return { code: 0, log: "", value, codespace: "", ...common };
  } catch (error) {
    const refused = error instanceof TxError ? error : TxError.sdk("invalid request", String(error));
    return { code: refused.code, log: refused.message, value: null, codespace: refused.codespace, ...common };
  }
}
