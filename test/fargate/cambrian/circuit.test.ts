import { describe, expect, test } from "vitest";
import { Circuit } from "../../../fargate/cambrian/circuit.ts";

const lost = () => Promise.reject(new Error("lost"));

function makeCircuit() {
  const states: number[] = [];
  return { circuit: new Circuit({ onState: (state) => states.push(state) }), states };
}

/** `count` requests that are written while the circuit is closed, and lost. */
async function lose(circuit: Circuit, count: number) {
  for (let i = 0; i < count; i += 1) await circuit.follow(lost).catch(() => undefined);
}

describe("what was written while the circuit was closed", () => {
  test("counts for the circuit by its end: five lost ones in a row open it, a good one parts them", async () => {
    const { circuit, states } = makeCircuit();
    await lose(circuit, 4);
    await circuit.follow(async () => "answered");
    await lose(circuit, 4);
    expect(circuit.isClosed).toBe(true);
    await lose(circuit, 1);
    expect(circuit.isClosed).toBe(false);
    expect(states).toEqual([0, 2]);
  });

  test("is heard to its end though the circuit has opened since: that it is open proves nothing of bytes that are out", async () => {
    const { circuit } = makeCircuit();
    await lose(circuit, 5);
    expect(await circuit.follow(async () => "answered")).toBe("answered");
    await expect(circuit.follow(lost)).rejects.toThrow("lost");
    expect(circuit.state).toBe(2);
    await expect(circuit.run(true, async () => "answered")).rejects.toSatisfy(Circuit.isOpenError);
  });

  test("is followed before the call returns", () => {
    const { circuit } = makeCircuit();
    let called = 0;
    void circuit.follow(async () => {
      called += 1;
    });
    expect(called).toBe(1);
  });
});
