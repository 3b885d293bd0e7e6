/**
 * The variables of the status page that have no place in a file, since a file goes to every machine: whether the page may operate, and where
 * the charts of a local run are. Owns their grammar.
 */
import { isAbsolute } from "node:path";
import { InputError } from "../../core/errors.ts";

export type StatusSettings = {
  /** `on`: the page sends halts and resumes to the bus. */
  readonly operation: "on" | "off";
  /** The folder of the reports' charts; undefined where the page shows none. */
  readonly reportsFolder: string | undefined;
  /** For the command that the page shows. */
  readonly region: string | undefined;
};

const PATH_CHARACTERS_MAX = 1_024;

/** Faults are added to `faults`, each naming its variable. `busName` is where operators' events go. */
export function readStatusSettings(
  env: (name: string) => string | undefined,
  busName: unknown,
  faults: string[],
): StatusSettings {
  const operation = env("STATUS_OPERATION") ?? "off";
  const reportsFolder = env("STATUS_REPORTS_FOLDER");
  const refuse = (what: string, expected: string, was: unknown) =>
    void faults.push(new InputError({ what, expected, was }).message);
  if (operation !== "on" && operation !== "off") refuse("STATUS_OPERATION", "on or off", operation);
  if (operation === "on" && busName === undefined) {
    refuse("EVENT_BUS_NAME (or eventBusName in the file)", "given where STATUS_OPERATION is on", busName);
  }
  if (reportsFolder !== undefined && (!isAbsolute(reportsFolder) || reportsFolder.length > PATH_CHARACTERS_MAX)) {
    refuse("STATUS_REPORTS_FOLDER", `an absolute path of at most ${PATH_CHARACTERS_MAX} characters`, reportsFolder);
  }
  return { operation: operation === "on" ? "on" : "off", reportsFolder, region: env("AWS_REGION") };
}
