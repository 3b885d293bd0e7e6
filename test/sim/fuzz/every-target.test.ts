import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzzTarget } from "../../../sim/fuzz/fuzz-target.ts";
import { tryInput } from "../../../sim/fuzz/oracle.ts";
import { makeTargets } from "../../../sim/fuzz/targets.ts";

/** Other inputs for each run of the tests would make them fail by chance; `npm run fuzz` looks further. */
const SEED = 10;
const INPUTS = 300;

const targets = makeTargets();

test("every target has a name of its own", () => {
  expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length);
});

test.each(targets)("$name accepts what was recorded", async (target) => {
  const outcomes: string[] = [];
  for (const recording of target.recordings) outcomes.push(await target.run(Buffer.from(recording)));
  expect(outcomes).toContain("accepted");
});

test.each(targets)("$name accepts or refuses changed recordings and hostile texts, and does both", async (target) => {
  const { failure, accepted, refused } = await fuzzTarget(target, { seed: SEED, inputs: INPUTS });
  expect(failure).toBeUndefined();
  expect(accepted + refused).toBe(INPUTS);
  expect(accepted).toBeGreaterThan(0);
  if (target.name !== "lease-heartbeat") expect(refused).toBeGreaterThan(0);
});

test.each(targets)("$name accepts or refuses any JSON and any bytes", async (target) => {
  const input = fc.oneof(
    fc.json().map((text) => Buffer.from(text, "utf8")),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(input, async (bytes) => {
      const outcome = await tryInput(target, bytes);
      expect(outcome).not.toHaveProperty("failure");
    }),
    { numRuns: 20, seed: SEED },
  );
});
