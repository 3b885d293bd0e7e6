/** The stream and what takes its place: no order waits for a socket. */
import { afterEach, describe, expect, it } from "vitest";
import type { SeiEndpoint } from "../../../sim/sei-node/endpoint.ts";
import { type ChainVenue, MARKET, makeChainVenue } from "./chain-venue.ts";

let open: ChainVenue | undefined;

async function start(nodes = 1): Promise<ChainVenue> {
  open = await makeChainVenue({ nodes });
  await open.blocks(1);
  return open;
}

afterEach(async () => {
  await open?.close();
  open = undefined;
});

const errorsOf = ({ counted }: ChainVenue, kind: string) =>
  counted.get(`flashmm_sei_websocket_errors_total ${kind}`) ?? 0;

describe("an order is told what became of it", () => {
  it.each<[string, (endpoint: SeiEndpoint) => void]>([
    ["breaks", (endpoint) => endpoint.dropSockets()],
    ["ends a subscription", (endpoint) => endpoint.endSubscriptions("tm.event='NewBlock'")],
    ["ends all of them", (endpoint) => endpoint.endSubscriptions()],
    ["says nothing any more", (endpoint) => endpoint.silence(true)],
    [
      "sends what nobody can read",
      (endpoint) =>
        endpoint.sendRaw('{"jsonrpc":"2.0","id":1,"result":{"data":{"type":"tendermint/event/NewBlock","value":{}}}}'),
    ],
    [
      "refuses connections",
      (endpoint) => {
        endpoint.dropSockets();
        endpoint.refuseConnections(true);
      },
    ],
  ])("though the stream %s", async (_, fault) => {
    const world = await start();
    const [endpoint] = world.node.endpoints;
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.time.pass(20);
    fault(endpoint!);
    await world.blocks(3);
    endpoint!.refuseConnections(false);
    await world.blocks(2);
    expect(world.told().at(-1)).toBe("1 seen open #0");
  });
});

it("a stream that says nothing is opened anew, and what it missed is looked up", async () => {
  const world = await start(2);
  world.node.endpoints[0]!.silence(true);
  expect(world.venue.state().streamConnected).toBe(true);
  await world.time.pass(5_000);
  expect(errorsOf(world, "closed")).toBeGreaterThan(0);
  expect(world.venue.state().streamConnected).toBe(true);
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(1);
  expect(world.told()).toEqual(["1 order-sent", "1 seen open #0"]);
});

it("a node that has not seen the last blocks proves nothing absent", async () => {
  const world = await start();
  world.chain.faults.next({ type: "delay", blocks: 1 });
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.time.pass(20);
  world.node.endpoints[0]!.fallBehind(3);
  await world.blocks(4);
  expect(world.told()).not.toContain("1 order-rejected");
  world.node.endpoints[0]!.fallBehind(0);
  await world.blocks(2);
  expect(world.told().at(-1)).toBe("1 seen open #0");
});

it("an index that is behind the state proves nothing absent", async () => {
  let isBlind = true;
  open = await makeChainVenue({ isIndexBlind: () => isBlind });
  const world = open;
  const [endpoint] = world.node.endpoints;
  await world.blocks(1);
  endpoint!.refuseConnections(true);
  endpoint!.dropSockets();
  endpoint!.refuseConnections(false);
  world.chain.faults.next({ type: "lose-answer" });
  world.venue.execute(world.place("buy", 4_200, 10));
  endpoint!.silence(true);
  await world.blocks(12);
  expect(world.told()).toEqual(["1 order-sent", "1 place-unknown"]);
  isBlind = false;
  await world.blocks(2);
  expect(world.told().at(-1)).toBe("1 seen open #0");
});

it("a node that answers with a server's error leaves the outcome unknown until it is well", async () => {
  const world = await start();
  world.node.endpoints[0]!.failRpc(503);
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.time.pass(100);
  expect(world.told()).toEqual(["1 order-sent", "1 place-unknown"]);
  world.node.endpoints[0]!.failRpc(null);
  await world.blocks(4);
  expect(world.told().at(-1)).toBe("1 order-rejected");
  expect((await world.time.settled(world.venue.openOrders(MARKET.symbol), "the open orders")).value).toEqual([]);
});
