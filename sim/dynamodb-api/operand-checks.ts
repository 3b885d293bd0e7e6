/** What DynamoDB refuses of an expression before it looks at an item: operands that can never fit, updates of the key. */
import { compareValues, typeOf } from "./attribute-values.ts";
import { type Bindings, bound, type Condition, nameOf, type Operand, type Update } from "./expressions.ts";
import { RequestError } from "./request-error.ts";

const TYPES = ["S", "N", "B", "NULL", "SS", "BOOL", "L", "BS", "NS", "M"];

export function checkCondition(condition: Condition, bindings: Bindings): void {
  switch (condition.type) {
    case "and":
    case "or":
      for (const part of condition.parts) checkCondition(part, bindings);
      return;
    case "not":
      checkCondition(condition.part, bindings);
      return;
    case "exists":
    case "not-exists":
    case "in":
      return;
    case "has-type": {
      const type = bound(condition.value, bindings);
      if (!("S" in type && TYPES.includes(type.S))) throw refuse("attribute_type", typeOf(type));
      return;
    }
    case "begins-with": {
      const prefix = bound(condition.value, bindings);
      if (!("S" in prefix)) throw refuse("begins_with", typeOf(prefix));
      return;
    }
    case "between": {
      const [low, high] = [boundOf(condition.low, bindings), boundOf(condition.high, bindings)];
      for (const operand of [condition.low, condition.high]) checkOrdered(operand, "BETWEEN", bindings);
      if (low !== undefined && high !== undefined && (compareValues(low, high) ?? 1) > 0)
        throw refuse("BETWEEN", "bounds");
      return;
    }
    case "compare":
      if (condition.comparator === "=" || condition.comparator === "<>") return;
      for (const operand of [condition.left, condition.right]) checkOrdered(operand, condition.comparator, bindings);
  }
}

export function checkUpdate(update: Update, bindings: Bindings): void {
  const paths = [...update.set, ...update.add, ...update.delete].map(({ path }) => path).concat(update.remove);
  const names = paths.map((path) => nameOf(path, bindings));
  if (new Set(names).size !== names.length) {
    throw new RequestError("ValidationException", "Two document paths overlap with each other");
  }
  if (names.includes("pk") || names.includes("sk")) {
    throw new RequestError("ValidationException", "Cannot update attribute. This attribute is part of the key");
  }
  for (const { plus, first } of update.set) {
    if (plus === undefined) continue;
    for (const operand of [first, plus.second]) {
      const value = boundOf(operand, bindings);
      if (value !== undefined && !("N" in value)) throw refuse("+ or -", typeOf(value));
    }
  }
  for (const [clause, actions] of [
    ["ADD", update.add],
    ["DELETE", update.delete],
  ] as const) {
    for (const { value } of actions) {
      const type = typeOf(bound(value, bindings));
      const fits = type === "SS" || type === "NS" || (type === "N" && clause === "ADD");
      if (!fits) throw refuse(clause, type);
    }
  }
}

function checkOrdered(operand: Operand, what: string, bindings: Bindings): void {
  const value = boundOf(operand, bindings);
  if (value !== undefined && !("S" in value) && !("N" in value)) throw refuse(what, typeOf(value));
}

function boundOf(operand: Operand, bindings: Bindings) {
  return operand.type === "value" ? bound(operand.word, bindings) : undefined;
}

function refuse(what: string, type: string): RequestError {
  return new RequestError(
    "ValidationException",
    `Incorrect operand type for operator or function; operator or function: ${what}, operand type: ${type}`,
  );
}
