/** What X answers: data, or problem details (RFC 9457) as it writes them. Owns the forms. */

export type XReply = { readonly status: number; readonly body: unknown };

export function data(status: number, value: unknown): XReply {
  return { status, body: { data: value } };
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Invalid Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  503: "Service Unavailable",
};

export function problem(status: number, detail: string): XReply {
  return { status, body: { title: TITLES[status] ?? "Error", detail, type: "about:blank", status } };
}

/** X answers a limit in the form of its older errors. */
export function limitExceeded(): XReply {
  return { status: 429, body: { errors: [{ code: 88, message: "Rate limit exceeded" }] } };
}
