import { describe, expect, it } from "vitest";
import type { HttpRequest, SocketHandlers } from "../../../fargate/seams.ts";
import type { ServerSocket } from "../../../sim/transport/server-socket.ts";
import { type HostReply, Network } from "../../../sim/world/network.ts";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";
import { WorldProcess } from "../../../sim/world/world-process.ts";

const URL = "http://host.world/v1/thing?a=%2F";
const GET: HttpRequest = { method: "GET", url: URL, headers: { "X-Name": "value" } };
const OK: HostReply = { type: "answer", status: 200, headers: { "Content-Type": "text/plain" }, body: "yes" };

/** One process and one host that writes down what comes and answers in kind. */
function makeNetwork() {
  const time = new VirtualTime();
  const network = new Network(time, 3);
  const process = new WorldProcess("task", time);
  const arrived: string[] = [];
  const effects: number[] = [];
  const sockets: ServerSocket[] = [];
  const said: string[] = [];
  const reply: { value: HostReply } = { value: OK };
  network.serve(URL, {
    callOf: () => "place",
    serve: async (request, from, onEffect) => {
      arrived.push(
        `${from.process} ${request.method} ${request.path} ${request.headers["x-name"]} at ${Math.floor(time.nowMs)}`,
      );
      effects.push(time.nowMs);
      onEffect();
      return reply.value;
    },
    accept: (path, take, refuse) => {
      if (path !== "/stream") return refuse();
      const socket = take();
      socket.on("message", (data) => said.push(`message ${String(data)}`));
      socket.on("ping", (data) => socket.pong(data, false, () => undefined));
      socket.on("pong", () => said.push("pong"));
      socket.on("close", () => said.push("close"));
      sockets.push(socket);
    },
  });
  const access = network.access(process);
  const link = access.link(URL);
  link.latency = { low: 10, high: 10 };
  const outcome = (request: HttpRequest = GET) => {
    const seen: string[] = [];
    access.fetch(request).then(
      ({ status, headers, body }) => seen.push(`${status} ${headers["content-type"]} ${body} at ${time.nowMs}`),
      (error: unknown) => seen.push(`${Reflect.get(Object(error), "code")} at ${time.nowMs}`),
    );
    return seen;
  };
  return { time, network, process, access, link, arrived, sockets, said, reply, outcome };
}

