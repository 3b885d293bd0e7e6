/** The engine's end of the line to the venue's process (`venue/venue-order.ts`). Owns the connection and whose turn it is to answer. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { VenueOrder, VenueReport } from "../venue/venue-order.ts";

export class VenueLine {
  readonly #socket: Socket;
  #onReport: ((report: VenueReport) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => this.#onReport?.(JSON.parse(line)));
  }

  static async open(port: number): Promise<VenueLine> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    return new VenueLine(socket);
  }

  order(order: VenueOrder): void {
    this.#socket.write(`${JSON.stringify(order)}\n`);
  }

  /** What was measured since the last report. */
  async report(): Promise<VenueReport> {
    const report = new Promise<VenueReport>((resolve) => {
      this.#onReport = resolve;
    });
    this.order({ do: "report" });
    return await report;
  }
  close(): void {
    this.#socket.destroy();
  }
}
