/**
 * The plan of one seed: its shape, its rounds and every episode of every fault, all drawn before anything runs, so that a run can be
 * repeated with some of them left out. Owns the drawing; what an episode does is its kind's.
 */
import { InputError } from "../../../core/errors.ts";
import { makeSeededRng } from "../../exchange/seeded-rng.ts";
import { FAULT_KINDS } from "../faults/every-kind.ts";
import { type FaultKind, type FaultParameters, isOfGrafana, isOfReport } from "../faults/kind.ts";
import { chance, logBetween, type Range, untilNext, wholeBetween } from "./draw.ts";
import { drawShape, type Shape } from "./shape.ts";

export type Episode = {
  readonly round: number;
  /** From the beginning of the round's faults. */
  readonly atMs: number;
  readonly lastsMs: number;
  readonly kind: string;
  readonly parameters: FaultParameters;
};

/** `faultsMs` of faults, then everything is healed, and the system has to come back. */
type Round = { readonly calmMs: number; readonly faultsMs: number };

export type Plan = {
  readonly seed: number;
  readonly shape: Shape;
  readonly rounds: readonly Round[];
  readonly episodes: readonly Episode[];
};

export type PlanWishes = {
  /** Kinds whose name begins with this, or with one of these where commas part them, each of them on; others stay off. */
  readonly only?: string | undefined;
  /** About so much simulated time; drawn unless told. */
  readonly minutes?: number | undefined;
  /** Episodes come so many times as often as drawn. */
  readonly haste?: number | undefined;
  /** The hourly report and the provisioning of Grafana run, or do not; each drawn unless told, for seeds of their own length. */
  readonly reports?: boolean | undefined;
  /** In place of what is drawn of the market and the configuration. */
  readonly shape?: Partial<Shape> | undefined;
};

const KIND_SHARE = 0.5;
/** One seed in so many has no faults at all: then nothing may be alarmed, and next to nothing be unquoted. */
const FAULTLESS_SHARE = 0.05;
const FAULTS_MS: Range = { low: 5 * 60_000, high: 30 * 60_000 };
const LONG_FAULTS_MS: Range = { low: 2 * 3_600_000, high: 4 * 3_600_000 };
const LONG_SHARE = 0.04;
const CALM_MS: Range = { low: 30_000, high: 120_000 };
const SEED_MS: Range = { low: 20 * 60_000, high: 70 * 60_000 };
const EPISODES_MAX = 5_000;
/** The position limit over an order's size: near it exposure and one-sided quotes are looked at most. */
const POSITION_ORDERS = { low: 3, high: 10 };
/** Drawing a chart takes a tenth of a second, and waiting for the next report up to an hour of the world's. */
const REPORTS_SHARE = 1 / 8;
const GRAFANA_SHARE = 1 / 8;
/** The first report comes at a quarter past the next hour: with these within an hour, of an hour of which the world saw a part. */
const REPORTS_FROM_MINUTE = { low: 16, high: 58 };

/** Throws `InputError` where one of the names is the beginning of no kind: a run of it would have no faults, and hold whatever it is run on. */
export function assertKinds(only: string): void {
  const families = [...new Set(FAULT_KINDS.map(({ name }) => name.replace(/\/.*/, "/")))].join(", ");
  for (const each of only.split(",")) {
    if (each !== "" && FAULT_KINDS.some(({ name }) => name.startsWith(each))) continue;
    throw new InputError({ what: "--only", expected: `beginnings of kinds of faults, of ${families}`, was: each });
  }
}

