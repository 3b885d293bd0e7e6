/**
 * The audit's word against what the venue and the table hold: it comes on schedule, clean means complete and unaltered, and a difference has
 * a cause. And an operator's word, once it was answered, stands. Owns these rules of the functions; `docs/invariants.md` lists them.
 */
import * as z from "zod";
import { readAll } from "../../../lambdas/item-range.ts";
import { FILL_PREFIX, toMarketKey } from "../../../lambdas/ledger-items.ts";
import { readItem } from "../../../lambdas/ledger-table.ts";
import type { HandMadeExchange } from "../../exchange/hand-made-exchange.ts";
import type { ScenarioWorld } from "../scenario-world.ts";
import type { Weather } from "../weather.ts";
import type { Checks } from "./checks.ts";
import { CutReadings, type RunWord } from "./cut-readings.ts";
import type { Deployment } from "./deployment.ts";
import type { Altered, ForeignHand } from "./foreign-hand.ts";
import type { Functions } from "./functions.ts";

const LOOK_MS = 10_000;
const SLACK_MS = 10_000;
/** Of the audit, where the deployment does not say. */
const TIMEOUT_MS = 60_000;
/** How far behind a clean word's end the facts are looked at; the words before it were held to the rest. */
const LOOKED_AT_MS = 20 * 60_000;
/** The venue's newest fills; a market of this world has some ten a minute. */
const FILLS_MAX = 100_000;

const latest = z.object({
  Item: z.object({
    market: z.object({ S: z.string() }),
    state: z.object({ S: z.string() }),
    reason: z.object({ S: z.string() }).optional(),
    complete: z.object({ BOOL: z.boolean() }),
    checkedAt: z.object({ S: z.string() }),
    checkedFrom: z.object({ S: z.string() }).optional(),
    checkedThrough: z.object({ S: z.string() }).optional(),
    againSince: z.object({ S: z.string() }).optional(),
    version: z.object({ N: z.string() }),
  }),
});

const place = z.object({ M: z.object({ through: z.object({ S: z.string() }).optional() }) });
const cursor = z.object({ Item: z.object({ goesOnAt: place.optional(), version: z.object({ N: z.string() }) }) });

type Word = z.infer<typeof latest>["Item"];

export type AuditChecksInput = {
  readonly world: ScenarioWorld<HandMadeExchange>;
  readonly functions: Functions;
  readonly checks: Checks;
  readonly hand: ForeignHand;
  readonly deployment: Deployment;
  readonly markets: readonly string[];
  /** Whether the plan has anything that makes a fill differ. */
  readonly mayDiffer: boolean;
};

export class AuditChecks {
  readonly #input: AuditChecksInput;
  /** World time of the last word, by market. */
  readonly #wordMs = new Map<string, number>();
  readonly #cutReadings: CutReadings;
  readonly #venueWeather: Weather;
  #freeMs: number | undefined;
  #kills = 0;
  #lookedMs = 0;

