/** What a request is refused with, under DynamoDB's own names. Owns the names; who refuses what is others'. */

const PREFIXES = {
  ConditionalCheckFailedException: "com.amazonaws.dynamodb.v20120810#",
  ResourceNotFoundException: "com.amazonaws.dynamodb.v20120810#",
  ValidationException: "com.amazon.coral.validate#",
  SerializationException: "com.amazon.coral.service#",
  /** DynamoDB's name for what it does not know; here also for what it knows and this program does not. */
  UnknownOperationException: "com.amazon.coral.service#",
} as const;

export class RequestError extends Error {
  readonly code: keyof typeof PREFIXES;

  constructor(code: keyof typeof PREFIXES, message: string) {
    super(message);
    this.name = "RequestError";
    this.code = code;
  }

  /** The body of the answer. */
  get body(): string {
    return JSON.stringify({ __type: PREFIXES[this.code] + this.code, message: this.message });
  }
}

/** A request that DynamoDB may well understand, but nothing in this code base sends. */
export function notKnown(what: string): RequestError {
  return new RequestError("UnknownOperationException", `${what} is not known to the in-memory table`);
}
