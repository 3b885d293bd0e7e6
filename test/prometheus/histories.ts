/**
 * Twenty minutes, or more, of the task's metrics made of one scrape of them: as they were, or with one thing gone wrong. Owns the text in
 * OpenMetrics' format; what must be alerted then is the caller's.
 */

export type Wrong =
  | { readonly type: "nothing" }
  /** A gauge shows this in the last five minutes. */
  | { readonly type: "gauge"; readonly name: string; readonly labels?: RegExp; readonly value: number }
  /** A counter grows by so much every fifteen seconds of them. */
  | { readonly type: "counter"; readonly name: string; readonly labels: RegExp; readonly step: number }
  /** Nothing of what has these labels is sent for the last five minutes, or for as long as told. */
  | { readonly type: "silence"; readonly labels: RegExp; readonly forSeconds?: number };

type Line = { readonly name: string; readonly labels: string; readonly value: string };

/** Of a second shard. */
export const OTHER_MARKET = "OTHER/USDC";
const OTHER_SHARD: Line = { name: "flashmm_quoting_state", labels: `{market="${OTHER_MARKET}"}`, value: "1" };

/** Before something goes wrong. */
const WELL_SECONDS = 900;
const STEP_SECONDS = 15;
const WRONG_SECONDS = 300;
const LINE = /^(\w+)(\{.*\})? (\S+)$/;

/** The history that ends at `endSeconds`; counters stand still in it. */
export function makeHistory(scrape: string, wrong: Wrong, endSeconds: number): string {
  const lines = scrape.split("\n").flatMap((line): readonly Line[] => {
    const [, name, labels = "", value = ""] = LINE.exec(line) ?? [];
    return name === undefined ? [] : [{ name, labels, value }];
  });
  const made: string[] = [];
  // The samples of a metric stand together in this format.
  const all = lines.flatMap((line) => (isFirstOf(OTHER_SHARD.name, line, lines) ? [line, OTHER_SHARD] : [line]));
  const wrongSeconds = wrong.type === "silence" ? (wrong.forSeconds ?? WRONG_SECONDS) : WRONG_SECONDS;
  const fromSeconds = endSeconds - wrongSeconds;
  for (const line of all) {
    for (let at = fromSeconds - WELL_SECONDS; at <= endSeconds; at += STEP_SECONDS) {
      const value = valueAt(line, wrong, Math.max(0, at - fromSeconds) / STEP_SECONDS);
      if (value !== undefined) made.push(`${line.name}${line.labels} ${value} ${at}`);
    }
  }
  return `${made.join("\n")}\n# EOF\n`;
}

function valueAt({ name, labels, value }: Line, wrong: Wrong, stepsWrong: number): string | undefined {
  if (stepsWrong === 0) return value;
  switch (wrong.type) {
    case "nothing":
      return value;
    case "silence":
      return wrong.labels.test(labels) ? undefined : value;
    case "gauge":
      return name === wrong.name && (wrong.labels ?? /^/).test(labels) ? `${wrong.value}` : value;
    case "counter":
      return name === wrong.name && wrong.labels.test(labels) ? `${Number(value) + stepsWrong * wrong.step}` : value;
  }
}

function isFirstOf(name: string, line: Line, lines: readonly Line[]): boolean {
  return lines.find((each) => each.name === name) === line;
}
