/**
 * Where Grafana is and the token for it (CONTRACTS 9): from the variables, or from Secrets Manager. Owns where they come from; what is
 * asked there is the functions' matter.
 */
import * as z from "zod";
import { InputError } from "../core/errors.ts";
import { makeSecretReader, type ReadSecret } from "./cambrian-keys.ts";
import type { Environment } from "./environment.ts";
import { readSecretFields } from "./secret-fields.ts";

export type GrafanaAccess = {
  /** Scheme, host and perhaps a path, without a slash at the end. */
  readonly url: string;
  /** A service account's token of the stack. */
  readonly apiKey: string;
  /** Where alerts go, as the secret has it; the functions' own variables win. Empty for none. */
  readonly alertWebhookUrl: string;
  readonly alertEmails: string;
};

const schema = z.object({
  url: z.string(),
  apiKey: z.string().regex(/^[\x21-\x7e]{1,1024}$/),
  alertWebhookUrl: z.string().default(""),
  alertEmails: z.string().default(""),
});
const EXAMPLE = '{"url":"https://….grafana.net","apiKey":"glsa_…"}';

/** What reads the access each time it is asked; undefined from it means that it is not configured. Variables win over the secret. */
export function makeGrafanaAccess(
  environment: Environment,
  readSecret: ReadSecret = makeSecretReader(),
): () => Promise<GrafanaAccess | undefined> {
  const url = environment["GRAFANA_URL"] ?? "";
  const apiKey = environment["GRAFANA_API_KEY"] ?? "";
  if (url !== "" && apiKey !== "") {
    const access = { url: parseUrl(url, "GRAFANA_URL"), apiKey, alertWebhookUrl: "", alertEmails: "" };
    return async () => access;
  }
  const arn = environment["GRAFANA_SECRET_ARN"] ?? "";
  return async () => {
    if (arn === "") return undefined;
    const fields = await readSecretFields(readSecret, { arn, schema, example: EXAMPLE });
    return fields && { ...fields, url: parseUrl(fields.url, "url of the secret of GRAFANA_SECRET_ARN") };
  };
}

function parseUrl(text: string, what: string): string {
  const url = URL.parse(text);
  const isHttp = url !== null && ["http:", "https:"].includes(url.protocol);
  if (!isHttp || url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new InputError({ what, expected: "an https:// address without a query", was: text });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
