/**
 * The service that keeps one task running, as ECS does: starts another when one has ended, stops the old one beside the new one at a
 * deployment, ends by force what does not end by itself. Owns when tasks begin and end; the end itself is the real `stopper.ts`'s.
 */
import type { Log } from "../../../fargate/log.ts";
import type { Lifecycle, Rng } from "../../../fargate/seams.ts";
import { Stopper } from "../../../fargate/stopper.ts";
import type { TaskSettings } from "../scenario-world.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { WorldTask } from "../world-task.ts";
import { logBetween, type Range } from "./draw.ts";

/** From the end of a task to the start of its successor: noticed, placed, pulled, booted. */
const LAUNCH_MS: Range = { low: 4_000, high: 30_000 };
const SILENT: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export type ServiceInput = {
  readonly time: VirtualTime;
  readonly rng: Rng;
  readonly stopTimeoutMs: number;
  readonly makeTask: (settings: TaskSettings) => WorldTask;
  /** A task has just been told to stop. */
  readonly onStop: (task: WorldTask) => void;
  /** A task of the product said that it has a bug. */
  readonly onBug: (task: WorldTask, error: unknown) => void;
};

type Running = {
  readonly task: WorldTask;
  readonly signal: (reason: string) => void;
  isStopping: boolean;
};

export class EcsService {
  readonly #input: ServiceInput;
  #running: Running[] = [];
  #launches = 0;
  #isOver = false;
  /** No room for a new task, until it is set to false. */
  hasNoCapacity = false;
  #isLaunchDue = false;
  launched = 0;

  constructor(input: ServiceInput) {
    this.#input = input;
  }

  /** Tasks that have not ended, oldest first. */
  get tasks(): readonly WorldTask[] {
    return this.#running.map(({ task }) => task);
  }

  /** Starts a task at once. */
  launch(): WorldTask {
    const { time, makeTask, onBug } = this.#input;
    this.#launches += 1;
    this.launched += 1;
    const stopCallbacks: ((reason: string) => void)[] = [];
    const lifecycle: Lifecycle = {
      onStop: (callback) => stopCallbacks.push(callback),
      onUncaught: () => undefined,
      exit: () => task.process.crash(),
    };
    const task = makeTask({
      name: `task-${this.#launches}`,
      edges: {
        onCrash: (error) => {
          onBug(task, error);
          stopper.crash(error);
        },
        onUseless: (reason) => stopper.end(reason),
      },
    });
    const stopper = new Stopper({ log: SILENT, clock: task.process.clock, lifecycle });
    stopper.watch(task.task);
    const signal = (reason: string) => {
      for (const callback of stopCallbacks) callback(reason);
    };
    const running: Running = { task, signal, isStopping: false };
    this.#running.push(running);
    task.process.onCrash(() => this.#ended(running));
    time.after(0, () => {
      if (task.process.state === "dead") return;
      stopper.follow(task.start()).catch((error: unknown) => {
        if (task.process.state !== "dead") onBug(task, error);
      });
    });
    return task;
  }

  /** Asks a task to end, and ends it by force when it takes too long. */
  stop(task: WorldTask): void {
    const running = this.#running.find((each) => each.task === task);
    if (running === undefined || running.isStopping) return;
    running.isStopping = true;
    task.process.deliver(() => {
      running.signal("SIGTERM");
      this.#input.onStop(task);
    });
    this.#input.time.after(this.#input.stopTimeoutMs, () => task.process.crash());
  }

  /** The old tasks are asked to end, and the new one does not wait for it. */
  deploy(): void {
    for (const { task } of [...this.#running]) this.stop(task);
    this.#launchIfNone();
  }

  /** Starts one more beside those that run. */
  startAnother(): void {
    if (!this.hasNoCapacity) this.launch();
  }

  /** One task shall run: stops those that are too many, starts one where there is none. */
  settle(): void {
    this.hasNoCapacity = false;
    const staying = this.#running.filter(({ isStopping }) => !isStopping);
    for (const { task } of staying.slice(1)) this.stop(task);
    if (staying.length === 0) this.#launchIfNone();
  }

  /** Nothing is started any more, and what runs is asked to end. */
  end(): void {
    this.#isOver = true;
    for (const { task } of [...this.#running]) this.stop(task);
  }

  #ended(running: Running): void {
    this.#running = this.#running.filter((each) => each !== running);
    this.#launchSoon();
  }

  #launchSoon(): void {
    if (this.#isLaunchDue || this.#isOver) return;
    this.#isLaunchDue = true;
    const look = () => {
      this.#isLaunchDue = false;
      if (this.hasNoCapacity) this.#launchSoon();
      else this.#launchIfNone();
    };
    this.#input.time.after(logBetween(this.#input.rng, LAUNCH_MS), look);
  }

  #launchIfNone(): void {
    if (this.#isOver || this.#running.some(({ isStopping }) => !isStopping)) return;
    if (this.hasNoCapacity) this.#launchSoon();
    else this.launch();
  }
}
