/** The bus that a person's requests go to: that of AWS, or of a local run. Owns how it is found, and the sending of one event. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { EventBridgeClient, type EventBridgeClientConfig, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import { CLOUD_FILE } from "./cloud-file.ts";
import { localClientSettings } from "./local-client.ts";

/** A person waits for this. */
export const PATIENCE = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
} satisfies EventBridgeClientConfig;

export type Bus = { readonly client: EventBridgeClient; readonly name: string; readonly place: string };

const DEFAULT_BUS = "flashmm";

const cloudFile = z.object({ eventsUrl: z.string(), eventBusName: z.string() });

/** The bus of the run that has written its addresses into `dataDir`, or of AWS. Throws `InputError` when there is no such run. */
export function openBus(dataDir: string | undefined): Bus {
  if (dataDir !== undefined) return localBus(dataDir);
  const name = process.env["EVENT_BUS_NAME"] || DEFAULT_BUS;
  return { client: new EventBridgeClient(PATIENCE), name, place: `bus ${name}` };
}

function localBus(dataDir: string): Bus {
  const path = join(resolve(dataDir), CLOUD_FILE);
  try {
    const { eventsUrl, eventBusName } = cloudFile.parse(JSON.parse(readFileSync(path, "utf8")));
    const client = new EventBridgeClient({ ...PATIENCE, ...localClientSettings(eventsUrl) });
    return { client, name: eventBusName, place: `bus ${eventBusName} of the run in ${dataDir}` };
  } catch (cause) {
    throw new InputError({
      what: "--data-dir",
      expected: "the folder of a local run that is running",
      was: dataDir,
      cause,
    });
  }
}

/** Puts a request of `flashmm.operator` on the bus and says so. Rejects when the bus did not take it. */
export async function sendRequest(bus: Bus, detailType: string, detail: object): Promise<string> {
  const text = JSON.stringify(detail);
  const answer = await bus.client.send(
    new PutEventsCommand({
      Entries: [{ EventBusName: bus.name, Source: "flashmm.operator", DetailType: detailType, Detail: text }],
    }),
  );
  const [entry] = answer.Entries ?? [];
  if (entry?.EventId === undefined) throw new Error(`${entry?.ErrorCode ?? "no answer"}: ${entry?.ErrorMessage ?? ""}`);
  return `sent to ${bus.place}: ${detailType} ${text}, event ${entry.EventId}`;
}

/** Connection errors of Node may have no message of their own, only a code. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ("code" in error ? String(error.code) : error.name);
}
