/**
 * A simulated Cambrian order API (CONTRACTS 3) over an exchange, whatever the way that leads to it. Owns how its parts stand
 * together, and its key; `server.ts` opens it to real sockets.
 */
import type { Clock, Rng } from "../../fargate/seams.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { CambrianFaults } from "./faults.ts";
import { RequestDesk } from "./request-desk.ts";
import type { Credentials } from "./signature.ts";
import { CambrianCounts, type CambrianStats } from "./stats.ts";
import { CambrianStream } from "./stream.ts";

export type CambrianSettings = Credentials & {
  readonly exchange: Exchange;
  /** Which network's orders are taken; a request for the other is refused with 403. */
  readonly network: "testnet" | "mainnet";
  readonly clock: Clock;
  readonly rng: Rng;
  /** Mean time from arrival to answer, half of it before the call takes effect; 4 ms unless told, 0 for none. */
  readonly latencyMs?: number;
};

export type CambrianParts = {
  readonly desk: RequestDesk;
  readonly stream: CambrianStream;
  readonly faults: CambrianFaults;
  stats(): CambrianStats;
  /** From now on these credentials alone are known; streams of the old ones are cut. */
  rotateKey(credentials: Credentials): void;
  /** Ends the streams and stops listening to the account. */
  stop(): void;
};

/** Makes the API; requests and streams are then handed to its desk and its stream. */
export function makeCambrianApi(settings: CambrianSettings): CambrianParts {
  const { exchange, clock, rng } = settings;
  let known: Credentials = { apiKey: settings.apiKey, secretKey: settings.secretKey };
  const credentials = (): Credentials => known;
  const counts = new CambrianCounts();
  const faults = new CambrianFaults(() => stream.drop());
  const stream = new CambrianStream({ credentials, clock, rng, counts, faults });
  const desk = new RequestDesk({ ...settings, credentials }, counts, faults);
  const stopListening = exchange.onAccountEvent((event) => stream.tell(event));
  return {
    desk,
    stream,
    faults,
    stats: () => counts.read(),
    rotateKey: (next) => {
      known = next;
      stream.drop();
    },
    stop: () => {
      stopListening();
      stream.drop();
    },
  };
}
