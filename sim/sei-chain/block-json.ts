/**
 * Blocks and transactions as a node's RPC writes them (sei-tendermint, rpc/coretypes): hashes in upper-case hex, long integers as text.
 * Owns the shapes; what is in them is `block-store.ts`'s.
 */
import { createHash } from "node:crypto";
import type { ChainEvent } from "../sei-node/chain-event.ts";
import { toEventsJson } from "./abci-event.ts";
import type { Block, IncludedTx } from "./block-store.ts";
import type { TxResult } from "./deliver.ts";

/** How attributes are written: Sei's mainnet era has them in base64. */
export type JsonStyle = { readonly chainId: string; readonly base64: boolean };

const VALIDATOR_ADDRESS = "B".repeat(40);
const EMPTY_HASH = createHash("sha256").digest("hex").toUpperCase();

export function toTxEvent(tx: IncludedTx, { base64 }: JsonStyle): ChainEvent {
  const { log, gasWanted, gasUsed, data, events, code, codespace } = tx.result;
  const result = {
    // Sei's event leaves a failure out; it shows in `/tx` alone.
    ...(data === "" ? {} : { data }),
    log,
    gas_wanted: `${gasWanted}`,
    gas_used: `${gasUsed}`,
    ...(code === 0 ? {} : { code, codespace }),
    events: toEventsJson(events, base64),
  };
  const value = { TxResult: { height: `${tx.height}`, index: tx.index, tx: toBase64(tx.bytes), result } };
  return { type: "Tx", value, tags: tx.tags };
}

export function toNewBlockEvent(block: Block, style: JsonStyle): ChainEvent {
  const value = {
    ...toBlockJson(block, style),
    result_begin_block: { events: [] },
    result_end_block: { validator_updates: [], events: toEventsJson(block.endEvents, style.base64) },
  };
  return { type: "NewBlock", value, tags: block.tags };
}

/** The answer to `block`, and one of `block_search`. */
export function toBlockJson(block: Block, { chainId }: JsonStyle): Readonly<Record<string, unknown>> {
  const lastHeight = block.height - 1;
  const lastId = blockId(block.lastHash);
  return {
    block_id: blockId(block.hash),
    block: {
      header: {
        version: { block: "11", app: "0" },
        chain_id: chainId,
        height: `${block.height}`,
        time: new Date(block.timeMs).toISOString(),
        last_block_id: lastId,
        last_commit_hash: EMPTY_HASH,
        data_hash: EMPTY_HASH,
        validators_hash: EMPTY_HASH,
        next_validators_hash: EMPTY_HASH,
        consensus_hash: EMPTY_HASH,
        app_hash: block.hash,
        last_results_hash: EMPTY_HASH,
        evidence_hash: EMPTY_HASH,
        proposer_address: VALIDATOR_ADDRESS,
      },
      data: { txs: block.transactions.map(({ bytes }) => toBase64(bytes)) },
      evidence: { evidence: [] },
      last_commit: { height: `${lastHeight}`, round: 0, block_id: lastId, signatures: [] },
    },
  };
}

/** The answer to `block_results`. */
export function toBlockResultsJson(block: Block, { base64 }: JsonStyle): unknown {
  const gasUsed = block.transactions.reduce((sum, { result }) => sum + result.gasUsed, 0n);
  return {
    height: `${block.height}`,
    txs_results: block.transactions.map(({ result }) => toResultJson(result, base64)),
    total_gas_used: `${gasUsed}`,
    begin_block_events: [],
    end_block_events: toEventsJson(block.endEvents, base64),
    validator_updates: [],
    consensus_param_updates: null,
  };
}

/** The answer to `tx`, and one of `tx_search`. */
export function toTxJson(tx: IncludedTx, { base64 }: JsonStyle): unknown {
  const { hash, height, index, bytes, result } = tx;
  return { hash, height: `${height}`, index, tx_result: toResultJson(result, base64), tx: toBase64(bytes) };
}

function toResultJson(result: TxResult, isBase64: boolean): unknown {
  const { code, codespace, log, data, gasWanted, gasUsed, events } = result;
  return {
    code,
    data: data === "" ? null : data,
    log,
    info: "",
    gas_wanted: `${gasWanted}`,
    gas_used: `${gasUsed}`,
    events: toEventsJson(events, isBase64),
    codespace,
  };
}

function blockId(hash: string): unknown {
  return { hash, parts: hash === "" ? { total: 0, hash } : { total: 1, hash } };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
