/**
 * Stands between the real WebSocket and whoever reads its frames, so that the floor, the task and the usual construction are fed by the
 * same connection of the same process. Owns the moment at which a frame came, and who gets it.
 */
import type { Connect, SocketHandlers } from "../../../fargate/seams.ts";

export class FeedTap {
  readonly connect: Connect;
  /** When the last frame came, in milliseconds of this process's monotonic clock. */
  atMs = 0;
  /** When all that it led to at once was done. */
  doneMs = 0;
  frames = 0;
  #isOpen = false;
  #sink: ((data: Buffer) => void) | undefined;
  #onFrame: (() => void) | undefined;

  /** `feedUrl` is tapped, all other connections pass. `hold` marks an opening as under way. */
  constructor(input: { readonly connect: Connect; readonly feedUrl: string; readonly hold: () => () => void }) {
    this.connect = (url, handlers) => {
      const opened = input.hold();
      const inner = {
        onOpen: () => {
          handlers.onOpen();
          opened();
        },
        onMessage: handlers.onMessage,
        onPong: () => handlers.onPong(),
        onClose: (reason: string) => {
          opened();
          handlers.onClose(reason);
        },
      };
      if (url !== input.feedUrl) return input.connect(url, inner);
      this.#isOpen = true;
      return input.connect(url, { ...inner, onMessage: (data) => this.#take(data, handlers) });
    };
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Frames go to `sink`, or to the task again. */
  feed(sink: ((data: Buffer) => void) | undefined): void {
    this.#sink = sink;
  }

  /** Calls back once, when the next frame was read and what it led to at once is done. */
  onNextFrame(callback: () => void): void {
    this.#onFrame = callback;
  }

  #take(data: Buffer, task: SocketHandlers): void {
    this.atMs = performance.now();
    this.frames += 1;
    if (this.#sink === undefined) task.onMessage(data);
    else this.#sink(data);
    const callback = this.#onFrame;
    if (callback === undefined) return;
    this.#onFrame = undefined;
    setImmediate(() => {
      this.doneMs = performance.now();
      callback();
    });
  }
}
