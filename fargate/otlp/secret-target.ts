/**
 * The target of the push out of a secret, read while the task runs: injected at the start, a secret without these fields would keep the
 * task from starting. Owns the reading and what a person is told of it; nothing of what the secret holds is ever told.
 */
import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { withDeadline } from "../deadline.ts";
import type { Clock } from "../seams.ts";
import { type PushTarget, readTarget, SECRET_FIELDS } from "./target.ts";

/** `off` is what the secret says, or that it has no value yet; `unread` that it could not be asked, which says nothing of what it holds. */
export type SecretReading =
  | { readonly type: "target"; readonly target: PushTarget }
  | { readonly type: "off" | "unread"; readonly reason: string };

const READ_WITHIN_MS = 5_000;

/** Never rejects. */
export async function readSecretTarget(
  client: SecretsManagerClient,
  clock: Clock,
  arn: string,
): Promise<SecretReading> {
  let text: string | undefined;
  try {
    const answer = await withDeadline(clock, READ_WITHIN_MS, "read the secret of Grafana", (abortSignal) =>
      client.send(new GetSecretValueCommand({ SecretId: arn }), { abortSignal }),
    );
    text = answer.SecretString;
  } catch (error) {
    return whyNot(error instanceof Error ? error.name : "unknown error");
  }
  return toReading(text ?? "");
}

function whyNot(name: string): SecretReading {
  switch (name) {
    case "ResourceNotFoundException":
      return { type: "off", reason: "the secret of Grafana has no value yet" };
    case "AccessDeniedException":
      return { type: "unread", reason: "the task may not read the secret of Grafana" };
    default:
      return { type: "unread", reason: `the secret of Grafana can not be read: ${name}` };
  }
}

function toReading(text: string): SecretReading {
  const fields = parseObject(text);
  if (fields === undefined) return { type: "off", reason: "the secret of Grafana holds no JSON object" };
  const target = readTarget((name) => fields.get(name), "field");
  if (target === undefined) return { type: "off", reason: `the secret of Grafana has no ${SECRET_FIELDS}` };
  if ("faults" in target) return { type: "off", reason: `in the secret of Grafana ${target.faults.join("; ")}` };
  return { type: "target", target };
}

function parseObject(text: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? new Map(Object.entries(value)) : undefined;
  } catch {
    // The parser's own words would show what it parsed.
    return undefined;
  }
}
