import { describe, expect, test } from "vitest";
import { CallDeadlines, Cancellation } from "../../fargate/call-deadlines.ts";
import { DeadlineError } from "../../fargate/deadline.ts";
import { ManualClock } from "../sim/local/manual-clock.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Calls that the test answers by hand, of at most 100 ms each, and what became of them in order. */
function makeCase() {
  const clock = new ManualClock(0);
  const deadlines = new CallDeadlines(clock, 100, "the call");
  const ends: string[] = [];
  const call = (name: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const cancellation = new Cancellation();
    cancellation.addEventListener("abort", () => ends.push(`${name} cancelled`));
    deadlines.within(promise, cancellation).then(
      (value) => ends.push(`${name} ${value}`),
      (error: unknown) => ends.push(`${name} ${error instanceof DeadlineError ? "late" : String(error)}`),
    );
    return { resolve, reject, cancellation };
  };
  return { clock, ends, call };
}

describe("the deadlines of many calls", () => {
  test("each call has its own time, counted from its own begin, with one timer for all", async () => {
    const { clock, ends, call } = makeCase();
    call("a");
    clock.advance(40);
    call("b");
    clock.advance(40);
    call("c");
    expect(clock.pending).toBe(1);
    clock.advance(20);
    await turn();
    expect(ends).toEqual(["a cancelled", "a late"]);
    clock.advance(39);
    await turn();
    expect(ends).toHaveLength(2);
    clock.advance(1);
    await turn();
    expect(ends.slice(2)).toEqual(["b cancelled", "b late"]);
    clock.advance(40);
    await turn();
    expect(ends.slice(4)).toEqual(["c cancelled", "c late"]);
    expect(clock.pending).toBe(0);
  });

  test("an answer or an error in time settles the call as it is, and no timer is left after the last", async () => {
    const { clock, ends, call } = makeCase();
    const [a, b] = [call("a"), call("b")];
    b.resolve("answered");
    await turn();
    expect(clock.pending).toBe(1);
    a.reject("reset");
    await turn();
    expect(ends).toEqual(["b answered", "a reset"]);
    expect(clock.pending).toBe(0);
    clock.advance(1_000);
    await turn();
    expect(ends).toHaveLength(2);
  });

  test("the oldest one being answered does not shorten the time of the next", async () => {
    const { clock, ends, call } = makeCase();
    const a = call("a");
    clock.advance(90);
    call("b");
    a.resolve("answered");
    await turn();
    clock.advance(99);
    await turn();
    expect(ends).toEqual(["a answered"]);
    clock.advance(1);
    await turn();
    expect(ends.slice(1)).toEqual(["b cancelled", "b late"]);
  });

  test("an answer after the deadline is dropped, and so is an error", async () => {
    const { clock, ends, call } = makeCase();
    const [a, b] = [call("a"), call("b")];
    clock.advance(100);
    await turn();
    a.resolve("answered");
    b.reject("reset");
    await turn();
    expect(ends.filter((end) => !end.endsWith("cancelled"))).toEqual(["a late", "b late"]);
    expect(clock.pending).toBe(0);
  });

  test("calls after a quiet time are bounded as the first ones", async () => {
    const { clock, ends, call } = makeCase();
    call("a").resolve("answered");
    await turn();
    clock.advance(5_000);
    call("b");
    clock.advance(100);
    await turn();
    expect(ends).toEqual(["a answered", "b cancelled", "b late"]);
  });
});

describe("a cancellation", () => {
  test("tells each listener once, and none that was taken away", () => {
    const cancellation = new Cancellation();
    const told: string[] = [];
    const [first, second] = [() => told.push("first"), () => told.push("second")];
    cancellation.addEventListener("abort", first);
    cancellation.addEventListener("abort", second);
    cancellation.removeEventListener("abort", first);
    cancellation.removeEventListener("abort", first);
    expect(cancellation.aborted).toBe(false);
    cancellation.abort();
    cancellation.abort();
    expect(told).toEqual(["second"]);
    expect(cancellation.aborted).toBe(true);
  });
});
