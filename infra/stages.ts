/**
 * What differs between the stages, and nothing else: one record a stage, all of it typed.
 * A stage has its own account or region, since the bus and the queue carry the names of CONTRACTS 4 and 6.
 * Owns no resources.
 */

const STAGE_NAMES = ["testnet", "mainnet"] as const;
export type StageName = (typeof STAGE_NAMES)[number];

export type StageSettings = {
  readonly name: StageName;
  /** Days the logs of functions are kept; one of CloudWatch's steps. */
  readonly logRetentionDays: 14 | 90;
  readonly logLevel: "DEBUG" | "INFO" | "WARN" | "ERROR";
};

const SETTINGS: Readonly<Record<StageName, StageSettings>> = {
  testnet: { name: "testnet", logRetentionDays: 14, logLevel: "INFO" },
  mainnet: { name: "mainnet", logRetentionDays: 90, logLevel: "INFO" },
};

/** The settings of a stage; `undefined` means `testnet`, so that a forgotten `-c stage=` never touches real money. */
export function stageSettings(name: unknown): StageSettings {
  const wanted = STAGE_NAMES.find((known) => known === (name ?? "testnet"));
  if (wanted === undefined) {
    throw new Error(`stage must be one of ${STAGE_NAMES.join(", ")}, was ${JSON.stringify(name)}`);
  }
  return SETTINGS[wanted];
}
