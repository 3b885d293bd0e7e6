/** What a call to Grafana is and what it is answered. Owns the shapes of errors of both its APIs. */

/** A request as it is judged; `body` is parsed JSON, undefined without one. */
export type GrafanaCall = {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
};

export type GrafanaAnswer = {
  readonly status: number;
  /** Sent as JSON; a text as it is. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Ends a call with an error. */
export class GrafanaRefusal extends Error {
  readonly answer: GrafanaAnswer;

  constructor(answer: GrafanaAnswer) {
    super(JSON.stringify(answer.body));
    this.name = "GrafanaRefusal";
    this.answer = answer;
  }
}

/** As the classic API says it. */
export function refuse(status: number, message: string, more: Readonly<Record<string, unknown>> = {}): never {
  throw new GrafanaRefusal({ status, body: { message, ...more } });
}

/** As the `/apis` say it: a Kubernetes status. */
export function refuseObject(
  status: number,
  reason: "NotFound" | "AlreadyExists" | "Conflict" | "Invalid" | "BadRequest",
  about: { readonly group: string; readonly kind: string; readonly name: string; readonly message: string },
): never {
  const { group, kind, name, message } = about;
  const body = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    details: { name, group, kind },
    code: status,
  };
  throw new GrafanaRefusal({ status, body });
}
