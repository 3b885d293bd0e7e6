/** The part of a partition that a key condition asks for. Owns which key conditions are known. */
import type { Value } from "./attribute-values.ts";
import { type Bindings, bound, type Condition, nameOf } from "./expressions.ts";
import { notKnown, RequestError } from "./request-error.ts";
import { LAST } from "./rows.ts";

export type KeyRange = { readonly pk: string; readonly from: string; readonly to: string };

/** `pk = …`, alone or with one condition on `sk`: equal, between, begins with. Throws `RequestError` on any other. */
export function toKeyRange(condition: Condition, bindings: Bindings): KeyRange {
  const [first, second, ...others] = condition.type === "and" ? condition.parts : [condition];
  const pk = first === undefined ? undefined : equalTo(first, "pk", bindings);
  if (pk === undefined || others.length > 0) {
    throw new RequestError("ValidationException", "Query condition missed key schema element: pk");
  }
  if (second === undefined) return { pk, from: "", to: LAST };
  const equal = equalTo(second, "sk", bindings);
  if (equal !== undefined) return { pk, from: equal, to: equal };
  if (second.type === "begins-with" && nameOf(second.path, bindings) === "sk") {
    const prefix = textOf(bound(second.value, bindings));
    return { pk, from: prefix, to: prefix + LAST };
  }
  if (second.type === "between" && second.low.type === "value" && second.high.type === "value") {
    const from = textOf(bound(second.low.word, bindings));
    const to = textOf(bound(second.high.word, bindings));
    if (second.operand.type === "path" && nameOf(second.operand.word, bindings) === "sk") return { pk, from, to };
  }
  throw notKnown("a condition on sk other than =, BETWEEN and begins_with");
}

function equalTo(condition: Condition, name: "pk" | "sk", bindings: Bindings): string | undefined {
  if (condition.type !== "compare" || condition.comparator !== "=") return undefined;
  if (condition.left.type !== "path" || nameOf(condition.left.word, bindings) !== name) return undefined;
  return condition.right.type === "value" ? textOf(bound(condition.right.word, bindings)) : undefined;
}

function textOf(value: Value): string {
  if ("S" in value) return value.S;
  throw new RequestError("ValidationException", "Condition parameter type does not match schema type");
}
