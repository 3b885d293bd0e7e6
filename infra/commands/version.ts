/** A former version of this repository, by its name in git. Owns what is read of it without checking it out. */
import { execFileSync } from "node:child_process";
import { formatOfSource } from "./ledger-guard.ts";
import { UsageError } from "./stage-option.ts";

export type Version = {
  readonly commit: string;
  /** Its ledger format; undefined when it is older than that number. */
  readonly format: number | undefined;
};

/** Throws `UsageError` when there is no such version. */
export function readVersion(repository: string, name: string): Version {
  const commit = git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`);
  if (commit === undefined)
    throw new UsageError(`VERSION must be a tag, branch or commit of this repository, was ${name}`);
  const source = git(repository, "show", `${commit}:core/ledger-format.ts`);
  return { commit, format: source === undefined ? undefined : formatOfSource(source) };
}

function git(repository: string, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync("git", ["-C", repository, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}
