/**
 * The order API of the benchmark's venue, written by hand so that it takes little of what is measured: one request a connection at a
 * time, the usual answers of CONTRACTS 3, no signature looked at. Owns its orders, fills and balances.
 */
import { Buffer } from "node:buffer";
import { createServer, type Socket } from "node:net";

type DeskOrder = {
  readonly order_id: string;
  readonly client_order_id: string;
  readonly market_id: string;
  readonly side: "buy" | "sell";
  readonly order_type: "limit";
  readonly price: string;
  readonly quantity: string;
  filled_quantity: string;
  status: "open" | "cancelled";
  readonly created_at: string;
};

type DeskFill = Readonly<Record<string, string>>;

const HEAD_END = "\r\n\r\n";
const CREATED_AT = "2026-01-02T03:04:05.678Z";
const BASE_UNITS = 1_000_000;
const FILLS_PAGE = 500;
const STREAM_PATH = "GET /v1/stream";

export type DeskHandlers = {
  /** A whole request has come; `atMs` is when its last bytes did. */
  readonly onRequest: (atMs: number) => void;
  /** What the stream of our account must say. */
  readonly onStream: (frame: unknown) => void;
  /** A connection that asks for the stream, with its first bytes. */
  readonly onUpgrade: (socket: Socket, bytes: Buffer) => void;
};

export class OrderDesk {
  readonly #handlers: DeskHandlers;
  readonly #open = new Map<string, DeskOrder>();
  readonly #fills: DeskFill[] = [];
  /** What the account has of each base asset beside what it had at first. */
  readonly #positions: Map<string, number>;
  #count = 0;

  constructor(markets: readonly string[], handlers: DeskHandlers) {
    this.#positions = new Map(markets.map((market) => [baseOf(market), 0]));
    this.#handlers = handlers;
  }

  /** The server, not listening yet. */
  server() {
    return createServer({ noDelay: true }, (socket) => {
      let pending = "";
      socket.on("error", () => socket.destroy());
      const take = (bytes: Buffer): void => {
        const atMs = performance.now();
        const text = bytes.toString("latin1");
        if (pending === "" && text.startsWith(STREAM_PATH)) {
          socket.off("data", take);
          this.#handlers.onUpgrade(socket, bytes);
          return;
        }
        pending += text;
        if (!isWhole(pending)) return;
        const request = pending;
        pending = "";
        this.#handlers.onRequest(atMs);
        this.#answer(request, socket);
      };
      socket.on("data", take);
    });
  }

  /** Takes one lot of an open order of that side, and says so on the stream; none is open: nothing happens. */
  fillOne(side: "buy" | "sell"): void {
    for (const order of this.#open.values()) {
      if (order.side !== side || Number(order.filled_quantity) + 1 >= Number(order.quantity)) continue;
      order.filled_quantity = String(Number(order.filled_quantity) + 1);
      const base = baseOf(order.market_id);
      this.#positions.set(base, (this.#positions.get(base) ?? 0) + (side === "buy" ? 1 : -1));
      const fill = {
        fill_id: `F-${this.#fills.length}`,
        order_id: order.order_id,
        client_order_id: order.client_order_id,
        market_id: order.market_id,
        side,
        price: order.price,
        quantity: "1",
        fee: "0.0001",
        fee_asset: "USDC",
        liquidity: "maker",
        timestamp: new Date(Date.parse(CREATED_AT) + this.#fills.length).toISOString(),
      };
      this.#fills.push(fill);
      this.#handlers.onStream({ type: "fill", fill });
      return;
    }
  }

  #answer(request: string, socket: Socket): void {
    const line = request.slice(0, request.indexOf("\r\n"));
    const [method = "", path = ""] = line.split(" ");
    if (method === "POST") this.#place(request, socket);
    else if (method === "DELETE") this.#cancel(path, socket);
    else reply(socket, "200 OK", JSON.stringify(this.#lookUp(path)));
  }

  #place(request: string, socket: Socket): void {
    const body = request.slice(request.indexOf(HEAD_END) + HEAD_END.length);
    const clientOrderId = textOf(body, "client_order_id");
    this.#count += 1;
    const orderId = `O-${this.#count}`;
    reply(
      socket,
      "201 Created",
      `{"order_id":"${orderId}","client_order_id":"${clientOrderId}","status":"open","filled_quantity":"0"}`,
    );
    // Those of the floor and of the usual construction are nobody's to look up.
    if (!clientOrderId.startsWith("fm-")) return;
    this.#open.set(orderId, {
      order_id: orderId,
      client_order_id: clientOrderId,
      market_id: textOf(body, "market_id"),
      side: textOf(body, "side") === "buy" ? "buy" : "sell",
      order_type: "limit",
      price: textOf(body, "price"),
      quantity: textOf(body, "quantity"),
      filled_quantity: "0",
      status: "open",
      created_at: CREATED_AT,
    });
  }

  #cancel(path: string, socket: Socket): void {
    const orderId = path.slice(path.lastIndexOf("/") + 1);
    const order = this.#open.get(orderId);
    reply(socket, "200 OK", `{"order_id":"${orderId}","status":"cancelled"}`);
    if (order === undefined) return;
    this.#open.delete(orderId);
    order.status = "cancelled";
    this.#handlers.onStream({ type: "order", order });
  }

  #lookUp(path: string): unknown {
    const asked = new URL(path, "http://desk").searchParams;
    const isAskedFor = (each: { readonly market_id?: string }) =>
      !asked.has("market_id") || each.market_id === asked.get("market_id");
    if (path.startsWith("/v1/orders?")) {
      const wanted = asked.get("client_order_id");
      const orders = [...this.#open.values()].filter(isAskedFor);
      return { orders: wanted === null ? orders : orders.filter((order) => order.client_order_id === wanted) };
    }
    if (path.startsWith("/v1/fills")) {
      const after = Number(asked.get("after") ?? 0);
      const page = this.#fills.slice(after, after + FILLS_PAGE);
      return { fills: page.filter(isAskedFor), next_cursor: String(after + page.length) };
    }
    if (path.startsWith("/v1/account")) {
      const amounts = [...this.#positions, ["USDC", 0] as const];
      return {
        account_id: "bench",
        balances: amounts.map(([asset, more]) => {
          const amount = String(BASE_UNITS + more);
          return { asset, total: amount, available: amount };
        }),
      };
    }
    // What a Sei node says of an address without anything.
    return { balances: [], orders: [], pagination: { next_key: null, total: "0" } };
  }
}

function baseOf(market: string): string {
  return market.slice(0, market.indexOf("/"));
}

function isWhole(request: string): boolean {
  const end = request.indexOf(HEAD_END);
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(request.slice(0, end + 2))?.[1] ?? "0";
  return request.length >= end + HEAD_END.length + Number(length);
}

/** Of a JSON body as every client here writes it: without spaces, and no quote inside a text. */
function textOf(body: string, name: string): string {
  const mark = `"${name}":"`;
  const start = body.indexOf(mark) + mark.length;
  return start < mark.length ? "" : body.slice(start, body.indexOf('"', start));
}

function reply(socket: Socket, status: string, body: string): void {
  socket.write(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    "latin1",
  );
}
