/**
 * Who is compared, by name. Owns the list: a further setting of ours is a line here, or a file named on the command line. What each
 * does is its own file's.
 */
import { InputError } from "../../core/errors.ts";
import type { MakeCompetitor } from "./competitor.ts";
import { makeOurs, type OursSettings } from "./ours.ts";
import { FixedSpread } from "./peers/fixed-spread.ts";
import { AVELLANEDA_DEFAULTS, HummingbotAvellaneda } from "./peers/hummingbot-avellaneda.ts";
import { HummingbotPmm, PMM_DEFAULTS, type PmmParameters } from "./peers/hummingbot-pmm.ts";

/** The configuration as it is: what FlashMM does by default. */
export const OURS = "ours";

/** `ours@FILE`: the first market of another configuration. */
const OURS_FILE = /^ours@(.+)$/;

/**
 * Every peer quotes as many levels of the same size as ours, within the same position limit. Pure market making at its defaults stands
 * 1 % from the mid; since that hardly ever trades here, it is also shown at the tightest spreads that Hummingbot publishes: 10 bps
 * and 15 s (`scripts/simple_pmm.py`), 5 bps and 30 s (`controllers/generic/pmm_mister.py`), the latter with order optimisation as
 * well. Levels of the tight ones are as far apart as ours.
 */
const PEERS: Readonly<Record<string, MakeCompetitor>> = {
  "hummingbot-pmm": pmm({}),
  "hummingbot-pmm-10bps": pmm({ spread: 0.001, refreshSeconds: 15 }),
  "hummingbot-pmm-5bps": pmm({ spread: 0.0005 }),
  "hummingbot-pmm-jump": pmm({ spread: 0.0005, isOptimized: true }),
  "hummingbot-avellaneda": (terms) => new HummingbotAvellaneda({ ...AVELLANEDA_DEFAULTS, levels: terms.levels }, terms),
  "fixed-spread": (terms) => new FixedSpread(terms),
};

export const DEFAULT_STRATEGIES: readonly string[] = [OURS, ...Object.keys(PEERS)];

/** Whether a strategy is ours, of whatever configuration. */
export function isOurs(name: string): boolean {
  return name === OURS || OURS_FILE.test(name);
}

/** Throws `InputError` on a name that is none. */
export function assertStrategy(name: string): void {
  if (isOurs(name) || Object.hasOwn(PEERS, name)) return;
  const expected = `among ${DEFAULT_STRATEGIES.join(", ")}, or ours@FILE`;
  throw new InputError({ what: "--strategies", expected, was: name });
}

/** The configuration file of ours, which is `byDefault` unless the name says another. */
export function configFileOf(name: string, byDefault: string): string {
  return OURS_FILE.exec(name)?.[1] ?? byDefault;
}

/** Makes a competitor of a checked name; `ours` is its settings should it be ours. */
export function makeCompetitor(name: string, ours: OursSettings): MakeCompetitor {
  return PEERS[name] ?? makeOurs(ours);
}

/** Overrides of the defaults; levels are everyone's, their distance that of the defaults unless the spread is tighter. */
function pmm(overrides: Partial<PmmParameters>): MakeCompetitor {
  return (terms) => {
    const levelSpread = overrides.spread === undefined ? PMM_DEFAULTS.levelSpread : terms.levelSpacingBps / 1e4;
    return new HummingbotPmm({ ...PMM_DEFAULTS, levelSpread, levels: terms.levels, ...overrides }, terms);
  };
}
