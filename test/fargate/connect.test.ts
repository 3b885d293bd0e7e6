import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { connectWebSocket } from "../../fargate/connect.ts";
import type { Socket } from "../../fargate/seams.ts";

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function startServer(onConnection: (socket: WebSocket, request: IncomingMessage) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
  server.on("connection", onConnection);
  cleanups.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return `ws://127.0.0.1:${portOf(server)}/websocket`;
}

async function startTcp(onData: (write: (text: string) => void, end: () => void) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    onData(
      (text) => socket.write(text),
      () => socket.destroy(),
    );
  });
  cleanups.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `ws://127.0.0.1:${portOf(server)}`;
}

function portOf(server: { address(): unknown }): number {
  const address = server.address();
  if (typeof address !== "object" || address === null || !("port" in address)) throw new Error("no port");
  return Number(address.port);
}

/** Opens a socket and gathers what it brings; `ended` resolves with the reason of its end. */
function open(url: string, onOpen: (socket: Socket) => void = () => {}) {
  const messages: string[] = [];
  const told: string[] = [];
  let wake = (): void => {};
  let finish: (reason: string) => void = () => {};
  const ended = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const socket = connectWebSocket(url, {
    onOpen: () => {
      told.push("open");
      onOpen(socket);
    },
    onMessage: (data) => {
      told.push("message");
      messages.push(data.toString());
      wake();
    },
    onPong: () => {
      told.push("pong");
      wake();
    },
    onClose: (reason) => {
      told.push("close");
      finish(reason);
      wake();
    },
  });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  cleanups.push(() => socket.terminate());
  return { socket, messages, told, ended, until };
}

describe("a socket", () => {
  test("sends text, receives frames and pongs", async () => {
    const url = await startServer((server) => server.on("message", (data) => server.send(`echo ${data}`)));
    const { messages, until, told, socket } = open(url, (opened) => opened.send("subscribe"));
    await until(() => messages.length === 1);
    expect(messages).toEqual(["echo subscribe"]);
    socket.ping();
    await until(() => told.includes("pong"));
  });

  test("does not offer compression", async () => {
    let extensions = "none seen";
    const url = await startServer((server) => {
      ({ extensions } = server);
      server.send("x");
    });
    const { messages, until } = open(url);
    await until(() => messages.length === 1);
    expect(extensions).toBe("");
  });

  test("brings frames of every size up to 1 MiB whole and in order", async () => {
    const sizes = [1, 125, 126, 65_535, 65_536, 200_000, 262_144, 300_000, 1_048_576, 7];
    const frames = sizes.map((size, index) => String.fromCharCode(97 + index).repeat(size));
    const url = await startServer((server) => {
      for (const frame of [...frames, ...frames]) server.send(frame);
    });
    const { messages, until } = open(url);
    await until(() => messages.length === 2 * frames.length);
    expect(messages.every((message, index) => message === frames[index % frames.length])).toBe(true);
  });

  test("brings all frames of one read before anything that the first of them asked for, so that a burst costs one decision", async () => {
    const url = await startServer((server, { socket }) => {
      server.on("message", () => {
        socket.cork();
        for (const frame of ["1", "2", "3", "4", "5"]) server.send(frame);
        socket.uncork();
      });
    });
    const told: string[] = [];
    const decided = Promise.withResolvers<void>();
    const socket = connectWebSocket(url, {
      onOpen: () => socket.send("go"),
      onMessage: (data) => {
        told.push(data.toString());
        // As the quoting loop does it.
        if (told.length > 1) return;
        queueMicrotask(() => {
          told.push("decision");
          decided.resolve();
        });
      },
      onPong: () => undefined,
      onClose: () => undefined,
    });
    cleanups.push(() => socket.terminate());
    await decided.promise;
    expect(told).toEqual(["1", "2", "3", "4", "5", "decision"]);
  });

  test("brings a frame whole that comes in many fragments with pings between them", async () => {
    const parts = Array.from({ length: 300 }, (_, index) => String.fromCharCode(97 + (index % 26)).repeat(2_000));
    const url = await startServer((server) => {
      for (const [index, part] of parts.entries()) {
        server.send(part, { fin: index === parts.length - 1 });
        server.ping("p".repeat(100));
      }
    });
    const { messages, until } = open(url);
    await until(() => messages.length === 1);
    expect(messages[0]).toBe(parts.join(""));
  });

  test("ends by a frame of more than 1 MiB", async () => {
    const url = await startServer((server) => server.send("x".repeat(1_048_577)));
    const { ended, messages } = open(url);
    expect(await ended).toContain("Max payload size exceeded");
    expect(messages).toEqual([]);
  });

  test("tells its end once, and nothing after it", async () => {
    const url = await startServer((server) => {
      for (let i = 0; i < 100; i += 1) server.send(`${i}`);
    });
    const { socket, told, ended, until } = open(url);
    await until(() => told.includes("message"));
    socket.terminate();
    await ended;
    socket.send("too late");
    socket.ping();
    socket.terminate();
    expect(told.filter((what) => what === "close")).toHaveLength(1);
    expect(told.at(-1)).toBe("close");
  });

  test("says with what code and words the peer closed", async () => {
    const url = await startServer((server) => server.close(1001, "restarting"));
    expect(await open(url).ended).toBe("closed with 1001 restarting");
  });
});

describe("an address that is no node", () => {
  test("refuses: the end says so", async () => {
    const url = await startTcp(() => {});
    for (const cleanup of cleanups.splice(0)) cleanup();
    expect(await open(url).ended).toContain("ECONNREFUSED");
  });

  test("answers with HTTP: the end says its status", async () => {
    const url = await startTcp((write) => write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"));
    expect(await open(url).ended).toContain("503");
  });

  test("hangs up: the end comes", async () => {
    const url = await startTcp((_write, end) => end());
    expect(await open(url).ended).not.toBe("");
  });

  test.each(["nonsense", "http2://x", "ws://"])(
    "is no address at all (%s): the end comes, and nothing is thrown",
    async (url) => {
      const { ended, told } = open(url);
      expect(told).toEqual([]);
      expect(await ended).not.toBe("");
    },
  );
});
