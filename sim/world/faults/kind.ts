/**
 * What a kind of fault is: a name, how often it comes, how long it lasts, what is drawn for each of its episodes, and how it begins and
 * ends in a world. Owns the words; each kind stands in a file of its family.
 */
import type { Rng } from "../../../fargate/seams.ts";
import type { HandMadeExchange } from "../../exchange/hand-made-exchange.ts";
import type { ScenarioWorld } from "../scenario-world.ts";
import type { Range } from "../swarm/draw.ts";
import type { EcsService } from "../swarm/ecs-service.ts";
import type { ForeignHand } from "../swarm/foreign-hand.ts";
import type { Functions } from "../swarm/functions.ts";
import type { OperatorRoom } from "../swarm/operator-room.ts";
import type { Provisioning } from "../swarm/provisioning.ts";
import type { Reports } from "../swarm/reports.ts";

/** Drawn once and written down, so that an episode is the same with and without the others. */
export type FaultParameters = Readonly<Record<string, number | string | boolean>>;

export type FaultyWorld = {
  readonly world: ScenarioWorld<HandMadeExchange>;
  readonly service: EcsService;
  readonly functions: Functions;
  readonly operator: OperatorRoom;
  readonly hand: ForeignHand;
  /** Undefined in a seed without the hourly report. */
  readonly reports: Reports | undefined;
  /** Undefined in a seed without Grafana. */
  readonly provisioning: Provisioning | undefined;
  /** Counts that something has happened which a run should have seen. */
  mark(name: string): void;
};

export type FaultKind = {
  /** `family/what`. */
  readonly name: string;
  /** Mean time between two episodes; drawn once a seed. */
  readonly everyMs: Range;
  /** Drawn for each episode. */
  readonly lastsMs: Range;
  draw(rng: Rng, markets: readonly string[]): FaultParameters;
  /** Begins it. Answers what ends it; what has no end by itself answers nothing. */
  start(world: FaultyWorld, parameters: FaultParameters): (() => void) | undefined;
};

/** Whether a kind is of the hourly report and of what it alone uses: it comes in no other seed. */
export function isOfReport({ name }: Pick<FaultKind, "name">): boolean {
  return name.startsWith("x/") || name.startsWith("report/");
}

/** The same of Grafana. */
export function isOfGrafana({ name }: Pick<FaultKind, "name">): boolean {
  return name.startsWith("grafana/");
}

/** Throws on a parameter that an episode lacks: it was written down by another version. */
export function numberOf(parameters: FaultParameters, name: string): number {
  const value = parameters[name];
  if (typeof value === "number") return value;
  throw new TypeError(`${name} must be a number, was ${String(value)}`);
}

export function textOf(parameters: FaultParameters, name: string): string {
  const value = parameters[name];
  if (typeof value === "string") return value;
  throw new TypeError(`${name} must be text, was ${String(value)}`);
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** How often, how long: what most kinds have. */
export const RARELY: Range = { low: 5 * MINUTE_MS, high: 40 * MINUTE_MS };
export const OFTEN: Range = { low: MINUTE_MS, high: 15 * MINUTE_MS };
export const MOMENT: Range = { low: 0.2 * SECOND_MS, high: 10 * SECOND_MS };
export const WHILE: Range = { low: 2 * SECOND_MS, high: 120 * SECOND_MS };
export const LONG: Range = { low: 30 * SECOND_MS, high: 1_200 * SECOND_MS };
