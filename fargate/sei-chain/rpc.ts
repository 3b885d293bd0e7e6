/**
 * The calls of CometBFT's RPC that trading on chain needs, on one node. Owns their forms and the reading of their answers; which node
 * is asked and what an answer means for an order is the callers'. Through our own `Fetch`, so that the simulated world sees them.
 */
import * as z from "zod";
import { withDeadline } from "../deadline.ts";
import type { Clock, Fetch, HttpResponse } from "../seams.ts";
import { type ChainEvent, eventListSchema, fromList } from "./chain-events.ts";
import { nestedOf, readFields } from "./messages.ts";

/** `height` and `earliestHeight` are of the block store: a block is there before it has been carried out. */
export type NodeStatus = {
  readonly height: number;
  readonly earliestHeight: number;
  readonly isCatchingUp: boolean;
};

export type AccountState = { readonly accountNumber: bigint; readonly sequence: bigint };

/** A transaction in a block. `code` 0 means that all of it was carried out. `data` is its answer in bytes. */
export type IncludedTransaction = {
  readonly height: number;
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly events: readonly ChainEvent[];
  readonly data: Uint8Array;
  readonly base64: string;
};

/** The word of a node's CheckTx. `known`: it has had these very bytes before. */
export type BroadcastAnswer =
  | { readonly type: "checked" }
  | { readonly type: "known" }
  | { readonly type: "refused"; readonly code: number; readonly codespace: string; readonly log: string };

export type BlockHeader = { readonly height: number; readonly time: string };

/** No answer that proves anything. `code` is `FENCED` when nothing was written, `BEHIND` when the node answers and lacks what it needs, `CHAIN` when it is of another chain. */
export class RpcError extends Error {
  readonly code: string;

  constructor(method: string, code: string, reason: string, cause?: unknown) {
    super(`${method} found no answer: ${reason}`, { cause });
    this.name = "RpcError";
    this.code = code;
  }
}

const ALREADY_KNOWN = /tx already exists in cache/;
/** The same, as a code of the SDK's. */
const IN_CACHE = 19;
const ACCOUNT_QUERY = "/cosmos.auth.v1beta1.Query/Account";
/** Blocks with fills of ours in one answer of the history. */
const BLOCKS_PAGE = 10;
const REASON_CHARACTERS_MAX = 200;

const height = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

const envelope = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).nullish(),
});

const statusResult = z.object({
  node_info: z.object({ network: z.string() }),
  sync_info: z.object({
    latest_block_height: height,
    earliest_block_height: height.nullish(),
    catching_up: z.boolean(),
  }),
});

const queryResult = z.object({
  response: z.object({ code: z.number().optional(), log: z.string().nullish(), value: z.string().nullish() }),
});

const broadcastResult = z.object({
  code: z.number().optional(),
  codespace: z.string().nullish(),
  log: z.string().nullish(),
});

const searchResult = z.object({
  txs: z
    .array(
      z.object({
        height,
        tx: z.string(),
        tx_result: z.object({
          code: z.number().optional(),
          codespace: z.string().nullish(),
          log: z.string().nullish(),
          data: z.string().nullish(),
          events: eventListSchema,
        }),
      }),
    )
    .nullish(),
});

const blocksResult = z.object({
  blocks: z.array(z.object({ block: z.object({ header: z.object({ height, time: z.string() }) }) })).nullish(),
  total_count: z.union([height, z.int().nonnegative()]).nullish(),
});

const blockResult = z.object({
  block: z.object({
    header: z.object({ height }),
    data: z.object({ txs: z.array(z.string()).nullish() }).nullish(),
  }),
});

/** Block events stand under either name, by the version of the node. */
const blockEventsResult = z.object({
  height,
  end_block_events: eventListSchema,
  finalize_block_events: eventListSchema,
});

export class ChainRpc {
  readonly url: string;
  readonly #fetch: Fetch;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #chainId: string;
  #lastId = 0;

