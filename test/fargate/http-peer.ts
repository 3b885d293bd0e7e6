import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";

export const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** A server that shows each connection's bytes and answers by hand. */
export class Peer {
  readonly server: Server;
  readonly sockets: Socket[] = [];
  readonly requests: string[] = [];
  onRequest: (socket: Socket, text: string) => void = (socket) => socket.write(OK);

  constructor() {
    this.server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => {
        this.requests.push(bytes.toString("utf8"));
        this.onRequest(socket, bytes.toString("utf8"));
      });
    });
  }

  async listen(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
