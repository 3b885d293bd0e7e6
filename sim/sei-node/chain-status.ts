/** What a node says of itself at `status` (Tendermint's JSON, which cosmjs reads too). Owns the shape and the height. */

import type { Instant } from "../../core/units.ts";
import type { Clock } from "../../fargate/seams.ts";

/** Sei's blocks come each 0.4 s (docs.sei.io, "Differences with Ethereum"). */
const BLOCK_MS = 400;
const FIRST_HEIGHT = 1_000;

/** The chain id that a node goes by which serves no chain. */
const NETWORK = "sei-sim-1";
const NO_HASH = "A".repeat(64);

/** Height of the chain now, one block each 400 ms since `start`. */
export function toHeight(start: Instant, clock: Clock): number {
  return FIRST_HEIGHT + Math.floor((clock.now().monotonicMs - start.monotonicMs) / BLOCK_MS);
}

export function toStatus(input: {
  readonly height: number;
  /** The oldest block that is kept. */
  readonly earliest?: number;
  readonly nowMs: number;
  readonly moniker: string;
  /** Of the chain that is served. */
  readonly network?: string;
  readonly hash?: string;
}): unknown {
  const hash = input.hash ?? NO_HASH;
  return {
    node_info: {
      protocol_version: { p2p: "8", block: "11", app: "0" },
      id: "a".repeat(40),
      listen_addr: "tcp://0.0.0.0:26656",
      network: input.network ?? NETWORK,
      version: "0.35.0-unreleased",
      channels: "",
      moniker: input.moniker,
      other: { tx_index: "on", rpc_address: "tcp://0.0.0.0:26657" },
    },
    sync_info: {
      latest_block_hash: hash,
      latest_app_hash: hash,
      latest_block_height: `${input.height}`,
      latest_block_time: new Date(input.nowMs).toISOString(),
      earliest_block_height: `${input.earliest ?? FIRST_HEIGHT}`,
      catching_up: false,
    },
    validator_info: {
      address: "B".repeat(40),
      pub_key: { type: "tendermint/PubKeyEd25519", value: Buffer.alloc(32).toString("base64") },
      voting_power: "10",
    },
  };
}
