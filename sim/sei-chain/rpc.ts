/**
 * The chain's methods of a node's JSON-RPC (sei-tendermint, internal/rpc/core): what they take, how far a node sees, and what they
 * answer. Owns parameters and answers; envelopes, sockets and subscriptions are the node's.
 */
import type { ChainRpc, NodePart, RpcOutcome, RpcView } from "../sei-node/chain-rpc.ts";
import { parseQuery, type Query } from "../sei-node/query.ts";
import { answerAbciQuery } from "./abci-query.ts";
import { type JsonStyle, toBlockJson, toBlockResultsJson, toNewBlockEvent, toTxEvent, toTxJson } from "./block-json.ts";
import type { Block, IncludedTx } from "./block-store.ts";
import type { SeiChain } from "./chain.ts";
import { bytesParam, countParam, namedParams, type Params, RpcError, textParam } from "./rpc-params.ts";
import { heightsAsked, search } from "./search.ts";

/** `height` is the last block that the asked part of the node has; blocks below `keptFrom` are pruned, the index begins at `indexedFrom`. */
type Call = {
  readonly chain: SeiChain;
  readonly style: JsonStyle;
  readonly params: Params;
  readonly height: number;
  readonly keptFrom: number;
  readonly indexedFrom: number;
};

/** Without a `part` it is the block store that answers. */
type Method = {
  readonly names: readonly string[];
  readonly part?: NodePart;
  readonly answer: (call: Call) => RpcOutcome;
};

const METHODS: Readonly<Record<string, Method>> = {
  abci_info: { names: [], part: "state", answer: ({ chain, height }) => toResult(abciInfo(chain, height)) },
  abci_query: {
    names: ["path", "data", "height", "prove"],
    part: "state",
    answer: (call) => toResult(abciQuery(call)),
  },
  broadcast_tx_sync: { names: ["tx"], answer: (call) => broadcast(call, false) },
  broadcast_tx_async: { names: ["tx"], answer: (call) => broadcast(call, true) },
  // sei-tendermint: the plain one is the synchronous one.
  broadcast_tx: { names: ["tx"], answer: (call) => broadcast(call, false) },
  tx: { names: ["hash", "prove"], part: "index", answer: (call) => toResult(transaction(call)) },
  tx_search: {
    names: ["query", "prove", "page", "per_page", "order_by"],
    part: "index",
    answer: (call) => toResult(txSearch(call)),
  },
  block: { names: ["height"], answer: (call) => toResult(toBlockJson(blockOf(call), call.style)) },
  block_results: {
    names: ["height"],
    part: "state",
    answer: (call) => toResult(toBlockResultsJson(blockOf(call), call.style)),
  },
  block_search: {
    names: ["query", "page", "per_page", "order_by"],
    part: "index",
    answer: (call) => toResult(blockSearch(call)),
  },
  unconfirmed_txs: { names: ["page", "per_page"], answer: ({ chain }) => toResult(unconfirmed(chain, true)) },
  num_unconfirmed_txs: { names: [], answer: ({ chain }) => toResult(unconfirmed(chain, false)) },
};

/** Serves the chain to a node. Attributes of results are in base64 where `base64` says so. */
export function makeChainRpc(chain: SeiChain, options: { readonly base64?: boolean } = {}): ChainRpc {
  const style: JsonStyle = { chainId: chain.chainId, base64: options.base64 ?? false };
  const heightOf = ({ blocksBehind, partsBehind }: RpcView, part?: NodePart) => {
    const behind = blocksBehind + (part === undefined ? 0 : (partsBehind?.[part] ?? 0));
    return Math.max(chain.blocks.lowestHeight, chain.height - behind);
  };
  return {
    network: chain.chainId,
    last: (view) => {
      const { height, timeMs, hash } = chain.blocks.at(heightOf(view)) ?? chain.blocks.last;
      return { height, timeMs, hash, earliest: Math.max(chain.blocks.lowestHeight, view.keptFrom ?? 0) };
    },
    call: (method, params, view) => {
      const known = METHODS[method];
      if (known === undefined) return undefined;
      try {
        return known.answer({
          chain,
          style,
          params: namedParams(params, known.names),
          height: heightOf(view, known.part),
          keptFrom: Math.max(chain.blocks.lowestHeight, view.keptFrom ?? 0),
          indexedFrom: view.indexedFrom ?? 0,
        });
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        return { type: "error", error: error.kind, reason: error.message };
      }
    },
    subscribe: (listener) =>
      chain.onBlock(({ block }) => {
        for (const tx of block.transactions) listener(toTxEvent(tx, style));
        listener(toNewBlockEvent(block, style));
      }),
  };
}

function toResult(result: unknown): RpcOutcome {
  return { type: "result", result };
}

function abciInfo({ blocks }: SeiChain, height: number): unknown {
  const hash = Buffer.from(blocks.last.hash, "hex").toString("base64");
  return { response: { data: "sei", version: "3.9.0", last_block_height: `${height}`, last_block_app_hash: hash } };
}

