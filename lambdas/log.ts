/** One JSON line an event, as the task writes them: `at`, `level`, a constant `message`, the data as fields. */
import { LogFormatter, Logger, LogItem } from "@aws-lambda-powertools/logger";
import type { LogAttributes, UnformattedAttributes } from "@aws-lambda-powertools/logger/types";

/** The logger of one function; `LOG_LEVEL` or the function's own setting decides what is written. */
export function makeLogger(functionName: string): Logger {
  return new Logger({ serviceName: functionName, logFormatter: new LineFormatter() });
}

class LineFormatter extends LogFormatter {
  override formatAttributes(attributes: UnformattedAttributes, additional: LogAttributes): LogItem {
    const { lambdaContext } = attributes;
    return new LogItem({
      attributes: {
        at: attributes.timestamp.toISOString(),
        level: attributes.logLevel,
        message: attributes.message,
        function: attributes.serviceName,
        ...(lambdaContext === undefined ? {} : { requestId: lambdaContext.awsRequestId }),
        ...additional,
      },
    });
  }
}
