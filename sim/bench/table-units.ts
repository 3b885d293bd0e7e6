/**
 * Requests to the table in the units that DynamoDB bills on demand (developer guide, "Read and write request units"): a write a kilobyte of the larger
 * of the item before and after, a consistent read four kilobytes, others half as much; a refused condition costs as much as a write. Owns that arithmetic and the counts.
 */
import { readRow, sizeOfRow } from "../dynamodb-api/attribute-values.ts";
import type { AwsBackend } from "../world/aws-access.ts";

const WRITE_BYTES = 1_024;
const READ_BYTES = 4_096;

type Units = { readonly writes: number; readonly reads: number };

type Body = {
  readonly TableName: string;
  readonly Key?: Readonly<Record<string, unknown>>;
  readonly Item?: Readonly<Record<string, unknown>>;
  readonly ConsistentRead?: boolean;
};

export class UnitCounter {
  readonly backend: AwsBackend;
  readonly #table: AwsBackend;
  #writes = 0;
  #reads = 0;

  /** `table` answers; what is sent to `backend` is counted. */
  constructor(table: AwsBackend) {
    this.#table = table;
    this.backend = async (request) => {
      const target = request.headers["x-amz-target"] ?? "";
      const body: Body = JSON.parse(request.body);
      if (/GetItem$|Query$/.test(target)) {
        const answer = await table(request);
        const { Item, Items = [Item] }: { readonly Item?: unknown; readonly Items?: readonly unknown[] } = JSON.parse(
          answer.body,
        );
        const bytes = Items.reduce((sum: number, item) => sum + sizeOf(item), 0);
        this.#reads += Math.max(1, Math.ceil(bytes / READ_BYTES)) / (body.ConsistentRead === true ? 1 : 2);
        return answer;
      }
      const before = await this.#sizeOfItem(body);
      const answer = await table(request);
      const after = await this.#sizeOfItem(body);
      this.#writes += Math.max(1, Math.ceil(Math.max(before, after) / WRITE_BYTES));
      return answer;
    };
  }

  /** Of everything that `work` asks. */
  async of(work: () => Promise<unknown>): Promise<Units> {
    const [writes, reads] = [this.#writes, this.#reads];
    await work();
    return { writes: this.#writes - writes, reads: this.#reads - reads };
  }

  async #sizeOfItem({ TableName, Key, Item = Key }: Body): Promise<number> {
    const key = { pk: Item?.["pk"], sk: Item?.["sk"] };
    const headers = { "x-amz-target": "DynamoDB_20120810.GetItem" };
    const body = JSON.stringify({ TableName, Key: key, ConsistentRead: true });
    return sizeOf(JSON.parse((await this.#table({ method: "POST", path: "/", headers, body })).body).Item);
  }
}

function sizeOf(item: unknown): number {
  return item === undefined ? 0 : sizeOfRow(readRow(item));
}
