/** A real task in the simulated world, with the operator's whole way: bus, rule, `lambdas/operator-control`, table. */
import * as z from "zod";
import { answerRequest } from "../../../lambdas/operator-control/apply-request.ts";
import { startEventBus } from "../../../sim/local/event-bus.ts";
import { quotesBothSides, SYMBOL, startTaskWorld } from "../task-world.ts";
import { busAt, makeOperatorApi, quiet } from "./status-server.ts";

const operatorEvent = z.object({
  "detail-type": z.enum(["Quoting Halt Requested", "Quoting Resume Requested"]),
  source: z.literal("flashmm.operator"),
  id: z.string(),
  time: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

export type OperatedTask = Awaited<ReturnType<typeof startOperatedTask>>;

/** Resolves once it quotes both sides. */
export async function startOperatedTask() {
  await using starting = new AsyncDisposableStack();
  const world = starting.use(await startTaskWorld({ seed: 7, pace: 2 }));
  const { clock, table } = world;
  const events: z.infer<typeof operatorEvent>[] = [];
  const control = { table: { client: table.client, tableName: table.tableName }, markets: [SYMBOL], log: quiet };
  const pattern = {
    source: ["flashmm.operator"],
    "detail-type": ["Quoting Halt Requested", "Quoting Resume Requested"],
  };
  const bus = await startEventBus({
    buses: ["flashmm"],
    rules: [
      { name: "requests", bus: "flashmm", pattern, targets: [{ functionName: "operator-control", input: null }] },
    ],
    clock,
    log: quiet,
    deliver: (_, event) => {
      const request = operatorEvent.parse(event);
      events.push(request);
      void answerRequest(control, request);
      return true;
    },
  });
  starting.defer(() => bus.stop());
  const made = world.makeTask();
  const { task } = made;
  await task.start();
  await quotesBothSides(world, made);
  const running = starting.move();
  return {
    /** What the status server shows. */
    sources: {
      metrics: task.metrics,
      state: () => task.state(),
      health: () => task.health(),
      history: (market: string) => task.history(market),
      operator: makeOperatorApi({ markets: [SYMBOL], bus: busAt(bus.url, clock) }),
    },
    /** Requests that reached the function. */
    events,
    /** At the exchange. */
    openOrders: () => world.exchange.openOrders(SYMBOL).length,
    stop: () => running.disposeAsync(),
  };
}
