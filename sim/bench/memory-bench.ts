/**
 * `memory`: what the deployed task holds after an hour of the market, twenty times as fast. Owns the market's pace, the goals of these lines, and what makes
 * a run void: a task that does not quote holds less.
 */
import type { CloudAddress } from "./cloud-process.ts";
import type { BenchContext } from "./context.ts";
import { DeployedTask } from "./deployed/deployed-task.ts";
import type { MemoryLook } from "./deployed/quick-clock.ts";
import { MidPath } from "./engine/mid-path.ts";
import { VenueLine } from "./engine/venue-line.ts";
import { exactly, makeRow, type Row } from "./row.ts";
import { launch, messageOf } from "./session.ts";
import type { VenueAddress } from "./venue/venue-process.ts";

/** Then a pause of 100 ms is 2 s of the market's, from which on the task believes that it stood still. */
const TIMES = 20;
const HOUR_MS = 3_600_000;
const BOOK_EVERY_MS = 400;
/** The slope is of what comes after it: caches and code have their size by then. */
const SETTLED_MS = 600_000;
/** Of the books so many must lead to an order: each moves the mid, and makes a quote too generous. */
const ORDERS_SHARE_MIN = 0.5;
const MEGABYTE = 2 ** 20;

type Hour = { readonly settled: MemoryLook; readonly end: MemoryLook; readonly books: number; readonly orders: number };

export async function benchMemory({ root, isPinned }: BenchContext): Promise<readonly Row[]> {
  const pinned = { prefix: isPinned ? ["taskset", "-c", "1"] : [] };
  const venue = launch("venue/venue-process.ts", { ...pinned, argument: "1" });
  const cloud = launch("cloud-process.ts", pinned);
  let task: DeployedTask | undefined;
  try {
    const [venueAddress, cloudAddress] = await Promise.all([
      messageOf<VenueAddress>(venue),
      messageOf<CloudAddress>(cloud),
    ]);
    const line = await VenueLine.open(venueAddress.controlPort);
    task = await DeployedTask.start(root, { ...venueAddress, ...cloudAddress });
    const rows = toRows(await passAnHour(task, line));
    line.close();
    return rows;
  } finally {
    await task?.stop();
    for (const child of [venue, cloud]) child.kill();
  }
}

async function passAnHour(task: DeployedTask, line: VenueLine): Promise<Hour> {
  const path = new MidPath();
  const book = () => line.order({ do: "tick", kind: "book", level: path.next(), hot: false });
  // A start needs fresh data, and takes its time: it is not hurried.
  const timer = setInterval(book, BOOK_EVERY_MS);
  await task.quotes.finally(() => clearInterval(timer));
  await line.report();
  task.hurry(TIMES);
  const pass = async (forMs: number): Promise<MemoryLook> => {
    await tickFor(book, forMs);
    return await task.look();
  };
  const settled = await pass(SETTLED_MS);
  const end = await pass(HOUR_MS - SETTLED_MS);
  const { ticks } = await line.report();
  return {
    settled,
    end,
    books: ticks.length,
    orders: ticks.filter(({ requestsMicros }) => requestsMicros.length > 0).length,
  };
}

/** By when each is due, so that a late one delays no other. */
function tickFor(book: () => void, forMs: number): Promise<void> {
  const startMs = performance.now();
  const count = forMs / BOOK_EVERY_MS;
  return new Promise((resolve) => {
    let sent = 0;
    const next = (): void => {
      book();
      sent += 1;
      const dueMs = startMs + (sent * BOOK_EVERY_MS) / TIMES;
      if (sent >= count) resolve();
      else setTimeout(next, Math.max(0, dueMs - performance.now()));
    };
    next();
  });
}

function toRows({ settled, end, books, orders }: Hour): readonly Row[] {
  const voidReasons =
    orders >= ORDERS_SHARE_MIN * books
      ? []
      : [`${orders} of ${books} books led to an order: for most of the hour the task did not quote`];
  const anHour = HOUR_MS / (HOUR_MS - SETTLED_MS);
  return [
    makeRow({
      bench: "memory",
      what: "resident memory of the deployed task after an hour of the market",
      goal: { atMost: 120 },
      figure: exactly(end.rss / MEGABYTE),
      unit: "MB",
      voidReasons,
      notes: [`${megabytes(end.rssBefore)} before V8 gave back what it did not use; ${partsText(end)}`],
    }),
    makeRow({
      bench: "memory",
      what: "growth of the heap, by its last 50 minutes",
      goal: { atMost: 1 },
      figure: exactly((anHour * (end.heap - settled.heap)) / MEGABYTE),
      unit: "MB an hour",
      voidReasons,
      notes: [
        `${(end.heap / MEGABYTE).toFixed(1)} MB of heap after a full collection; resident ${megabytes(settled.rss)} after ten minutes`,
      ],
    }),
  ];
}

function partsText({ rss, anonymous, heapTotal }: MemoryLook): string {
  if (anonymous === undefined) return `${megabytes(heapTotal)} the quoting thread's heap`;
  const files = `${megabytes(rss - anonymous)} the program's and its libraries' files`;
  const rest = `${megabytes(anonymous - heapTotal)} all else: the thread for AWS, and what is outside of heaps`;
  return `of it ${files}, ${megabytes(heapTotal)} the quoting thread's heap, ${rest}`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / MEGABYTE)} MB`;
}