describe("a request", () => {
  it("arrives as it was sent and its answer comes back, each in its time", async () => {
    const { time, arrived, outcome } = makeNetwork();
    const seen = outcome();
    await time.pass(100);
    expect(arrived).toEqual(["task GET /v1/thing?a=%2F value at 10"]);
    expect(seen).toEqual(["200 text/plain yes at 20"]);
  });

  it("up to 200 ms each way it arrives within its bounds, and the same seed draws the same", async () => {
    const run = async () => {
      const { time, link, outcome } = makeNetwork();
      link.latency = { low: 0, high: 200 };
      const all = Array.from({ length: 20 }, () => outcome());
      await time.pass(401);
      return all.map(([first]) => Number(first?.split(" at ")[1]));
    };
    const first = await run();
    expect(first.every((ms) => ms >= 0 && ms <= 400)).toBe(true);
    expect(new Set(first).size).toBe(20);
    expect(await run()).toEqual(first);
  });

  it("that is lost never arrives, one whose answer is lost does", async () => {
    const { time, link, arrived, outcome } = makeNetwork();
    link.lose("request", "place");
    const lost = outcome();
    link.lose("reply");
    await time.pass(5);
    const unanswered = outcome();
    await time.pass(1_000);
    expect([lost, unanswered]).toEqual([[], []]);
    expect(arrived).toHaveLength(1);
    const third = outcome();
    await time.pass(100);
    expect(third).toHaveLength(1);
  });

  it("that is given up rejects at once, and has its effect all the same", async () => {
    const { time, arrived, outcome } = makeNetwork();
    const controller = new AbortController();
    const seen = outcome({ ...GET, signal: controller.signal });
    await time.pass(5);
    controller.abort();
    await time.pass(100);
    expect(seen).toEqual(["ABORTED at 5"]);
    expect(arrived).toHaveLength(1);
  });

  it("whose fence names a reason is not written", async () => {
    const { time, arrived, outcome } = makeNetwork();
    const fenced: HttpRequest & { fence: () => string | undefined } = { ...GET, fence: () => "the lease is lost" };
    const seen = outcome(fenced);
    await time.pass(100);
    expect(seen).toEqual(["FENCED at 0"]);
    expect(arrived).toEqual([]);
  });

  it("that waits for a connection asks its fence when one is there, and is not written once it is given up", async () => {
    const { time, network, access, arrived, outcome } = makeNetwork();
    const connected = network.weather(URL).impair({ connecting: { low: 500, high: 500 } });
    let reason: string | undefined;
    const asked: number[] = [];
    const fence = () => {
      asked.push(time.nowMs);
      return reason;
    };
    const seen = outcome({ ...GET, fence });
    time.after(100, () => {
      reason = "halted";
    });
    await time.pass(1_000);
    expect(asked).toEqual([500]);
    expect(seen).toEqual(["FENCED at 500"]);
    const controller = new AbortController();
    const given = access.fetch({ ...GET, signal: controller.signal }).catch((error: unknown) => error);
    time.after(505, () => controller.abort());
    await time.pass(2_000);
    expect(arrived).toEqual([]);
    expect(await given).toMatchObject({ code: "ABORTED" });
    connected();
    outcome();
    await time.pass(100);
    expect(arrived).toHaveLength(1);
  });

  it("finds nobody where no host is, a cut line where the host resets, nothing where it is silent", async () => {
    const { time, network, link, reply, outcome } = makeNetwork();
    expect(link.reachability).toBe("up");
    reply.value = { type: "reset" };
    const reset = outcome();
    await time.pass(100);
    reply.value = { type: "silence" };
    const silent = outcome();
    await time.pass(100);
    network.setReachability(URL, "refused");
    const refused = outcome();
    await time.pass(100);
    network.setReachability(URL, "silent");
    const unheard = outcome();
    const elsewhere = outcome({ ...GET, url: "http://nowhere.world/" });
    await time.pass(100);
    expect(reset).toEqual(["ECONNRESET at 20"]);
    expect([silent, unheard]).toEqual([[], []]);
    expect(refused[0]).toContain("ECONNREFUSED");
    expect(elsewhere[0]).toContain("ECONNREFUSED");
  });
});

describe("a crash in a request", () => {
  it.each([
    ["before-write", 0],
    ["after-write", 1],
    ["after-effect", 1],
    ["answer-arrived", 1],
  ] as const)("%s: nothing comes back, and it arrived %i times", async (moment, times) => {
    const { time, process, arrived, outcome } = makeNetwork();
    process.crashAt({ moment, call: "place", nth: 2 });
    const first = outcome();
    await time.pass(100);
    expect(first).toHaveLength(1);
    const second = outcome();
    await time.pass(100);
    expect(second).toEqual([]);
    expect(process.state).toBe("dead");
    expect(arrived).toHaveLength(1 + times);
  });

  it("a process frozen before its write asks its fence at the thaw, and not before", async () => {
    const { time, process, arrived, outcome } = makeNetwork();
    let isLeaseLost = false;
    const fence = () => (isLeaseLost ? "the lease is lost" : undefined);
    process.freezeAt({ moment: "before-write", call: "place", nth: 1 });
    const fenced: HttpRequest & { fence: () => string | undefined } = { ...GET, fence };
    const seen = outcome(fenced);
    await time.pass(10_000);
    isLeaseLost = true;
    process.thaw();
    await time.pass(100);
    expect(seen).toEqual(["FENCED at 10000"]);
    expect(arrived).toEqual([]);
  });

  it("what comes for a frozen process is read at the thaw", async () => {
    const { time, process, outcome } = makeNetwork();
    const seen = outcome();
    await time.pass(5);
    process.freeze();
    await time.pass(995);
    expect(seen).toEqual([]);
    process.thaw();
    await time.pass(0);
    expect(seen).toEqual(["200 text/plain yes at 1000"]);
  });
});

