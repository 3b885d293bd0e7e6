/**
 * What each task has read of the control items, as the table's answers told it: nothing is written in a market that its last reading
 * calls halted, however long before that it was decided. Owns this record and this rule; how soon a task must read is `checks.ts`'s.
 */
import * as z from "zod";
import type { HandMadeExchange } from "../../exchange/hand-made-exchange.ts";
import type { ScenarioWorld } from "../scenario-world.ts";
import type { ArrivalEntry } from "../venue-record.ts";
import type { WorldTask } from "../world-task.ts";
import type { Checks } from "./checks.ts";

/**
 * A reading that takes longer may be given up (`fargate/control-table.ts`, after 1.5 s by a clock that may have stood still): whether it was believed
 * nobody can tell from here.
 */
const READ_WITHIN_MS = 1_400;

const answer = z.object({
  Items: z.array(z.object({ sk: z.object({ S: z.string() }), state: z.object({ S: z.string() }).optional() })),
});

/** When a process read that scopes are halted (world time), and which; whether it has believed that for sure. */
type Reading = { readonly atMs: number; readonly halted: readonly string[]; readonly isSure: boolean };

export class ControlChecks {
  readonly #world: ScenarioWorld<HandMadeExchange>;
  readonly #checks: Checks;
  /** Newest last; a placing that is looked at was written some seconds ago. */
  readonly #readings = new Map<string, Reading[]>();
  #entry = 0;
  #lastText: string | undefined;
  #lastHalted: readonly string[] | undefined;

  constructor({ world, checks }: { readonly world: ScenarioWorld<HandMadeExchange>; readonly checks: Checks }) {
    this.#world = world;
    this.#checks = checks;
  }

  /** Follows what a task reads. Answers the task. */
  follow(task: WorldTask): WorldTask {
    const { process } = task;
    process.onRead = ({ target, body }, text, tookMs) => {
      if (!target.endsWith("Query") || !body.includes('"CONTROL"')) return;
      const halted = this.#haltedIn(text);
      if (halted === undefined) return;
      const readings = this.#readings.get(process.name) ?? [];
      this.#readings.set(process.name, readings);
      const isSure = tookMs <= READ_WITHIN_MS;
      const last = readings.at(-1) ?? { halted: [], isSure: true };
      const isNews = halted.join() !== last.halted.join() || isSure !== last.isSure;
      if (isNews) readings.push({ atMs: this.#world.time.nowMs, halted, isSure });
    };
    return task;
  }

  /** Scopes that an answer calls halted; undefined where it shows no items. Mostly it is the answer of a second ago. */
  #haltedIn(text: string): readonly string[] | undefined {
    if (text === this.#lastText) return this.#lastHalted;
    const { data } = answer.safeParse(JSON.parse(text));
    this.#lastText = text;
    this.#lastHalted = data?.Items.filter(({ state }) => state?.S === "halted").map(({ sk }) => sk.S);
    return this.#lastHalted;
  }

  /** After every event. Throws `InvariantError`. */
  look(): void {
    const { entries } = this.#world.record;
    for (; this.#entry < entries.length; this.#entry += 1) {
      const entry = entries[this.#entry];
      if (entry?.type === "arrival" && entry.route === "place") this.#check(entry);
    }
  }

  /** What is written in the very moment of a reading may have been before it or after. */
  #check({ process, sentMs, placing }: ArrivalEntry): void {
    const readings = this.#readings.get(process) ?? [];
    const known = readings.findLast(({ atMs, isSure }) => isSure && atMs < sentMs);
    const scopes = ["ALL", placing?.market ?? ""];
    const haltedIn = ({ halted }: Reading) => scopes.find((scope) => halted.includes(scope));
    const scope = known && haltedIn(known);
    if (known === undefined || scope === undefined) return;
    const mayBelieve = ({ atMs }: Reading) => atMs > known.atMs && atMs <= sentMs;
    if (readings.some((each) => mayBelieve(each) && haltedIn(each) === undefined)) return;
    const what = `${process} wrote ${placing?.clientOrderId} at ${sentMs}, it had read at ${known.atMs} that ${scope} is halted`;
    this.#checks.fail("halted-market", what);
  }
}
