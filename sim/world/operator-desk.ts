/**
 * An operator of a simulated world: requests go the way of EventBridge to the real `lambdas/operator-control`, in virtual time.
 * Owns how long that way takes; what a request means is the function's.
 */
import { applyRequest, type OperatorRequest } from "../../lambdas/operator-control/apply-request.ts";
import type { TableHost } from "./table-host.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** A rule's delivery and a warm function. */
const DELIVERY_MS = 300;

const SILENT = { info: () => undefined, warn: () => undefined };

export class OperatorDesk {
  readonly #time: VirtualTime;
  readonly #table: TableHost;
  readonly #markets: readonly string[];

  constructor(time: VirtualTime, table: TableHost, markets: readonly string[]) {
    this.#time = time;
    this.#table = table;
    this.#markets = markets;
  }

  halt(reason: string, market?: string): void {
    this.#request("Quoting Halt Requested", reason, market);
  }

  resume(reason: string, market?: string): void {
    this.#request("Quoting Resume Requested", reason, market);
  }

  /** The event bears whole seconds, as EventBridge writes them. */
  #request(detailType: OperatorRequest["detail-type"], reason: string, market: string | undefined): void {
    const time = new Date(this.#time.epochMs).toISOString().replace(/\.\d{3}Z$/, "Z");
    const { client, tableName } = this.#table;
    const detail = { reason, ...(market === undefined ? {} : { market }) };
    this.#time.after(DELIVERY_MS, () => {
      const control = { table: { client, tableName }, markets: this.#markets, log: SILENT };
      const request = { "detail-type": detailType, source: "flashmm.operator", time, detail };
      void this.#time.hold(() => applyRequest(control, request));
    });
  }
}