function abciQuery({ chain, params, height }: Call): unknown {
  const asked = countParam(params, "height");
  if (asked > height) throw new RpcError("internal", `cannot query with height ${asked} in the future`);
  const path = textParam(params, "path");
  const data = bytesParam(params, "data", "hex");
  return { response: answerAbciQuery(chain, { path, data, height: asked === 0 ? height : asked }) };
}

function broadcast({ chain, params }: Call, isAsync: boolean): RpcOutcome {
  const checked = chain.broadcast(bytesParam(params, "tx", "base64"));
  if (checked === undefined) throw new RpcError("internal", "tx already exists in cache");
  const { isAnswerLost, code, codespace, log, hash } = checked;
  if (isAnswerLost) return { type: "lost" };
  // Without waiting for CheckTx there is nothing to say of it.
  if (isAsync) return toResult({ code: 0, data: "", log: "", codespace: "", hash });
  return toResult({ code, data: "", log, codespace, hash });
}

function transaction({ chain, style, params, height }: Call): unknown {
  const hash = Buffer.from(bytesParam(params, "hash", "base64"))
    .toString("hex")
    .toUpperCase();
  const found = chain.blocks.transaction(hash);
  if (found === undefined || found.height > height) throw new RpcError("internal", `tx (${hash}) not found`);
  return toTxJson(found, style);
}

function txSearch({ chain, style, params, height, indexedFrom }: Call): unknown {
  const found = foundTransactions(chain, queryParam(params), height).filter((tx) => tx.height >= indexedFrom);
  const { page, total } = paged(found, params);
  return { txs: page.map((tx) => toTxJson(tx, style)), total_count: `${total}` };
}

function foundTransactions(chain: SeiChain, query: Query, height: number): readonly IncludedTx[] {
  const byHash = query.conditions.find(({ tag, operator }) => tag === "tx.hash" && operator === "=");
  if (byHash !== undefined && "text" in byHash) {
    const found = chain.blocks.transaction(byHash.text);
    return found === undefined || found.height > height ? [] : search(query, [found]);
  }
  const { from, to } = heightsAsked(query, "tx.height");
  const blocks = chain.blocks.range(from, Math.min(to, height));
  return search(
    query,
    blocks.flatMap(({ transactions }) => transactions),
  );
}

/** What the store no longer has is counted and left out, as nodes do (internal/rpc/core/blocks.go). */
function blockSearch({ chain, style, params, height, keptFrom, indexedFrom }: Call): unknown {
  const query = queryParam(params);
  const { from, to } = heightsAsked(query, "block.height");
  const found = search(query, chain.blocks.range(Math.max(from, indexedFrom), Math.min(to, height)));
  const { page, total } = paged(found, params);
  const kept = page.filter((block) => block.height >= keptFrom);
  return { blocks: kept.map((block) => toBlockJson(block, style)), total_count: `${total}` };
}

function blockOf({ chain, params, height, keptFrom }: Call): Block {
  const asked = countParam(params, "height");
  if (asked > height) {
    const reason = `height ${asked} must be less than or equal to the current blockchain height ${height}`;
    throw new RpcError("internal", reason);
  }
  const block = chain.blocks.at(asked === 0 ? height : asked);
  if (block !== undefined && block.height >= keptFrom) return block;
  throw new RpcError("internal", `height ${asked} is not available, lowest height is ${keptFrom}`);
}

function queryParam(params: Params): Query {
  const parsed = parseQuery(textParam(params, "query"));
  if (parsed.ok) return parsed.query;
  throw new RpcError("internal", parsed.reason);
}

/** rpc/core/env.go. */
const PER_PAGE = 30;
const PER_PAGE_MAX = 100;

function paged<Item>(
  found: readonly Item[],
  params: Params,
): { readonly page: readonly Item[]; readonly total: number } {
  const order = params["order_by"] ?? "";
  if (order !== "asc" && order !== "desc" && order !== "") {
    throw new RpcError("internal", "expected order_by to be either `asc` or `desc` or empty");
  }
  const asked = countParam(params, "per_page");
  const perPage = asked === 0 ? PER_PAGE : Math.min(asked, PER_PAGE_MAX);
  const page = Math.max(1, countParam(params, "page"));
  const pages = Math.max(1, Math.ceil(found.length / perPage));
  if (page > pages) throw new RpcError("internal", `page should be within [1, ${pages}] range, given ${page}`);
  const ordered = order === "desc" ? found.toReversed() : found;
  return { page: ordered.slice((page - 1) * perPage, page * perPage), total: found.length };
}

function unconfirmed({ mempool }: SeiChain, withTransactions: boolean): unknown {
  const { size, transactions } = mempool;
  const bytes = transactions.reduce((sum, tx) => sum + tx.bytes.length, 0);
  const txs = withTransactions ? transactions.map((tx) => Buffer.from(tx.bytes).toString("base64")) : null;
  return { n_txs: `${size}`, total: `${size}`, total_bytes: `${bytes}`, txs };
}
