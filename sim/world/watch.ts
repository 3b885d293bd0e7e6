/** Looks at the invariants after every event of a world, and now and then at what its tasks know. Owns when; the rules are `invariants.ts`'s. */
import { isOpen, type Order } from "../../core/order.ts";
import type { CambrianFaults } from "../cambrian-api/faults.ts";
import type { Invariants, TaskKnowledge } from "./invariants.ts";
import type { VenueRecord } from "./venue-record.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { WorldTask } from "./world-task.ts";

/** What a task knows is asked so often; an order may be unknown for 10 s. */
const KNOWLEDGE_MS = 250;

export type Watch = {
  readonly time: VirtualTime;
  readonly invariants: Invariants;
  readonly record: VenueRecord;
  readonly faults: CambrianFaults;
  readonly tasks: readonly WorldTask[];
};

/** Watches until the returned function is called. */
export function watchInvariants({ time, invariants, record, faults, tasks }: Watch): () => void {
  let lookedAtMs = time.nowMs;
  return time.onEvent(() => {
    if (time.nowMs - lookedAtMs >= KNOWLEDGE_MS) {
      lookedAtMs = time.nowMs;
      const knowledge = tasks
        .filter(({ process }) => process.state !== "dead")
        .map((task) => knowledgeOf(task, faults));
      invariants.checkKnown(time.nowMs, knowledge, (order) => faults.orders.isShown(order));
    }
    if (invariants.violation !== undefined) invariants.assertHeld(record.tail());
  });
}

/** A task without an epoch is not in charge yet: it may not ask, let alone act. */
function knowledgeOf(task: WorldTask, faults: CambrianFaults): TaskKnowledge {
  const { name, process, links } = task;
  const { engine, epoch, phase } = task.task.charge;
  const { venue } = links;
  // What a start has listed is known to nobody before it has ended: the engine comes after it.
  const mustEnd = phase === "starting";
  return {
    name,
    get reachesVenue() {
      const isLineGood = venue.isGood && tendsOrders(task) && process.canSign;
      const isHindered = faults.disturbs("orders") || (mustEnd && faults.disturbs("cancel"));
      return process.state === "running" && isLineGood && epoch !== null && !isHindered;
    },
    isKnown: (clientOrderId) => engine?.markets.some(({ orders }) => isKnownOpen(orders.find(clientOrderId))) ?? false,
  };
}

/** A start keeps quiet and reads the table before it asks for orders, let alone ends them. */
export function tendsOrders(task: WorldTask): boolean {
  const { epoch, phase } = task.task.charge;
  return phase === "running" || (epoch !== null && hasBegun(task, "end our open orders"));
}

function hasBegun(task: WorldTask, step: string): boolean {
  return task.task.charge.startup.some((each) => each.step === step && each.state !== "waiting");
}

function isKnownOpen(order: Order | undefined): boolean {
  return order !== undefined && isOpen(order);
}