  constructor(options: {
    readonly url: string;
    readonly chainId: string;
    readonly fetch: Fetch;
    readonly clock: Clock;
    readonly timeoutMs: number;
  }) {
    this.url = options.url.replace(/\/+$/, "");
    this.#fetch = options.fetch;
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
    this.#chainId = options.chainId;
  }

  /** Rejects for a node of another chain: whoever takes a node's word for a proof asks this of the same node first. */
  async status(): Promise<NodeStatus> {
    const { node_info: node, sync_info: sync } = await this.#call("status", {}, statusResult);
    if (node.network !== this.#chainId) {
      throw new RpcError("status", "CHAIN", `the node is of ${cut(node.network)}, not of ${this.#chainId}`);
    }
    return {
      height: sync.latest_block_height,
      earliestHeight: sync.earliest_block_height ?? 0,
      isCatchingUp: sync.catching_up,
    };
  }

  /** As of the newest block: what waits to be included has not moved it. */
  async account(address: string): Promise<AccountState> {
    const data = Buffer.concat([Buffer.from([0x0a, address.length]), Buffer.from(address, "ascii")]).toString("hex");
    const { response } = await this.#call("abci_query", { path: ACCOUNT_QUERY, data, prove: false }, queryResult);
    if ((response.code ?? 0) !== 0) {
      throw new RpcError("abci_query", "ACCOUNT", `the chain does not know ${address}: ${cut(response.log ?? "")}`);
    }
    return readAccount(Buffer.from(response.value ?? "", "base64"));
  }

  /** `fence` is asked right before the bytes are written (`HttpRequest.fence`). */
  async broadcast(base64: string, fence: () => string | undefined): Promise<BroadcastAnswer> {
    try {
      const {
        code = 0,
        codespace,
        log,
      } = await this.#call("broadcast_tx_sync", { tx: base64 }, broadcastResult, fence);
      if (code === IN_CACHE && codespace === "sdk") return { type: "known" };
      return code === 0
        ? { type: "checked" }
        : { type: "refused", code, codespace: codespace ?? "", log: cut(log ?? "") };
    } catch (error) {
      if (error instanceof RpcError && ALREADY_KNOWN.test(error.message)) return { type: "known" };
      throw error;
    }
  }

  /** The transactions that fit a query of the node's index; a hash finds one at most. */
  async transactions(query: string): Promise<readonly IncludedTransaction[]> {
    const params = { query, prove: false, page: "1", per_page: "100", order_by: "asc" };
    const { txs } = await this.#call("tx_search", params, searchResult);
    return (txs ?? []).map(({ height: at, tx, tx_result: result }) => ({
      height: at,
      code: result.code ?? 0,
      codespace: result.codespace ?? "",
      log: cut(result.log ?? ""),
      events: fromList(result.events),
      data: Buffer.from(result.data ?? "", "base64"),
      base64: tx,
    }));
  }

  async transaction(hash: string): Promise<IncludedTransaction | undefined> {
    const [found] = await this.transactions(`tx.hash='${hash}'`);
    return found;
  }

  /**
   * The first blocks that fit a query of the node's index, in their order. A node counts a block that its store has pruned, and leaves it
   * out of the answer: such a one is none, since what was in the block would be passed by.
   */
  async blocks(query: string): Promise<readonly BlockHeader[]> {
    const { blocks, total } = await this.#searchBlocks(query);
    const expected = Math.min(BLOCKS_PAGE, total);
    if (blocks.length >= expected) return blocks;
    const reason = `${expected - blocks.length} of ${expected} blocks that the node's index names are pruned from its store`;
    throw new RpcError("block_search", "BEHIND", reason);
  }

