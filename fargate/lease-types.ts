/** What a lease tells the task that holds or wants it, and what it is made of. Owns the words alone. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Log } from "./log.ts";
import type { Clock, Rng } from "./seams.ts";

/** `takenFromMs`: the term of an earlier holder that had not released it, so that what it sent last may still arrive; or null. */
export type Acquisition =
  | { readonly type: "acquired"; readonly epoch: number; readonly takenFromMs: number | null }
  | { readonly type: "stopped" };

export type LeaseEvent =
  | { readonly type: "held" }
  /** 2/3 of the term without a renewal: quotes are to be pulled, and all is to be cancelled before the term ends. */
  | { readonly type: "expiring"; readonly reason: string }
  /** Nothing may be placed until the record has been read. */
  | { readonly type: "doubt"; readonly reason: string }
  /** Another owner or epoch was read. Final for this process. */
  | { readonly type: "lost"; readonly reason: string };

export type LeaseState = {
  readonly owner: string;
  /** Ours; null before the lease was acquired. */
  readonly epoch: number | null;
  /** Whom the record named when it was last read or written; null for nobody, or not known yet. */
  readonly heldBy: string | null;
  /** Until our term ends; null when the lease is not ours. */
  readonly validForMs: number | null;
  readonly status: "waiting" | LeaseEvent["type"] | "released";
  /** People read it. */
  readonly detail: string;
};

/** What a holder tells of itself. The health sweep goes by `markets` where nobody configured whose an order is. */
export type Told = { readonly feed: string; readonly openOrders: number; readonly markets: readonly string[] };

export type LeaseOptions = {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly shard: string;
  readonly engineId: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  /** At least 3,000; default 10,000. Stands in the record, since the task before or after may have another. */
  readonly termMs?: number;
  /** What each write tells people of the holder. */
  readonly heartbeat: () => Told;
  /** Each change while it is held, in order; called from a microtask of its own, never from within another call. */
  readonly onState: (event: LeaseEvent) => void;
  /** How the waiting goes, at each look. */
  readonly onWait: (detail: string) => void;
};
