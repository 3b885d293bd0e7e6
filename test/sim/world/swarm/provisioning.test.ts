import { expect, it } from "vitest";
import { contentsOf, GrafanaHost } from "../../../../sim/world/grafana-host.ts";
import { Network } from "../../../../sim/world/network.ts";
import { drawPlan } from "../../../../sim/world/swarm/plan.ts";
import { runSeed } from "../../../../sim/world/swarm/run-seed.ts";
import { VirtualTime } from "../../../../sim/world/virtual-time.ts";

const CHEAP = { blockMs: 2_500, moveMs: 60_000, takeMs: 60_000, levels: 1, depth: "direct" } as const;

it("a Grafana that fails half-way, with runs at once and one that is killed, has what it is to have in the end", async () => {
  const drawn = drawPlan(3, { minutes: 1, only: "grafana/", shape: CHEAP });
  const lasting = { round: 0, lastsMs: 30_000 };
  const trouble = { path: "/rule-groups", when: "after", times: 2, how: "403" };
  const plan = {
    ...drawn,
    episodes: [
      { ...lasting, atMs: 1_000, kind: "grafana/trouble", parameters: trouble },
      { ...lasting, atMs: 2_000, kind: "grafana/killed-at", parameters: { moment: "after-effect", nth: 6 } },
      { ...lasting, atMs: 3_000, kind: "grafana/asked", parameters: { times: 3 } },
    ],
  };
  const { violation, coverage } = await runSeed({ seed: 3, plan });
  expect(violation).toBeUndefined();
  expect(coverage.marks).toMatchObject({ "provisioning failed": expect.any(Number), "provisioning ended": 1 });
  expect(coverage.marks["provisioning done"]).toBeGreaterThanOrEqual(3);
});

it("whoever changes what others have made is told of, and two Grafanas with the same objects are the same", async () => {
  const time = new VirtualTime();
  const host = new GrafanaHost(time, new Network(time, 1));
  const other = new GrafanaHost(time, new Network(time, 1));
  const touched: string[] = [];
  host.onTouched = (what) => touched.push(what);
  const path = "/api/v1/provisioning/contact-points/pager";
  const headers = { authorization: "Bearer glsa_the-token" };
  expect(contentsOf(host.api.store)).toBe(contentsOf(other.api.store));
  const answer = await host.serve({ method: "DELETE", path, headers, body: "" }, undefined, () => undefined);
  expect(answer).toMatchObject({ type: "answer", status: 202 });
  expect(touched).toEqual([`DELETE ${path}`]);
  expect(contentsOf(host.api.store)).not.toBe(contentsOf(other.api.store));
});
