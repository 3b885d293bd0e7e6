/**
 * What may be wrong between the venue's fills and the ledger's, fill by fill. Owns the kinds, how they are stored while they stand,
 * and how much of them is kept.
 */
import { InputError } from "../../core/errors.ts";
import { type LedgerFill, parseFillMessage, toFillMessage } from "../../core/messages.ts";
import type { AuditDifferenceKind } from "../../core/metrics.ts";
import type { Item } from "../ledger-items.ts";

/**
 * `missing`: the venue shows a fill that is not in the ledger's books; it is queued, and mends itself.
 * `different`: both have it and say other things, or the venue's copy cannot be read. `unknown-to-venue`: only the ledger has it.
 */
export type Difference = {
  readonly kind: Exclude<AuditDifferenceKind, "identity">;
  /** One difference a fill stands at a time. */
  readonly fillId: string;
  readonly reason: string;
  /** ISO-8601, when it was seen first. */
  readonly foundAt: string;
  /** The venue's copy, or the ledger's of a fill unknown to the venue; undefined for one that cannot be read. */
  readonly fill: LedgerFill | undefined;
};

/**
 * Bytes of JSON kept of each sort: together with the rest far below DynamoDB's 400 KB an item. Missing fills that find no room
 * hold the audit where it is, since they mend themselves and make room; of the others the rest is counted and logged alone.
 */
const MISSING_BYTES_MAX = 160_000;
const OTHERS_BYTES_MAX = 100_000;
const REASON_CHARACTERS_MAX = 300;

/** The differences that find room, in their order, and those that do not. */
export function fitDifferences(differences: readonly Difference[]): {
  readonly kept: readonly Difference[];
  readonly left: readonly Difference[];
} {
  const kept: Difference[] = [];
  const left: Difference[] = [];
  let [missing, others] = [MISSING_BYTES_MAX, OTHERS_BYTES_MAX];
  for (const difference of differences) {
    const bytes = Buffer.byteLength(JSON.stringify(encodeDifference(difference)));
    const room = difference.kind === "missing" ? missing : others;
    if (bytes > room) left.push(difference);
    else kept.push(difference);
    if (bytes > room) continue;
    if (difference.kind === "missing") missing -= bytes;
    else others -= bytes;
  }
  return { kept, left };
}

export function encodeDifference(difference: Difference): Item {
  const { fill } = difference;
  return {
    kind: { S: difference.kind },
    fillId: { S: difference.fillId },
    reason: { S: difference.reason.slice(0, REASON_CHARACTERS_MAX).toWellFormed() },
    foundAt: { S: difference.foundAt },
    ...(fill === undefined ? {} : { fill: { S: JSON.stringify(toFillMessage(fill)) } }),
  };
}

/** Throws `InputError` when the item is none that `encodeDifference` wrote. */
export function decodeDifference(item: Item): Difference {
  const fill = item["fill"]?.S;
  return {
    kind: toKind(item["kind"]?.S),
    fillId: item["fillId"]?.S ?? "absent",
    reason: item["reason"]?.S ?? "",
    foundAt: item["foundAt"]?.S ?? "",
    fill: fill === undefined ? undefined : parseFillMessage(JSON.parse(fill)),
  };
}

function toKind(text: string | undefined): Difference["kind"] {
  if (text === "missing" || text === "different" || text === "unknown-to-venue") return text;
  throw new InputError({ what: "kind of a difference", expected: "missing, different or unknown-to-venue", was: text });
}
