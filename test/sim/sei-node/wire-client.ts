/** A bare client of a node's WebSocket: what came, in order, as text. */
import { type ClientOptions, WebSocket } from "ws";

export type WireClient = {
  readonly socket: WebSocket;
  send(frame: unknown): void;
  /** The next frame, parsed. */
  next(): Promise<Frame>;
  /** The next frame as it came. */
  nextText(): Promise<string>;
  /** Everything that came before the answer to a request sent now. */
  drain(): Promise<readonly Frame[]>;
  subscribe(query: string): Promise<Frame>;
  readonly closed: Promise<void>;
};

export type Frame = {
  readonly jsonrpc?: string;
  readonly id?: number | string | null;
  readonly error?: { readonly code: number; readonly message: string; readonly data: string };
  readonly result?: {
    readonly query?: string;
    readonly events?: readonly { readonly type: string; readonly attributes: Readonly<Record<string, string>> }[];
  };
};

export async function openWireClient(url: string, options: ClientOptions = {}): Promise<WireClient> {
  const socket = new WebSocket(url, options);
  const texts: string[] = [];
  let waiting: ((text: string) => void) | undefined;
  let id = 0;
  socket.on("message", (data) => {
    const text = data.toString();
    if (waiting === undefined) texts.push(text);
    else waiting(text);
    waiting = undefined;
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  socket.on("error", () => {});
  const send = (frame: unknown): void => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  const nextText = (): Promise<string> => {
    const text = texts.shift();
    return text === undefined ? new Promise((resolve) => (waiting = resolve)) : Promise.resolve(text);
  };
  const next = async (): Promise<Frame> => JSON.parse(await nextText());
  return {
    socket,
    send,
    next,
    nextText,
    closed,
    async drain() {
      id += 1;
      const fence = `fence-${id}`;
      send({ jsonrpc: "2.0", id: fence, method: "health" });
      const before: Frame[] = [];
      for (let frame = await next(); frame.id !== fence; frame = await next()) before.push(frame);
      return before;
    },
    subscribe(query) {
      id += 1;
      send({ jsonrpc: "2.0", id, method: "subscribe", params: { query } });
      return next();
    },
  };
}

/** The attributes of the only event of a frame in the shape of CONTRACTS 1. */
export function attributesOf(frame: Frame): Readonly<Record<string, string>> {
  return frame.result?.events?.[0]?.attributes ?? {};
}
