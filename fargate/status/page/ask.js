/** Questions to the task. Owns how long an answer may take and what is said when there is none. */

/** An answer that takes longer is none: the page says so rather than show old figures as new. */
const ANSWER_WITHIN_MS = 2_000;

/** The answer's JSON. Throws an error whose message people may read; its `status` is there where the task answered. */
export async function ask(path, { withinMs = ANSWER_WITHIN_MS, ...init } = {}) {
  try {
    const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(withinMs), ...init });
    const body = await response.json();
    if (!response.ok) throw refusal(response.status, body);
    return body;
  } catch (error) {
    if (error.name === "TimeoutError") throw new Error(`no answer within ${withinMs / 1_000} s`);
    if (error.name === "TypeError") throw new Error("no connection");
    throw error;
  }
}

function refusal(status, body) {
  return Object.assign(new Error(body.error?.message ?? `the task answered ${status}`), { status });
}
