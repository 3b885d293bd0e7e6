/**
 * The bucket of the reports as a host of the simulated network, and a client of it for a process. Owns the objects; what is wrong with the way
 * there is the network's.
 */
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { Fetch } from "../../fargate/seams.ts";
import type { ReportBucket } from "../../lambdas/hourly-report/chart-store.ts";
import type { Host, HostReply, HostRequest, Network } from "./network.ts";

export const FILES_URL = "http://files.world";

/** As `lambdas/aws-clients.ts` gives the client of files; the SDK's own further attempts are left out. */
const FILE_MILLIS_MAX = 10_000;
const OBJECTS_MAX = 10_000;

export class FileHost implements Host {
  readonly #objects = new Map<string, string>();

  constructor(network: Network) {
    network.serve(FILES_URL, this);
  }

  /** The bytes of an object. */
  read(key: string): Buffer | undefined {
    const object = this.#objects.get(`/${key}`);
    return object === undefined ? undefined : Buffer.from(object, "latin1");
  }

  callOf(): "files" {
    return "files";
  }

  async serve({ method, path, body }: HostRequest, _from: unknown, onEffect: () => void): Promise<HostReply> {
    if (method === "PUT" && this.#objects.size < OBJECTS_MAX) this.#objects.set(path, body);
    const object = this.#objects.get(path);
    onEffect();
    if (object === undefined) return { type: "answer", status: 404, headers: {}, body: "" };
    return { type: "answer", status: 200, headers: {}, body: method === "GET" ? object : "" };
  }

  accept(_path: string, _take: unknown, refuse: () => void): void {
    refuse();
  }
}

/** The bucket as a process reaches it. */
export function reachBucket(exchange: Fetch): ReportBucket {
  const ask = async (method: "GET" | "PUT", key: string, body?: Uint8Array | string) => {
    const signal = AbortSignal.timeout(FILE_MILLIS_MAX);
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const sent = { method, url: `${FILES_URL}/${key}`, headers: {}, signal };
    const answer = await exchange(bytes === undefined ? sent : { ...sent, body: bytes });
    if (answer.status !== 200) throw new Error(`the bucket answers ${answer.status} to ${method} ${key}`);
    return answer.body;
  };
  const send = async (command: unknown): Promise<unknown> => {
    if (command instanceof PutObjectCommand) {
      const { Key = "", Body } = command.input;
      await ask("PUT", Key, Body instanceof Uint8Array || typeof Body === "string" ? Body : "");
      return {};
    }
    const key = command instanceof GetObjectCommand ? (command.input.Key ?? "") : "";
    const bytes = Buffer.from(await ask("GET", key), "latin1");
    return { Body: { transformToByteArray: async () => bytes } };
  };
  return { name: "reports", client: { send } };
}
