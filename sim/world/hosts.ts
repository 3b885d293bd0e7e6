/**
 * The simulated order API and Sei node as hosts of the simulated network: the servers' own lines, reached without sockets.
 * Owns the translation alone.
 */
import type { CambrianParts } from "../cambrian-api/cambrian-api.ts";
import { toRoute } from "../cambrian-api/routes.ts";
import type { EndpointListener, EndpointPort } from "../sei-node/endpoint.ts";
import type { Host, Network } from "./network.ts";
import type { VenueRecord } from "./venue-record.ts";

/** A real server would read no more of a body either. */
const BODY_CHARACTERS_MAX = 64 * 1_024;

/** The network repeats a request within seconds. */
const PLACINGS_KEPT = 1_000;

/** The order API; everything that comes and goes is written into the record. */
export function makeCambrianHost(api: CambrianParts, record: VenueRecord): Host {
  // A refusal proves that a placing was not taken (CONTRACTS 3): then no copy of it may be.
  const mayBeTaken = new Set<string>();
  return {
    callOf: ({ method, path }) => toRoute(method, path).name,
    serve: async (request, from, onEffect) => {
      const arrival = api.desk.arrive(request.method, request.path);
      const body = request.body.length > BODY_CHARACTERS_MAX ? undefined : request.body;
      // What the network repeats is not what a task did: only its effects are written down.
      if (from.isCopy === true) {
        if (arrival.route.name === "place" && !mayBeTaken.has(request.body)) return { type: "reset" };
        const reply = await api.desk.serve(arrival, { headers: request.headers, body });
        return reply.type === "dropped" ? { type: "reset" } : reply;
      }
      const number = record.arrived({ ...from, route: arrival.route.name, ...request });
      if (arrival.route.name === "place") noteIn(mayBeTaken, request.body);
      const reply = await api.desk.serve(arrival, { headers: request.headers, body }, () => {
        record.tookEffect(number);
        onEffect();
      });
      if (reply.type === "answer" && reply.status >= 400 && reply.status < 500) mayBeTaken.delete(request.body);
      record.left(number, reply.type === "answer" ? reply.status : reply.type);
      return reply.type === "dropped" ? { type: "reset" } : reply;
    },
    accept: (path, take, refuse) => {
      if (api.stream.refusal(path) === undefined) api.stream.greet(take());
      else refuse();
    },
  };
}

function noteIn(kept: Set<string>, body: string): void {
  kept.add(body);
  const [oldest] = kept;
  if (kept.size > PLACINGS_KEPT && oldest !== undefined) kept.delete(oldest);
}

/** A place for an endpoint of a simulated node in the network. */
export class NetworkListener implements EndpointListener {
  readonly wsUrl: string;
  readonly restUrl: string;
  readonly #network: Network;

  /** `name` is `host:port`. */
  constructor(network: Network, name: string) {
    this.#network = network;
    this.wsUrl = `ws://${name}/websocket`;
    this.restUrl = `http://${name}`;
  }

  async open(endpoint: EndpointPort): Promise<void> {
    this.#network.serve(this.restUrl, {
      callOf: () => "chain",
      serve: async (request, _from, onEffect) => {
        if (endpoint.refusing) return { type: "reset" };
        const answer = await new Promise<ReturnType<EndpointPort["answer"]>>((resolve) => {
          endpoint.whenRunning(() =>
            resolve(endpoint.answer({ method: request.method, url: request.path, body: request.body })),
          );
        });
        onEffect();
        if (answer === "dropped") return { type: "reset" };
        if (answer === "silence") return { type: "silence" };
        return { type: "answer", ...answer, headers: { "content-type": "application/json", ...answer.headers } };
      },
      accept: (path, take, refuse) => {
        if (endpoint.refusing || path.split("?", 1)[0] !== "/websocket") refuse();
        else endpoint.whenRunning(() => endpoint.connect(take()));
      },
    });
  }

  async close(): Promise<void> {
    this.#network.serve(this.restUrl, undefined);
  }
}
