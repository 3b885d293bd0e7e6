/** The part of `dynalite` (it brings no types) that the local cloud uses. */
declare module "dynalite" {
  import type { Server } from "node:http";

  /** A server of the DynamoDB wire protocol, not yet listening. Without a `path` it keeps everything in memory. */
  function dynalite(options: { readonly path?: string; readonly createTableMs?: number }): Server;
  export = dynalite;
}
