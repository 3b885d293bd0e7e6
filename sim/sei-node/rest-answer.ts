/** How grpc-gateway puts an answer or an error: HTTP status, gRPC code, body. Owns no route. */

export type RestAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
};

/** The gRPC codes these queries can be refused with, and the HTTP status of each. */
const CODES = {
  "invalid-argument": { code: 3, status: 400 },
  unknown: { code: 2, status: 500 },
  "not-found": { code: 5, status: 404 },
  unimplemented: { code: 12, status: 501 },
} as const;

/** A query that the node refuses. */
export class RestError extends Error {
  readonly #kind: keyof typeof CODES;

  constructor(kind: keyof typeof CODES, message: string) {
    super(message);
    this.name = "RestError";
    this.#kind = kind;
  }

  toAnswer(): RestAnswer {
    const { code, status } = CODES[this.#kind];
    return { status, body: { code, message: this.message, details: [] } };
  }
}
