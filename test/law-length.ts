/**
 * How much of a law is tried: as many cases as `npm test` has the time for, or the long ones that `FLASHMM_TESTS=long npm test` tries.
 * The only place that reads the variable; each law says both of its lengths.
 */
const LENGTHS = ["usual", "long"] as const;
type Length = (typeof LENGTHS)[number];

const asked = process.env["FLASHMM_TESTS"] ?? "usual";
const length = LENGTHS.find((each) => each === asked);
if (length === undefined) throw new Error(`FLASHMM_TESTS must be one of ${LENGTHS.join(", ")}, was "${asked}"`);

/** The one of the two that was asked for. */
export function lawLength<Value>(lengths: Readonly<Record<Length, Value>>): Value {
  return lengths[length ?? "usual"];
}
