import { beforeEach, expect, test } from "vitest";
import { makeXClient, type XOutcome } from "../../../lambdas/hourly-report/x-client.ts";
import { Network } from "../../../sim/world/network.ts";
import { NetworkAgent } from "../../../sim/world/network-agent.ts";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";
import { WorldProcess } from "../../../sim/world/world-process.ts";
import { X_ACCOUNT, X_URL, XHost } from "../../../sim/world/x-host.ts";

/** The smallest image that X takes for one. */
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function makeWorld() {
  const time = new VirtualTime({ isPure: true });
  const network = new Network(time, 7);
  const x = new XHost(time, network);
  const process = new WorldProcess("report-1", time);
  const { fetch: exchange } = network.access(process);
  const makeAgent = () => new NetworkAgent({ time, clock: process.clock, exchange, baseUrl: X_URL });
  return { time, network, x, process, client: makeXClient(X_ACCOUNT, X_URL, undefined, makeAgent) };
}

let world: ReturnType<typeof makeWorld>;
let restore: () => void;

beforeEach(() => {
  world = makeWorld();
  restore = world.time.takeOverTimeouts();
  return () => restore();
});

async function answered<Value>(act: () => Promise<XOutcome<Value>>): Promise<XOutcome<Value>> {
  return await world.time.settled(act(), "X is done with");
}

async function post(text: string): Promise<XOutcome<string>> {
  const { client } = world;
  return await answered(async () => {
    const image = await client.upload(PNG);
    return image.type === "done" ? await client.post(text, image.value) : image;
  });
}

test("X's own client uploads and posts over the simulated network, in virtual time and without a socket", async () => {
  expect(await post("one hour")).toEqual({ type: "done", value: "2000000000000000001" });
  expect(world.x.posts.map(({ text, png }) => [text, png.equals(PNG)])).toEqual([["one hour", true]]);
  expect(world.x.requests).toMatchObject([{ process: "report-1", outcome: "posted", readStatus: 201 }]);
  // Four requests, each of some milliseconds there and back.
  expect(world.time.nowMs).toBeGreaterThan(8);
  expect(world.time.nowMs).toBeLessThan(40);
});

test("an answer that is lost on its way leaves the fate unknown after the client's own time-out, though X has the post", async () => {
  const { client, network, x, time, process } = world;
  const image = await answered(() => client.upload(PNG));
  network.access(process);
  const undo = network.weather(X_URL).impair({ replyLoss: 1 });
  const fromMs = time.nowMs;
  const lost = await answered(() => client.post("one hour", image.type === "done" ? image.value : ""));
  expect(lost).toMatchObject({ type: "unknown" });
  expect(time.nowMs - fromMs).toBeCloseTo(10_000, -2);
  expect(x.posts.length).toBe(1);
  undo();
  expect(await post("one hour")).toMatchObject({ type: "duplicate" });
  expect(x.requests.map(({ outcome, readStatus }) => [outcome, readStatus])).toEqual([
    ["posted", undefined],
    ["duplicate", 403],
  ]);
});

test.each([
  ["a connection that is cut", { type: "reset" }, "unknown", false],
  ["silence", { type: "silence" }, "unknown", false],
  [
    "a page in place of an answer",
    { type: "answer", status: 403, headers: { "content-type": "text/html" }, body: "<html>" },
    "unknown",
    false,
  ],
  [
    "a refusal in X's own form",
    { type: "answer", status: 403, headers: { "content-type": "application/json" }, body: '{"detail":"no"}' },
    "refused",
    true,
  ],
] as const)("%s before anything was done reaches the client as it is", async (_what, reply, type, isProvenUndone) => {
  const { x } = world;
  x.strike({ path: "/2/tweets", when: "before", reply: () => reply }, 1);
  expect(await post("one hour")).toMatchObject({ type });
  expect(x.requests).toMatchObject([{ outcome: "struck", isProvenUndone }]);
  expect(x.posts).toEqual([]);
});

test("a process that dies while X has its request never sees the answer, and time goes on", async () => {
  const { process, time, x } = world;
  process.crashAt({ moment: "after-effect", call: "x", nth: 4 });
  const end = time.after(60_000, () => undefined);
  const outcome = post("one hour");
  await time.pass(1_000);
  expect(process.state).toBe("dead");
  expect(x.posts.length).toBe(1);
  expect(await Promise.race([outcome.catch(() => "never"), "never"])).toBe("never");
  end();
});