  constructor(input: AuditChecksInput) {
    this.#input = input;
    this.#cutReadings = new CutReadings(input.deployment.timeoutsMs["fill-audit"] ?? TIMEOUT_MS);
    const { table, time, network, venueUrl } = input.world;
    this.#venueWeather = network.weather(venueUrl);
    const told = table.onWrite;
    table.onWrite = (body) => {
      told?.(body);
      if (!body.includes('"AUDIT#')) return;
      if (body.includes('"LATEST"')) this.#written(body);
      if (body.includes('"CURSOR"')) this.#noteCutShort(body);
    };
    input.functions.onApplied = (scope, at) => void time.hold(() => this.#checkApplied(scope, at));
  }

  /** After every event. Throws `InvariantError`. */
  look(): void {
    const { world, checks, deployment, markets } = this.#input;
    const { nowMs } = world.time;
    // At each event: what hinders may last for two seconds.
    if (!this.#isFree()) this.#freeMs = undefined;
    else this.#freeMs ??= nowMs;
    if (nowMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs;
    const everyMs = deployment.schedulesMs["fill-audit"] ?? 300_000;
    const withinMs = everyMs + (deployment.timeoutsMs["fill-audit"] ?? TIMEOUT_MS) + SLACK_MS;
    for (const market of markets) {
      const sinceMs = Math.max(this.#freeMs ?? nowMs, this.#wordMs.get(market) ?? 0);
      if (nowMs - sinceMs > withinMs) checks.fail("audit", `${market} has had no word since ${sinceMs}`);
    }
  }

  /** Nothing keeps the audit from being invoked, or from the venue and the table. */
  #isFree(): boolean {
    const { world, functions } = this.#input;
    const { kills } = functions.hosts["fill-audit"];
    const wasKilled = kills !== this.#kills;
    this.#kills = kills;
    const isFine = this.#venueWeather.impairments.size === 0 && world.awsWeather.table.impairments.size === 0;
    return !wasKilled && !functions.isThrottled && isFine;
  }

  /** In the middle of the table's work: what is found is thrown at the next event. */
  #written(body: string): void {
    const { world, checks, hand, mayDiffer } = this.#input;
    const market = auditedMarket(body);
    this.#wordMs.set(market, world.time.nowMs);
    const { data, error } = latest.safeParse(JSON.parse(body));
    // Of a run that failed before it could judge anything no word is put, only its failure added to the one that stands.
    if (error !== undefined && body.includes('"Item"'))
      checks.note("audit", `its word cannot be read: ${error.message}`);
    if (data === undefined) return;
    const { state, reason, complete } = data.Item;
    const run = runOf(data.Item);
    this.#cutReadings.noteWord(market, run);
    if (state.S === "different" && !mayDiffer) checks.note("audit", `${market} is said to differ: ${reason?.S}`);
    const altered = hand.altered(market);
    const isFound = state.S === "different" || state.S === "failed";
    if (altered?.isYoung && complete.BOOL && !isFound && this.#cutReadings.mustKnow(market, run, altered))
      checks.note("audit", `${market} is said to be ${state.S}, a fact is altered since ${altered.sinceMs}`);
    if (altered !== undefined && !isFound && isComparedSince(data.Item, altered))
      checks.note("audit", `${market} is said to be ${state.S} by a round since ${altered.sinceMs}, a fact is altered`);
    if (state.S === "clean") void world.time.hold(() => this.#checkClean(data.Item));
  }

  #noteCutShort(body: string): void {
    const market = auditedMarket(body);
    const { data } = cursor.safeParse(JSON.parse(body));
    if (data?.Item.goesOnAt === undefined) return;
    const { goesOnAt, version } = data.Item;
    const cut = { version: Number(version.N), through: goesOnAt.M.through?.S };
    this.#cutReadings.noteCut(market, cut, this.#input.world.time.epochMs);
  }

  /** Every fill of the venue's up to where all is compared is a fact. */
  async #checkClean({ market, checkedThrough }: Word): Promise<void> {
    const { world, checks } = this.#input;
    const through = checkedThrough?.S;
    if (through === undefined) return;
    const from = new Date(Date.parse(through) - LOOKED_AT_MS).toISOString();
    const { client, tableName } = world.table;
    const pk = toMarketKey(market.S, "").pk.S;
    const facts = await readAll({ client, tableName }, { pk, from: FILL_PREFIX + from, to: `${FILL_PREFIX}~` });
    const ids = new Set(facts.map((fact) => fact["fillId"]?.S));
    const { fills } = world.exchange.fillsAfter({ market: market.S, cursor: undefined, limit: FILLS_MAX });
    const missed = fills.filter(
      ({ fillId, timestamp }) => timestamp >= from && timestamp <= through && !ids.has(fillId),
    );
    if (missed.length > 0)
      checks.note("audit", `${market.S} is said to be clean through ${through} without ${missed[0]?.fillId}`);
  }

  /** Who was told that a request is done finds it in the control items, or a later one. */
  async #checkApplied(scope: string, at: string): Promise<void> {
    const { client, tableName } = this.#input.world.table;
    const item = await readItem({ client, tableName }, { pk: { S: "CONTROL" }, sk: { S: scope } });
    const stands = item?.["at"]?.S ?? "";
    if (stands < at) this.#input.checks.note("request", `${scope}: the word of ${at} is answered, ${stands} stands`);
  }
}

function runOf({ version, checkedAt, checkedFrom }: Word): RunWord {
  return { version: Number(version.N), beganMs: Date.parse(checkedAt.S), checkedFrom: checkedFrom?.S };
}

/** Whether the word says that the fact was compared since it was altered, however old it is. */
function isComparedSince({ againSince, checkedThrough }: Word, { sinceMs, venueTime }: Altered): boolean {
  return venueTime <= (checkedThrough?.S ?? "") && Date.parse(againSince?.S ?? "") > sinceMs;
}

/** Whose audit a write is about; empty where it is about none. */
export function auditedMarket(body: string): string {
  return /"AUDIT#([A-Z0-9]+\/[A-Z0-9]+)"/.exec(body)?.[1] ?? "";
}