describe("a WebSocket", () => {
  function open(world: ReturnType<typeof makeNetwork>, path = "/stream") {
    const heard: string[] = [];
    const handlers: SocketHandlers = {
      onOpen: () => heard.push("open"),
      onMessage: (data) => heard.push(data.toString("utf8")),
      onPong: () => heard.push("pong"),
      onClose: (reason) => heard.push(`close: ${reason}`),
    };
    const socket = world.access.connect(`ws://host.world${path}`, handlers);
    return { heard, socket };
  }

  it("opens, carries frames both ways in order, answers pings, and ends on both sides", async () => {
    const world = makeNetwork();
    world.link.latency = { low: 0, high: 200 };
    const { heard, socket } = open(world);
    await world.time.pass(500);
    for (const text of ["1", "2", "3"]) socket.send(text);
    for (const text of ["a", "b", "c"]) world.sockets[0]?.send(text);
    socket.ping();
    world.sockets[0]?.ping(undefined, false, () => undefined);
    await world.time.pass(2_000);
    expect(heard).toEqual(["open", "a", "b", "c", "pong"]);
    expect(world.said).toEqual(["message 1", "message 2", "message 3", "pong"]);
    socket.terminate();
    socket.send("too late");
    await world.time.pass(500);
    expect(heard.at(-1)).toBe("close: closed with 1006");
    expect(world.said.at(-1)).toBe("close");
  });

  it("ends when the server ends it, after what was sent before", async () => {
    const world = makeNetwork();
    const { heard } = open(world);
    await world.time.pass(100);
    world.sockets[0]?.send("last words");
    world.sockets[0]?.close(1008, "unauthorized");
    await world.time.pass(100);
    expect(heard).toEqual(["open", "last words", "close: closed with 1008 unauthorized"]);
    expect(world.said).toEqual(["close"]);
  });

  it("ends for the server when the process crashes, and the process hears nothing", async () => {
    const world = makeNetwork();
    const { heard } = open(world);
    await world.time.pass(100);
    world.process.crash();
    world.sockets[0]?.send("hello?");
    await world.time.pass(100);
    expect(heard).toEqual(["open"]);
    expect(world.said).toEqual(["close"]);
  });

  it("is refused on a path that is not served, and cut when the host is not reached any more", async () => {
    const world = makeNetwork();
    const wrong = open(world, "/elsewhere");
    const { heard } = open(world);
    await world.time.pass(100);
    world.network.setReachability(URL, "refused");
    await world.time.pass(100);
    expect(wrong.heard).toEqual(["close: Unexpected server response: 404"]);
    expect(heard).toEqual(["open", "close: read ECONNRESET"]);
  });

  it("that a hanging host takes over too late ends for it at once", async () => {
    const world = makeNetwork();
    const held: (() => void)[] = [];
    let closes = 0;
    world.network.serve("ws://slow.world", {
      callOf: () => "chain",
      serve: async () => OK,
      accept: (_path, take) => held.push(() => take().on("close", () => (closes += 1))),
    });
    const heard: string[] = [];
    const handlers = {
      onOpen: () => heard.push("open"),
      onMessage: () => {},
      onPong: () => {},
      onClose: () => heard.push("close"),
    };
    const socket = world.access.connect("ws://slow.world/", handlers);
    await world.time.pass(100);
    socket.terminate();
    await world.time.pass(100);
    for (const take of held) take();
    await world.time.pass(100);
    expect(heard).toEqual(["close"]);
    expect(closes).toBe(1);
  });

  it("holds its frames while the line is silent and brings them afterwards", async () => {
    const world = makeNetwork();
    const { heard } = open(world);
    await world.time.pass(100);
    world.link.reachability = "silent";
    world.sockets[0]?.send("1");
    world.sockets[0]?.send("2");
    await world.time.pass(5_000);
    expect(heard).toEqual(["open"]);
    world.link.reachability = "up";
    await world.time.pass(100);
    expect(heard).toEqual(["open", "1", "2"]);
  });
});
