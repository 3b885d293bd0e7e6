/**
 * Facts against claims: every fill that was claimed has its one fact, and every fact its claim, saying the same. Owns that
 * comparison and its memory: a digest a claim, which goes when its fact is seen. What is odd is asked for again, item by item.
 */
import { hash } from "node:crypto";
import { InputError } from "../core/errors.ts";
import { isSymbol } from "../core/market.ts";
import { isSameFill, type LedgerFill } from "../core/messages.ts";
import { hasFact } from "./ledger-facts.ts";
import { decodeFill, type Item, toClaimKey } from "./ledger-items.ts";
import { readClaims, type StoredFact } from "./ledger-streams.ts";
import { type LedgerTable, readItem } from "./ledger-table.ts";

/** Claims by market and fill id, each as a digest of what it says. */
export type ClaimIndex = {
  /** Markets that have claims or a position item, in the order of their names. */
  readonly markets: readonly string[];
  /** Claims that name no market. */
  readonly nowhere: number;
  of(market: string): Map<string, number>;
};

/** Two records of one fill that do not say the same. */
export type Contradiction = { readonly fact: LedgerFill; readonly claim: LedgerFill };

export type FactsFound = {
  readonly facts: number;
  /** Keys of facts that cannot be read, and claims of ids that cannot be, with the reasons. */
  readonly unreadable: readonly { readonly key: string; readonly reason: string }[];
  /** Claims without a fact: on their way to one, or lost. */
  readonly factless: readonly LedgerFill[];
  /** Facts whose id nobody claimed. */
  readonly unclaimed: readonly LedgerFill[];
  /** Facts beside the one that their id's claim names: fills that are in the books twice. */
  readonly doubled: readonly Contradiction[];
  /** Facts whose claim says something else, and has no fact of its own. */
  readonly contradicted: readonly Contradiction[];
  /** Oddities beyond what is looked at one by one; 0 but in a ledger that is wrong throughout. */
  readonly furtherOdd: number;
};

/** Odd facts or claims that are looked at one by one: about a kilobyte and one or two reads each. */
const LOOKED_AT_MAX = 10_000;

/** The fields that `isSameFill` compares. */
const COMPARED = [
  "fillId",
  "market",
  "orderId",
  "clientOrderId",
  "side",
  "price",
  "size",
  "fee",
  "feeAsset",
  "liquidity",
  "venueTime",
] as const;

/** Bytes of a digest: as many as a number holds exactly. */
const DIGEST_BYTES = 6;

/** Reads the whole table once. */
export async function readClaimIndex(table: LedgerTable): Promise<ClaimIndex> {
  const markets = new Set<string>();
  const claims = new Map<string, Map<string, number>>();
  let nowhere = 0;
  for await (const page of readClaims(table)) {
    for (const market of page.markets) markets.add(market);
    for (const [fillId, item] of page.claims) {
      const market = item["market"]?.S;
      if (!isSymbol(market)) {
        nowhere++;
        continue;
      }
      const ofMarket = claims.get(market) ?? new Map<string, number>();
      claims.set(market, ofMarket.set(fillId, digestOf(item)));
    }
  }
  return {
    markets: [...new Set([...markets, ...claims.keys()])].sort(),
    nowhere,
    of: (market) => claims.get(market) ?? new Map(),
  };
}

/** One comparison of a market: `see` every fact, then `settle`. Claims are taken out of the map it was given. */
export class FactsCheck {
  readonly #table: LedgerTable;
  readonly #claims: Map<string, number>;
  readonly #odd: LedgerFill[] = [];
  readonly #unreadable: { key: string; reason: string }[] = [];
  #facts = 0;
  #furtherOdd = 0;

  constructor(table: LedgerTable, claims: Map<string, number>) {
    this.#table = table;
    this.#claims = claims;
  }

  see(fact: StoredFact): void {
    this.#facts++;
    if (fact.type === "unreadable") {
      this.#noteUnreadable(fact.key, fact.reason);
      return;
    }
    const { fillId } = fact.fill;
    const digest = this.#claims.get(fillId);
    // Whatever it says, the claim has a fact now; a second one of the same id finds no claim here, and is odd.
    this.#claims.delete(fillId);
    if (digest === digestOf(fact.item)) return;
    if (this.#odd.length < LOOKED_AT_MAX) this.#odd.push(fact.fill);
    else this.#furtherOdd++;
  }

  /**
   * Asks for the claim of each odd fact and the fact of each claim that is left, as they are now: what was claimed or written while
   * the facts were read is no fault.
   */
  async settle(): Promise<FactsFound> {
    const unclaimed: LedgerFill[] = [];
    const doubled: Contradiction[] = [];
    const contradicted: Contradiction[] = [];
    for (const fact of this.#odd) {
      const claim = await this.#readClaim(fact.fillId);
      if (claim === "absent") unclaimed.push(fact);
      else if (claim === "unreadable" || isSameFill(claim, fact)) continue;
      else if (await this.#standsElsewhere(claim, fact)) doubled.push({ fact, claim });
      else contradicted.push({ fact, claim });
    }
    const factless = await this.#settleClaims();
    return {
      facts: this.#facts,
      unreadable: this.#unreadable,
      factless,
      unclaimed,
      doubled,
      contradicted,
      furtherOdd: this.#furtherOdd,
    };
  }

  async #settleClaims(): Promise<readonly LedgerFill[]> {
    const factless: LedgerFill[] = [];
    let looked = 0;
    for (const fillId of this.#claims.keys()) {
      looked++;
      if (looked > LOOKED_AT_MAX) {
        this.#furtherOdd += this.#claims.size - LOOKED_AT_MAX;
        break;
      }
      const claim = await this.#readClaim(fillId);
      if (claim !== "absent" && claim !== "unreadable" && !(await hasFact(this.#table, claim))) factless.push(claim);
    }
    return factless;
  }

  async #readClaim(fillId: string): Promise<LedgerFill | "absent" | "unreadable"> {
    const key = toClaimKey(fillId);
    const item = await readItem(this.#table, key);
    if (item === undefined) return "absent";
    try {
      return decodeFill(item);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#noteUnreadable(key.pk.S, error.message);
      return "unreadable";
    }
  }

  #noteUnreadable(key: string, reason: string): void {
    if (this.#unreadable.length < LOOKED_AT_MAX) this.#unreadable.push({ key, reason });
    else this.#furtherOdd++;
  }

  /** Whether the claim has a fact of its own, at another place than this one. */
  async #standsElsewhere(claim: LedgerFill, fact: LedgerFill): Promise<boolean> {
    const isHere = claim.market === fact.market && claim.venueTime === fact.venueTime && claim.fillId === fact.fillId;
    return !isHere && (await hasFact(this.#table, claim));
  }
}

/** Amounts are stored in one form only, so that equal ones are equal text. */
function digestOf(item: Item): number {
  const text = COMPARED.map((name) => item[name]?.S ?? item[name]?.N ?? "").join("\n");
  return hash("sha256", text, "buffer").readUIntBE(0, DIGEST_BYTES);
}
