/** How the parts of the local cloud speak to each other: SDK settings for a local endpoint, and free ports of this machine alone. */
import type { Server } from "node:http";
import { LOCAL_REGION } from "./resource-identity.ts";

export const LOCAL_HOST = "127.0.0.1";

/** Any will do: nothing local checks signatures. */
export const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

export type LocalClientSettings = {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

export function localClientSettings(endpoint: string): LocalClientSettings {
  return { endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
}

/** What has every client of a process speak to `endpoint`, as the SDK reads it from the environment. */
export function localEnvironment(endpoint: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
  };
}

/** Listens on a free port and gives the address, e.g. `http://127.0.0.1:40123`. */
export function localAddress(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, LOCAL_HOST, () => {
      server.off("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("a server must have a port"));
      resolve(`http://${LOCAL_HOST}:${address.port}`);
    });
  });
}
