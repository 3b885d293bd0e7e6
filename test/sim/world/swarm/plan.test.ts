import { expect, it } from "vitest";
import { FAULT_KINDS } from "../../../../sim/world/faults/every-kind.ts";
import { isOfGrafana, isOfReport } from "../../../../sim/world/faults/kind.ts";
import { assertKinds, drawPlan } from "../../../../sim/world/swarm/plan.ts";

const isOf = ({ kind }: { readonly kind: string }) => isOfReport({ name: kind });
const isBeside = (episode: { readonly kind: string }) => isOf(episode) || isOfGrafana({ name: episode.kind });
const SEEDS = Array.from({ length: 400 }, (_, index) => index);
const PLANS = SEEDS.map((seed) => drawPlan(seed));

it("the same seed draws the same plan", () => {
  expect(drawPlan(17)).toEqual(PLANS[17]);
  expect(drawPlan(18)).not.toEqual(PLANS[17]);
});

it("every kind is on in about half of the seeds, so that each pair of kinds meets with and without the others", () => {
  const all = SEEDS.map((seed) => drawPlan(seed, { reports: true }));
  for (const { name } of FAULT_KINDS) {
    const plans = all.filter(({ episodes }) => episodes.some(({ kind }) => kind === name)).length;
    expect(plans, name).toBeGreaterThan(SEEDS.length / 8);
    expect(plans, name).toBeLessThan((SEEDS.length * 6) / 10);
  }
  expect(new Set(FAULT_KINDS.map(({ name }) => name)).size).toBe(FAULT_KINDS.length);
});

it("some seeds have no faults, and some an outage of hours", () => {
  expect(PLANS.filter(({ episodes }) => episodes.length === 0).length).toBeGreaterThan(5);
  const outages = PLANS.flatMap(({ episodes }) => episodes).filter(({ kind }) => kind === "aws/outage");
  expect(Math.max(...outages.map(({ lastsMs }) => lastsMs))).toBeGreaterThan(2 * 3_600_000);
});

it("episodes of a kind never overlap and end with the faults of their round", () => {
  for (const { episodes, rounds } of PLANS.slice(0, 50)) {
    const endsMs = new Map<string, number>();
    for (const { kind, round, atMs, lastsMs } of episodes) {
      expect(atMs).toBeGreaterThanOrEqual((endsMs.get(`${round} ${kind}`) ?? 0) - 1);
      expect(atMs + lastsMs).toBeLessThanOrEqual((rounds[round]?.faultsMs ?? 0) + 1);
      endsMs.set(`${round} ${kind}`, atMs + lastsMs);
    }
  }
});

it("one seed of its own length in eight has the hourly report, one Grafana, and what is of it alone comes in no other", () => {
  const reported = PLANS.filter(({ shape }) => shape.reportsFromMinute !== undefined);
  expect(reported.length / SEEDS.length).toBeCloseTo(1 / 8, 1);
  for (const { shape, episodes } of PLANS) {
    if (shape.reportsFromMinute === undefined) expect(episodes.filter(isOf)).toEqual([]);
    else expect(shape.reportsFromMinute).toBeGreaterThan(15);
  }
  const grafana = PLANS.filter(({ shape }) => shape.hasGrafana);
  expect(grafana.length / SEEDS.length).toBeCloseTo(1 / 8, 1);
  expect(SEEDS.some((seed) => drawPlan(seed, { minutes: 4 }).shape.reportsFromMinute !== undefined)).toBe(false);
});

it("the faults of the report and of Grafana change no draw of the others", () => {
  for (const seed of SEEDS.slice(0, 50)) {
    const [none, one] = [drawPlan(seed, { reports: false }), drawPlan(seed, { reports: true })];
    expect(one.episodes.filter((episode) => !isBeside(episode))).toEqual(none.episodes);
    expect(one.rounds).toEqual(none.rounds);
  }
});

it.each(["nope/", "clock/,nope/", "", "clock/,"])("faults alone of what there is not are refused: %j", (only) => {
  expect(() => assertKinds(only)).toThrow("--only must be beginnings of kinds of faults, of venue/");
});

it.each(["x", "clock/,aws/outage", "venue/silence"])("kinds are named by their beginnings: %s", (only) => {
  expect(() => assertKinds(only)).not.toThrow();
});

it("only one family: each of its kinds is on, and no other", () => {
  const kinds = SEEDS.flatMap((seed) => drawPlan(seed, { only: "clock/" }).episodes.map(({ kind }) => kind));
  expect(new Set(kinds)).toEqual(new Set(["clock/jump", "clock/drift"]));
});