export function drawPlan(seed: number, wishes: PlanWishes = {}): Plan {
  const rng = makeSeededRng(seed, "plan");
  // A stream of its own, so that the rest of a seed's shape stays as it was.
  const positionOrders = wholeBetween(makeSeededRng(seed, "position"), POSITION_ORDERS);
  const reportsFromMinute = drawReports(seed, wishes);
  const beside = { positionOrders, ...reportsFromMinute, ...drawGrafana(seed, wishes) };
  const shape = { ...drawShape(makeSeededRng(seed, "shape")), ...beside, ...wishes.shape };
  const wantedMs = wishes.minutes === undefined ? logBetween(rng, SEED_MS) : wishes.minutes * 60_000;
  const rounds: Round[] = [];
  for (let sumMs = 0; sumMs < wantedMs; ) {
    const isLong = chance(rng, LONG_SHARE) && wishes.minutes === undefined;
    const drawnMs = Math.round(logBetween(rng, isLong ? LONG_FAULTS_MS : FAULTS_MS));
    const faultsMs = isLong ? drawnMs : Math.min(drawnMs, Math.max(60_000, wantedMs - sumMs));
    const calmMs = Math.round(logBetween(rng, CALM_MS));
    rounds.push({ calmMs, faultsMs });
    sumMs += calmMs + faultsMs;
  }
  const isFaultless = chance(rng, FAULTLESS_SHARE) && wishes.only === undefined;
  const episodes = isFaultless ? [] : drawEpisodes(seed, shape, rounds, wishes);
  return { seed, shape, rounds, episodes };
}

function drawReports(seed: number, { reports, minutes, only }: PlanWishes): Pick<Shape, "reportsFromMinute"> {
  const rng = makeSeededRng(seed, "reports");
  const isDrawn = chance(rng, REPORTS_SHARE) && minutes === undefined;
  const reportsFromMinute = wholeBetween(rng, REPORTS_FROM_MINUTE);
  const isAsked = asksFor(only, isOfReport);
  return (reports ?? (isDrawn || isAsked)) ? { reportsFromMinute } : {};
}

function drawGrafana(seed: number, { reports, minutes, only }: PlanWishes): Pick<Shape, "hasGrafana"> {
  const isDrawn = chance(makeSeededRng(seed, "grafana"), GRAFANA_SHARE) && minutes === undefined;
  const isAsked = asksFor(only, isOfGrafana);
  return (reports ?? (isDrawn || isAsked)) ? { hasGrafana: true } : {};
}

/** Whether faults alone of a part of the world are wanted. */
function asksFor(only: string | undefined, isOfPart: (kind: FaultKind) => boolean): boolean {
  const names = only?.split(",") ?? [];
  return FAULT_KINDS.some((kind) => isOfPart(kind) && names.some((name) => kind.name.startsWith(name)));
}

function drawEpisodes(
  seed: number,
  shape: Shape,
  rounds: readonly Round[],
  { only, haste = 1 }: PlanWishes,
): readonly Episode[] {
  const markets = shape.markets.map(({ symbol }) => symbol);
  const episodes = FAULT_KINDS.flatMap((kind) => {
    // A stream for each kind: a kind that is added or changed leaves the others as they were.
    const rng = makeSeededRng(seed, `fault ${kind.name}`);
    const isOn = chance(rng, KIND_SHARE);
    const isWanted = only === undefined ? isOn : only.split(",").some((each) => kind.name.startsWith(each));
    if (!isWanted || (isOfReport(kind) && shape.reportsFromMinute === undefined)) return [];
    if (isOfGrafana(kind) && shape.hasGrafana !== true) return [];
    const everyMs = logBetween(rng, kind.everyMs) / haste;
    return rounds.flatMap((round, index) => episodesOf(kind, { rng, everyMs, markets, round, index }));
  });
  const inOrder = episodes.toSorted((a, b) => a.round - b.round || a.atMs - b.atMs);
  return inOrder.slice(0, EPISODES_MAX);
}

/** One after the other: two of a kind would end each other. */
function episodesOf(
  kind: FaultKind,
  at: {
    readonly rng: ReturnType<typeof makeSeededRng>;
    readonly everyMs: number;
    readonly markets: readonly string[];
    readonly round: Round;
    readonly index: number;
  },
): readonly Episode[] {
  const { rng, everyMs, markets, round, index } = at;
  const episodes: Episode[] = [];
  let atMs = untilNext(rng, everyMs);
  while (atMs < round.faultsMs) {
    const lastsMs = Math.min(logBetween(rng, kind.lastsMs), round.faultsMs - atMs);
    const parameters = kind.draw(rng, markets);
    episodes.push({ round: index, atMs: Math.round(atMs), lastsMs: Math.round(lastsMs), kind: kind.name, parameters });
    atMs += lastsMs + untilNext(rng, everyMs);
  }
  return episodes;
}
