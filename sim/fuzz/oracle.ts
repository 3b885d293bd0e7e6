/**
 * The judgement on one input, the same for every parser: it is accepted or refused, in 50 ms, and the prototypes that all values share are
 * as they were. Owns what counts as a failure; the laws of what was accepted are each target's.
 */
import { BrokenLawError, type Target, type Verdict } from "./target.ts";

type FailureKind = "threw" | "broke a law" | "too slow" | "changed a prototype";

export type Failure = {
  readonly kind: FailureKind;
  /** Groups failures of one cause: shrinking must not turn one fault into another. */
  readonly cause: string;
  readonly message: string;
};

export type Outcome =
  | { readonly type: Verdict; readonly millis: number }
  | { readonly type: "failed"; readonly failure: Failure; readonly millis: number };

const MILLIS_MAX = 50;
/** A machine that does other work makes anything slow: only an input that takes the processor for so long each time is a slow one. */
const SLOW_LOOKS = 5;
const ANSWER_WITHIN_MS = 5_000;

/** Every object, list, text and function has these behind it. */
const SHARED: readonly object[] = [
  Object.prototype,
  Array.prototype,
  String.prototype,
  Number.prototype,
  Function.prototype,
  Map.prototype,
  Promise.prototype,
];

type Snapshot = { readonly object: object; readonly entries: readonly (readonly [PropertyKey, PropertyDescriptor])[] };

let before: readonly Snapshot[] = SHARED.map(snapshotOf);

/** What the prototypes are now is what they have to stay: a library that was loaded meanwhile may have changed them. */
export function judgeFromHere(): void {
  before = SHARED.map(snapshotOf);
}

/** Tries an input. Never rejects. */
export async function tryInput(target: Target, input: Buffer): Promise<Outcome> {
  const first = await tryOnce(target, input);
  if (first.type === "failed" || first.millis <= MILLIS_MAX) return first;
  let millis = Number.POSITIVE_INFINITY;
  for (let look = 0; look < SLOW_LOOKS && millis > MILLIS_MAX; look += 1) {
    const before = process.threadCpuUsage();
    const again = await tryOnce(target, input);
    if (again.type === "failed") return again;
    const { user, system } = process.threadCpuUsage(before);
    millis = Math.min(millis, again.millis, (user + system) / 1_000);
  }
  if (millis <= MILLIS_MAX) return { type: first.type, millis };
  const message = `${millis.toFixed(0)} ms of at most ${MILLIS_MAX} for ${input.length} bytes`;
  return { type: "failed", millis, failure: { kind: "too slow", cause: "too slow", message } };
}

async function tryOnce(target: Target, input: Buffer): Promise<Outcome> {
  const startMs = performance.now();
  let type: Verdict;
  try {
    const answer = target.run(input);
    type = typeof answer === "string" ? answer : await withinTime(answer);
  } catch (error) {
    mendPrototypes();
    return { type: "failed", failure: failureOf(error), millis: performance.now() - startMs };
  }
  const millis = performance.now() - startMs;
  const change = mendPrototypes();
  if (change === undefined) return { type, millis };
  const failure: Failure = { kind: "changed a prototype", cause: "changed a prototype", message: change };
  return { type: "failed", failure, millis };
}

/** A parser that never answers is one that fails, not one that holds up the run. */
async function withinTime(answer: Promise<Verdict>): Promise<Verdict> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new BrokenLawError("an answer comes", "none")), ANSWER_WITHIN_MS);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const name = error instanceof Error ? error.name : typeof error;
  if (error instanceof BrokenLawError) return { kind: "broke a law", cause: name, message };
  return { kind: "threw", cause: name, message: `${name}: ${message}` };
}

/** What is different from the start, put back so that the next input is judged by itself. */
function mendPrototypes(): string | undefined {
  let change: string | undefined;
  for (const { object, entries } of before) {
    const keys = Reflect.ownKeys(object);
    let isSame = keys.length === entries.length;
    for (let i = 0; isSame && i < keys.length; i += 1) {
      const known = entries[i];
      const key = keys[i];
      if (known === undefined || key !== known[0]) isSame = false;
      else if ("value" in known[1] && Reflect.get(object, key) !== known[1].value) isSame = false;
    }
    if (isSame) continue;
    const added = keys.filter((key) => !entries.some(([name]) => name === key));
    change ??= `${nameOf(object)} has ${added.length > 0 ? `new ${added.map(String).join(", ")}` : "changed"}`;
    for (const key of added) Reflect.deleteProperty(object, key);
    for (const [key, descriptor] of entries) Reflect.defineProperty(object, key, descriptor);
  }
  return change;
}

function snapshotOf(object: object): Snapshot {
  const entries = Reflect.ownKeys(object).flatMap((key) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(object, key);
    return descriptor === undefined ? [] : [[key, descriptor] as const];
  });
  return { object, entries };
}

function nameOf(object: object): string {
  return `${object.constructor?.name ?? "a"} prototype`;
}