  /** Whether the node's index has a block, be it pruned from the store. */
  async isIndexed(at: number): Promise<boolean> {
    return (await this.#searchBlocks(`block.height = ${at}`)).total > 0;
  }

  /** The transactions of a block, as the chain has them. */
  async blockTransactions(at: number): Promise<readonly string[]> {
    const { block } = await this.#call("block", { height: `${at}` }, blockResult);
    if (block.header.height !== at)
      throw new RpcError("block", "UNREADABLE", `${block.header.height} in place of ${at}`);
    return block.data?.txs ?? [];
  }

  /** What the chain did at the end of a block. */
  async blockEvents(at: number): Promise<readonly ChainEvent[]> {
    const results = await this.#call("block_results", { height: `${at}` }, blockEventsResult);
    if (results.height !== at) throw new RpcError("block_results", "UNREADABLE", `${results.height} in place of ${at}`);
    return [...fromList(results.end_block_events), ...fromList(results.finalize_block_events)];
  }

  async #searchBlocks(query: string): Promise<{ readonly blocks: readonly BlockHeader[]; readonly total: number }> {
    const params = { query, page: "1", per_page: `${BLOCKS_PAGE}`, order_by: "asc" };
    const { blocks, total_count: total } = await this.#call("block_search", params, blocksResult);
    const headers = (blocks ?? []).map(({ block }) => block.header);
    // A gateway that does not count is taken by what it shows.
    return { blocks: headers.toSorted((a, b) => a.height - b.height), total: total ?? headers.length };
  }

  async #call<Schema extends z.ZodType>(
    method: string,
    params: Readonly<Record<string, unknown>>,
    schema: Schema,
    fence?: () => string | undefined,
  ): Promise<z.output<Schema>> {
    this.#lastId += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id: this.#lastId, method, params });
    const headers = { "content-type": "application/json", accept: "application/json" };
    let response: HttpResponse;
    try {
      response = await withDeadline(this.#clock, this.#timeoutMs, method, (signal) =>
        this.#fetch({ method: "POST", url: `${this.url}/`, headers, body, signal, ...(fence && { fence }) }),
      );
    } catch (error) {
      throw new RpcError(method, codeOf(error), messageOf(error), error);
    }
    return readResult(method, response, schema);
  }
}

/** A node may send its own errors with status 500: they are read all the same. */
function readResult<Schema extends z.ZodType>(
  method: string,
  response: HttpResponse,
  schema: Schema,
): z.output<Schema> {
  let read: z.output<typeof envelope>;
  try {
    read = envelope.parse(JSON.parse(response.body));
  } catch (error) {
    throw new RpcError(method, "UNREADABLE", `status ${response.status} with a body that cannot be read`, error);
  }
  if (read.error !== undefined && read.error !== null) {
    const { message, data } = read.error;
    throw new RpcError(method, "NODE", cut(`${message} ${typeof data === "string" ? data : ""}`.trim()));
  }
  if (response.status !== 200) throw new RpcError(method, "STATUS", `status ${response.status}`);
  const parsed = schema.safeParse(read.result);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const reason = `${issue?.path.join(".") || "the result"}: ${issue?.message}`;
  throw new RpcError(method, "UNREADABLE", cut(reason), parsed.error);
}

/** `QueryAccountResponse { account: Any { BaseAccount } }`. */
function readAccount(bytes: Uint8Array): AccountState {
  const [any] = nestedOf(readFields(bytes, "QueryAccountResponse"), 1);
  const [base] = any === undefined ? [] : nestedOf(readFields(any, "Any"), 2);
  if (base === undefined) throw new RpcError("abci_query", "UNREADABLE", "no account in the answer");
  const { values } = readFields(base, "BaseAccount");
  const numberOf = (field: number) => {
    const value = values.get(field)?.at(-1);
    return typeof value === "bigint" ? value : 0n;
  };
  return { accountNumber: numberOf(3), sequence: numberOf(4) };
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > REASON_CHARACTERS_MAX ? `${line.slice(0, REASON_CHARACTERS_MAX)}…` : line;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "NETWORK";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
