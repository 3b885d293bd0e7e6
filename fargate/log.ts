/** One JSON line an event: `at`, `level`, a constant `message`, the data as fields. Owns the format, not what is said. */
import { LogFormatter, Logger, LogItem } from "@aws-lambda-powertools/logger";
import type { LogAttributes, UnformattedAttributes } from "@aws-lambda-powertools/logger/types";

export type LogFields = Readonly<Record<string, unknown>>;

/** What the task's parts may say. Never called once per book event: those are counted. */
export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};

export const LOG_LEVELS = ["DEBUG", "INFO", "WARN", "ERROR", "SILENT"] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];

/** A logger to standard output. `fields` stand on every line. Errors among the fields are written with name, code, message and cause. */
export function makeLog(level: LogLevelName, fields: LogFields): Log {
  const logger = new Logger({ logLevel: level, logFormatter: new LineFormatter(), persistentKeys: { ...fields } });
  return {
    debug: (message, data) => logger.debug(message, { data: plain(data) }),
    info: (message, data) => logger.info(message, { data: plain(data) }),
    warn: (message, data) => logger.warn(message, { data: plain(data) }),
    error: (message, data) => logger.error(message, { data: plain(data) }),
  };
}

class LineFormatter extends LogFormatter {
  override formatAttributes(attributes: UnformattedAttributes, additional: LogAttributes): LogItem {
    const { data, ...persistent } = additional;
    return new LogItem({
      attributes: {
        at: attributes.timestamp.toISOString(),
        level: attributes.logLevel,
        message: attributes.message,
        ...persistent,
        ...(data as LogAttributes | undefined),
      },
    });
  }
}

function plain(fields: LogFields | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields ?? {}).map(([key, value]) => [key, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    ...("code" in value ? { code: value.code } : {}),
    ...(value.cause === undefined ? {} : { cause: plainValue(value.cause) }),
  };
}
