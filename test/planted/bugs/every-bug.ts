/** Every planted bug, in the order in which they are hunted. */
import { InputError } from "../../../core/errors.ts";
import type { PlantedBug } from "../planted-bug.ts";
import { FUNCTION_BUGS } from "./function-bugs.ts";
import { GUARD_BUGS } from "./guard-bugs.ts";
import { LEDGER_BUGS } from "./ledger-bugs.ts";
import { MARKET_DATA_BUGS } from "./market-data-bugs.ts";
import { ORDER_BUGS } from "./order-bugs.ts";
import { PRICE_BUGS } from "./price-bugs.ts";
import { REPORT_BUGS } from "./report-bugs.ts";
import { RISK_BUGS } from "./risk-bugs.ts";
import { TASK_BUGS } from "./task-bugs.ts";

export const EVERY_BUG: readonly PlantedBug[] = [
  ...ORDER_BUGS,
  ...RISK_BUGS,
  ...PRICE_BUGS,
  ...MARKET_DATA_BUGS,
  ...TASK_BUGS,
  ...LEDGER_BUGS,
  ...FUNCTION_BUGS,
  ...GUARD_BUGS,
  ...REPORT_BUGS,
];

/** Throws `InputError` on a name that no bug has. */
export function bugNamed(name: string): PlantedBug {
  const bug = EVERY_BUG.find((each) => each.name === name);
  if (bug !== undefined) return bug;
  throw new InputError({ what: "planted bug", expected: "a name of test/planted/bugs", was: name });
}
