/** What Lambda tells a function of an invocation, for tests that start a handler. */
export function makeLambdaContext(functionName: string, remainingMs = 60_000) {
  return {
    awsRequestId: "request-1",
    callbackWaitsForEmptyEventLoop: false,
    functionName,
    functionVersion: "1",
    invokedFunctionArn: `arn:aws:lambda:eu-central-1:000000000000:function:${functionName}`,
    logGroupName: "group",
    logStreamName: "stream",
    memoryLimitInMB: "512",
    getRemainingTimeInMillis: () => remainingMs,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
