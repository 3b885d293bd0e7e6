/** All kinds of faults, in the order in which their episodes are drawn. */
import { AWS_FAULTS } from "./aws.ts";
import { FUNCTION_FAULTS } from "./functions.ts";
import { GRAFANA_FAULTS } from "./grafana.ts";
import type { FaultKind } from "./kind.ts";
import { NETWORK_FAULTS } from "./network.ts";
import { NODE_FAULTS } from "./nodes.ts";
import { OPERATOR_FAULTS } from "./operator.ts";
import { CLOCK_FAULTS, PROCESS_FAULTS } from "./process.ts";
import { REPORT_FAULTS } from "./reports.ts";
import { VENUE_FAULTS } from "./venue.ts";
import { X_FAULTS } from "./x.ts";

export const FAULT_KINDS: readonly FaultKind[] = [
  ...NETWORK_FAULTS,
  ...VENUE_FAULTS,
  ...NODE_FAULTS,
  ...CLOCK_FAULTS,
  ...PROCESS_FAULTS,
  ...FUNCTION_FAULTS,
  ...AWS_FAULTS,
  ...OPERATOR_FAULTS,
  ...X_FAULTS,
  ...REPORT_FAULTS,
  ...GRAFANA_FAULTS,
];
