/**
 * Where alerts go: the contact point `flashmm`, of a webhook, of e-mail, or of both. Owns its parts and their fixed uids; others' contact
 * points are never touched.
 */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import type { GrafanaClient } from "./grafana-client.ts";

export type AlertTargets = {
  readonly webhookUrl: string | undefined;
  readonly emails: readonly string[];
};

const CONTACT_POINT = "flashmm";
const WEBHOOK_UID = "flashmm-webhook";
const EMAIL_UID = "flashmm-email";
const BASE = "/api/v1/provisioning/contact-points";

const listSchema = z.array(z.object({ uid: z.string(), name: z.string() }));

/** One or more at-signs would pass as one address that nobody has. */
const EMAIL = /^[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+$/;

/** Throws `InputError` on an address that is none. Nothing of the webhook's address is shown: it may hold a secret. */
export function parseTargets(webhookUrl: string, emails: string): AlertTargets {
  const url = URL.parse(webhookUrl);
  if (webhookUrl !== "" && (url === null || !["http:", "https:"].includes(url.protocol))) {
    throw new InputError({ what: "ALERT_WEBHOOK_URL", expected: "an https:// address", was: "something else" });
  }
  const addresses = emails
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const odd = addresses.find((address) => !EMAIL.test(address));
  if (odd !== undefined) {
    throw new InputError({ what: "ALERT_EMAILS", expected: "addresses, comma-separated", was: odd });
  }
  return { webhookUrl: webhookUrl === "" ? undefined : webhookUrl, emails: addresses };
}

/** Writes the parts there are to be, and takes away one of ours that is not to be any more. Answers the name that rules name. */
export async function putContactPoints(client: GrafanaClient, targets: AlertTargets): Promise<string | undefined> {
  const wanted = partsOf(targets);
  const standing = await readOurs(client);
  for (const part of wanted) {
    // Secrets read back as stars, so whether it is the same can not be told: it is written each time.
    const isThere = standing.includes(part.uid) || !(await create(client, part));
    if (isThere) await client.call({ method: "PUT", path: `${BASE}/${part.uid}`, body: part });
  }
  return wanted.length === 0 ? undefined : CONTACT_POINT;
}

/** After the rules: what a rule names can not be taken away. */
export async function removeLeftPoints(client: GrafanaClient, targets: AlertTargets): Promise<readonly string[]> {
  const wanted = partsOf(targets).map(({ uid }) => uid);
  const left = (await readOurs(client)).filter((uid) => !wanted.includes(uid));
  // 409: somebody's own policy uses it.
  for (const uid of left) await client.call({ method: "DELETE", path: `${BASE}/${uid}`, accepts: [404, 409] });
  return left;
}

/** False when it has come to be meanwhile, as by a first try whose answer was lost. */
async function create(client: GrafanaClient, part: ReturnType<typeof partsOf>[number]): Promise<boolean> {
  return (await client.call({ method: "POST", path: BASE, body: part, accepts: [409] })).status !== 409;
}

async function readOurs(client: GrafanaClient): Promise<readonly string[]> {
  const { json } = await client.call({ method: "GET", path: `${BASE}?name=${CONTACT_POINT}` });
  const ours = [WEBHOOK_UID, EMAIL_UID];
  return listSchema.parse(json).flatMap(({ uid }) => (ours.includes(uid) ? [uid] : []));
}

function partsOf({ webhookUrl, emails }: AlertTargets) {
  const webhook = {
    uid: WEBHOOK_UID,
    name: CONTACT_POINT,
    type: "webhook",
    settings: { url: webhookUrl, httpMethod: "POST" },
    disableResolveMessage: false,
  };
  const email = {
    uid: EMAIL_UID,
    name: CONTACT_POINT,
    type: "email",
    settings: { addresses: emails.join(";"), singleEmail: true },
    disableResolveMessage: false,
  };
  return [...(webhookUrl === undefined ? [] : [webhook]), ...(emails.length === 0 ? [] : [email])];
}
