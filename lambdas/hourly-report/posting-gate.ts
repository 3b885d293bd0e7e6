/**
 * The one place a post goes through: `REPORT`/`GATE`, one item changed by conditional writes alone. Who has claimed it may post its report, or
 * say what became of one; nobody else may until then. The claim comes before the post, so that a run that ends in between leaves a mark, and
 * never a second post. Owns the claim and the time between posts; what a claim means for its report is `publish.ts`'s.
 */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { ifCondition } from "../ledger-facts.ts";
import { type Item, type ItemKey, readCount } from "../ledger-items.ts";
import { type LedgerTable, readItem } from "../ledger-table.ts";

export type Gate = {
  /** Of the last claim; each has its own. */
  readonly token: string;
  /** The report that it was claimed for; `NO_REPORT` where nothing is posted under the claim. */
  readonly report: string;
  readonly claimedAtMs: number;
  /** The next claim is not before. Epoch milliseconds. */
  readonly nextAtMs: number;
  /** Whether the claim's run has not said yet what became of it. */
  readonly isOpen: boolean;
};

/**
 * A claim's post is sent within this, or not at all: a little for the claim's own answer, two attempts of the request (15 s each,
 * `x-client.ts`) and the pause between them. The turn after a claim that nobody closed is so much later, hence no more than needed.
 */
export const SENT_WITHIN_MS = 45_000;

/** And what became of it is written down within this: a claim that is open for longer is of a run that has ended. */
export const CLAIM_MS = 120_000;

/** In the place of a report, of a claim that only writes down what became of some: ids begin with a year. */
export const NO_REPORT = "NONE";

/** Such a claim is of a run that has ended when it is open for so long. */
const SETTLING_MS = 30_000;

/**
 * Kept at the end of a claim, whichever it is: a write that is begun before it has ended by then, with all its attempts (10 s,
 * `../aws-clients.ts`), also where the clock of who claims next is as much ahead.
 */
const LAST_WRITE_MS = 20_000;

const KEY: ItemKey = { pk: { S: "REPORT" }, sk: { S: "GATE" } };

/** Until when (epoch milliseconds) the run of an open claim may still be at it. */
export function openUntilMs({ report, claimedAtMs }: Gate): number {
  return claimedAtMs + heldMs(report);
}

/** How long after a claim for this report, or `NO_REPORT`, a write of what became of some may be begun: it ends before anybody else has the gate. */
export function settledWithinMs(report: string): number {
  return heldMs(report) - LAST_WRITE_MS;
}

function heldMs(report: string): number {
  return report === NO_REPORT ? SETTLING_MS : CLAIM_MS;
}

export async function readGate(table: LedgerTable): Promise<Gate | undefined> {
  const item = await readItem(table, KEY);
  return item === undefined ? undefined : decodeGate(item);
}

/** Claims the gate in the place of `before`, as it was read. False when somebody was faster. */
export async function claimGate(
  table: LedgerTable,
  claim: Omit<Gate, "isOpen">,
  before: Gate | undefined,
): Promise<boolean> {
  const put = new PutItemCommand({
    TableName: table.tableName,
    Item: { ...encodeGate({ ...claim, isOpen: true }), ...KEY },
    ConditionExpression: before === undefined ? "attribute_not_exists(#pk)" : "#token = :before",
    ExpressionAttributeNames: before === undefined ? { "#pk": "pk" } : { "#token": "token" },
    ...(before === undefined ? {} : { ExpressionAttributeValues: { ":before": { S: before.token } } }),
  });
  if (await ifCondition(table.client.send(put))) return true;
  // A write tried again by the SDK may have found its own first try.
  const standing = await readGate(table);
  return standing?.token === claim.token && standing.isOpen;
}

/** Ends a claim; the next one is not before `nextAtMs`. Nothing is changed when another claim stands there. */
export async function closeGate(table: LedgerTable, claim: Omit<Gate, "isOpen">): Promise<void> {
  await ifCondition(
    table.client.send(
      new PutItemCommand({
        TableName: table.tableName,
        Item: { ...encodeGate({ ...claim, isOpen: false }), ...KEY },
        ConditionExpression: "#token = :token",
        ExpressionAttributeNames: { "#token": "token" },
        ExpressionAttributeValues: { ":token": { S: claim.token } },
      }),
    ),
  );
}

function encodeGate(gate: Gate): Item {
  return {
    token: { S: gate.token },
    report: { S: gate.report },
    claimedAtMs: { N: `${gate.claimedAtMs}` },
    nextAtMs: { N: `${gate.nextAtMs}` },
    isOpen: { BOOL: gate.isOpen },
  };
}

function decodeGate(item: Item): Gate {
  return {
    token: item["token"]?.S ?? "",
    report: item["report"]?.S ?? "",
    claimedAtMs: readCount(item, "claimedAtMs"),
    nextAtMs: readCount(item, "nextAtMs"),
    isOpen: item["isOpen"]?.BOOL === true,
  };
}
