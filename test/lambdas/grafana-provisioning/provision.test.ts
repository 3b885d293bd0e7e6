import { describe, expect, it } from "vitest";
import { makeGrafanaWorld, SETTINGS, TOKEN } from "./grafana-world.ts";

const GROUP = "flashmm/flashmm-core";
const RULES = 14;
const NOBODY = { webhookUrl: undefined, emails: [] };

describe("a provisioning", () => {
  it.each([
    ["the current API", { appVersions: ["v1"] }, "apis"],
    ["the current API before it was stable", { appVersions: ["v1beta1"] }, "apis"],
    ["a stack of Grafana Cloud", { namespace: "stacks-123" }, "apis"],
    ["the API before it", { appVersions: [] }, "legacy"],
  ] as const)("makes everything by %s, and a second one changes nothing", async (_what, settings, api) => {
    const world = makeGrafanaWorld(settings);
    const first = await world.provision();
    expect(first).toMatchObject({
      api,
      version: "13.3.0",
      folder: "created",
      dashboard: "created",
      rules: RULES,
      receiver: "flashmm",
      removed: [],
      dataSources: { prometheus: { uid: "grafanacloud-prom" }, cloudWatch: undefined },
    });
    const made = world.describe();
    expect(await world.provision()).toMatchObject({ folder: "unchanged", dashboard: "unchanged", rules: RULES });
    expect(world.describe()).toBe(made);
    expect(world.store.dashboards.get("flashmm-overview")).toMatchObject({ folderUid: "flashmm", version: 1 });
  });

  it("begins with what the next step names, and never writes the policies that others share", async () => {
    const world = makeGrafanaWorld();
    await world.provision();
    expect(world.writes()).toEqual([
      "POST /apis/folder.grafana.app/v1/namespaces/default/folders",
      "POST /api/v1/provisioning/contact-points",
      "POST /api/v1/provisioning/contact-points",
      "POST /apis/dashboard.grafana.app/v1/namespaces/default/dashboards",
      "PUT /api/v1/provisioning/folder/flashmm/rule-groups/flashmm-core",
    ]);
  });

  it("puts in what the functions measure where Grafana can ask CloudWatch", async () => {
    const world = makeGrafanaWorld();
    const cloudWatch = { uid: "cw", name: "CloudWatch", type: "cloudwatch", isDefault: false };
    world.store.dataSources = [...world.store.dataSources, cloudWatch];
    const done = await world.provision();
    expect(done.dataSources.cloudWatch).toEqual({ uid: "cw" });
    expect(JSON.stringify(world.store.dashboards.get("flashmm-overview"))).toContain("flashmm_audit_age_seconds");
  });

  it.each([
    ["none", [], undefined, "grafanacloud-prom"],
    ["the chosen one not", ["grafanacloud-prom"], "mine", "mine"],
    ["two and no choice", ["a", "b"], undefined, "grafanacloud-prom"],
  ])(
    "where Prometheus is missing (%s) makes all but the rules, says so, and is whole once it is there",
    async (_what, uids, wanted, expected) => {
      for (const appVersions of [["v1"], []]) {
        const world = makeGrafanaWorld({ appVersions });
        const sourceOf = (uid: string) => ({ uid, name: uid, type: "prometheus", isDefault: false });
        world.store.dataSources = uids.map(sourceOf);
        await expect(world.provision({ dataSourceUid: wanted })).rejects.toThrow(
          "Grafana's data sources must be one of type prometheus",
        );
        expect([...world.store.folders.keys()]).toEqual(["flashmm"]);
        expect([...world.store.contactPoints.keys()]).toEqual(["flashmm-webhook", "flashmm-email"]);
        expect(JSON.stringify(world.store.dashboards.get("flashmm-overview"))).toContain(`"uid":"${expected}"`);
        expect(world.store.groups.size).toBe(0);
        world.store.dataSources = [sourceOf(expected)];
        expect(await world.provision({ dataSourceUid: wanted })).toMatchObject({
          folder: "unchanged",
          dashboard: "unchanged",
          rules: RULES,
        });
      }
    },
  );

  it("without any target leaves alerts to the stack's own policies", async () => {
    const world = makeGrafanaWorld();
    expect(await world.provision({ targets: NOBODY })).toMatchObject({ receiver: undefined });
    expect(world.store.contactPoints.size).toBe(0);
    expect(JSON.stringify(world.store.groups.get(GROUP))).not.toContain("notification_settings");
  });

  it("takes away a target that is not wanted any more, after the rules have let go of it", async () => {
    const world = makeGrafanaWorld();
    await world.provision();
    const emailOnly = { ...SETTINGS.targets, webhookUrl: undefined };
    expect(await world.provision({ targets: emailOnly })).toMatchObject({ removed: ["flashmm-webhook"] });
    expect([...world.store.contactPoints.keys()]).toEqual(["flashmm-email"]);
    expect(await world.provision({ targets: NOBODY })).toMatchObject({ removed: ["flashmm-email"] });
    expect(world.store.contactPoints.size).toBe(0);
  });
});

describe("drift by hand", () => {
  it.each<[string, (world: ReturnType<typeof makeGrafanaWorld>) => void]>([
    [
      "a dashboard's title",
      ({ store }) => {
        const dashboard = store.dashboards.get("flashmm-overview");
        if (dashboard !== undefined) dashboard.spec["title"] = "mine";
      },
    ],
    [
      "a panel that was added",
      ({ store }) => {
        const panels = store.dashboards.get("flashmm-overview")?.spec["panels"];
        if (Array.isArray(panels)) panels.push({ id: 99, title: "mine", type: "text" });
      },
    ],
    [
      "a field that was added",
      ({ store }) => {
        const dashboard = store.dashboards.get("flashmm-overview");
        if (dashboard !== undefined) dashboard.spec["links"] = [{ title: "mine" }];
      },
    ],
    [
      "a dashboard in another folder",
      ({ store }) => {
        const dashboard = store.dashboards.get("flashmm-overview");
        if (dashboard !== undefined) dashboard.folderUid = "";
      },
    ],
    ["a dashboard that was deleted", ({ store }) => void store.dashboards.delete("flashmm-overview")],
    [
      "a folder's title",
      ({ store }) => void store.folders.set("flashmm", { title: "mine", version: 7, annotations: {} }),
    ],
    ["a rule group that was deleted", ({ store }) => void store.groups.delete(GROUP)],
    [
      "rules that were deleted, changed and added",
      ({ store }) => {
        const group = store.groups.get(GROUP);
        if (group === undefined) return;
        const [first, second, ...others] = group.rules;
        if (first === undefined || second === undefined) return;
        const changed = { ...second, rule: { ...second.rule, for: "9h", isPaused: true } };
        const mine = { ...first, rule: { ...first.rule, uid: "mine", title: "mine" } };
        store.groups.set(GROUP, { ...group, interval: 600, rules: [changed, ...others, mine] });
      },
    ],
    [
      "a contact point that leads elsewhere",
      ({ store }) => {
        const point = store.contactPoints.get("flashmm-webhook");
        if (point !== undefined)
          store.contactPoints.set(point.uid, { ...point, settings: { url: "https://mine.test" } });
      },
    ],
  ])("is undone: %s", async (_what, drift) => {
    for (const appVersions of [["v1"], []]) {
      const world = makeGrafanaWorld({ appVersions });
      await world.provision();
      const made = JSON.parse(world.describe());
      drift(world);
      expect(JSON.parse(world.describe())).not.toEqual(made);
      await world.provision();
      const now = JSON.parse(world.describe());
      for (const part of Object.keys(made)) expect(now[part].sort(), part).toEqual(made[part].sort());
    }
  });

  it("leaves what is others' alone", async () => {
    const world = makeGrafanaWorld();
    const others = {
      uid: "theirs",
      name: "theirs",
      type: "email",
      settings: {},
      disableResolveMessage: false,
    } as const;
    world.store.contactPoints.set("theirs", { ...others, provenance: "" });
    world.store.folders.set("theirs", { title: "Theirs", version: 1, annotations: {} });
    world.store.groups.set("theirs/g", { title: "g", folderUid: "theirs", interval: 60, rules: [] });
    await world.provision();
    await world.provision({ targets: NOBODY });
    expect(world.store.contactPoints.get("theirs")).toMatchObject(others);
    expect(world.store.folders.get("theirs")).toMatchObject({ title: "Theirs" });
    expect(world.store.groups.has("theirs/g")).toBe(true);
  });
});

describe("clashes and faults", () => {
  it("somebody who writes between the look and the write is seen, and the write made again", async () => {
    const world = makeGrafanaWorld();
    await world.provision();
    const touch = () => {
      const dashboard = world.store.dashboards.get("flashmm-overview");
      if (dashboard === undefined) return;
      dashboard.version += 1;
      dashboard.spec["title"] = "theirs";
    };
    touch();
    world.api.meddle(/^PUT .*dashboards\/flashmm-overview$/, touch);
    expect(await world.provision()).toMatchObject({ dashboard: "updated" });
    expect(world.store.dashboards.get("flashmm-overview")?.spec["title"]).toBe("FlashMM");
  });

  it("somebody who does so again and again is named", async () => {
    const world = makeGrafanaWorld();
    await world.provision();
    const touch = () => {
      const dashboard = world.store.dashboards.get("flashmm-overview");
      if (dashboard === undefined) return;
      dashboard.version += 1;
      dashboard.spec["title"] = "theirs";
    };
    touch();
    for (let time = 0; time < 3; time++) world.api.meddle(/^PUT .*dashboards\/flashmm-overview$/, touch);
    await expect(world.provision()).rejects.toThrow("it was changed by others at each of 3 tries");
  });

  it("somebody who makes the folder first is no fault, by either API", async () => {
    for (const appVersions of [["v1"], []]) {
      const world = makeGrafanaWorld({ appVersions });
      world.api.meddle(/^POST .*folders$/, (store) => {
        store.folders.set("flashmm", { title: "FlashMM", version: 1, annotations: {} });
      });
      expect(await world.provision()).toMatchObject({ rules: RULES });
    }
  });

  it.each(["POST .*folders$", "POST .*contact-points$", "POST .*dashboards$", "PUT .*rule-groups"])(
    "an answer to %s that is lost is made up for",
    async (call) => {
      const world = makeGrafanaWorld();
      world.loseAnswers(new RegExp(call), 1);
      expect(await world.provision()).toMatchObject({ rules: RULES });
      const made = world.describe();
      await world.provision();
      expect(world.describe()).toBe(made);
    },
  );

  it.each([
    [429, { "retry-after": "7" }, 7_000],
    [503, {}, 500],
  ])("a %d is waited out", async (status, headers, atLeastMs) => {
    const world = makeGrafanaWorld();
    world.api.inject({ call: /rule-groups/, when: "before", times: 1, answer: { status, body: {}, headers } });
    const startMs = world.timing.monotonicMs();
    expect(await world.provision()).toMatchObject({ rules: RULES });
    expect(world.timing.monotonicMs() - startMs).toBeGreaterThanOrEqual(atLeastMs);
  });

  it("a Grafana that stays away is named after four tries", async () => {
    const world = makeGrafanaWorld();
    const answer = { status: 502, body: "<html>" };
    world.api.inject({ call: /datasources/, when: "before", times: 9, answer });
    await expect(world.provision()).rejects.toThrow("GET /api/datasources: Grafana answered 502 without a reason");
    expect(world.api.calls.filter((call) => call === "GET /api/datasources")).toHaveLength(4);
  });

  it("one that ends anywhere is made up for by the next", async () => {
    const whole = makeGrafanaWorld();
    await whole.provision();
    const { length } = whole.api.calls;
    for (let atCall = 0; atCall < length; atCall++) {
      const world = makeGrafanaWorld();
      const [method = "", path = ""] = whole.api.calls[atCall]?.split(" ") ?? [];
      const answer = { status: 418, body: { message: "the process has ended" } };
      const call = new RegExp(`^${method} ${path}$`);
      world.api.inject({ call, when: "after", times: 1, answer });
      await world.provision().catch(() => undefined);
      await world.provision();
      expect(world.describe()).toBe(whole.describe());
    }
  });

  it.each<
    [string, Parameters<typeof makeGrafanaWorld>[0], (world: ReturnType<typeof makeGrafanaWorld>) => void, string]
  >([
    ["a token that is wrong", { token: "another" }, () => undefined, "Grafana refuses the token (401 Invalid API key)"],
    [
      "a token that may not",
      {},
      (world) => {
        const answer = { status: 403, body: { message: "no permission" } };
        world.api.inject({ call: /contact-points/, when: "before", times: 1, answer });
      },
      "needs the role Admin",
    ],
    ["an old Grafana", { version: "10.4.1" }, () => undefined, 'Grafana\'s version must be 11 or newer, was "10.4.1"'],
    [
      "no data source",
      {},
      (world) => {
        world.store.dataSources = [{ uid: "loki", name: "logs", type: "loki", isDefault: true }];
      },
      "Grafana's data sources must be one of type prometheus",
    ],
    [
      "rules that others have made by hand as theirs",
      {},
      (world) => {
        const rule = { uid: "flashmm-drawdown", title: "theirs" };
        const rules = [{ rule, provenance: "" }] as const;
        world.store.groups.set("theirs/g", { title: "g", folderUid: "theirs", interval: 60, rules });
      },
      "rule flashmm-drawdown is in another group",
    ],
  ])("%s is told in words that say what to do, and no secret", async (_what, settings, arrange, expected) => {
    const world = makeGrafanaWorld(settings);
    arrange(world);
    const error = await world.provision().catch((caught: unknown) => caught);
    expect(String(error)).toContain(expected);
    expect(JSON.stringify(error) + String(error)).not.toMatch(new RegExp(`${TOKEN}|secret-path`));
  });

  it("chooses the data source by uid, the cloud's name, default, or as the only one", async () => {
    const source = (uid: string, isDefault = false) => ({ uid, name: uid, type: "prometheus", isDefault });
    const chosenOf = async (uids: Parameters<typeof source>[0][], wanted?: string, standard?: string) => {
      const world = makeGrafanaWorld();
      world.store.dataSources = uids.map((uid) => source(uid, uid === standard));
      return (await world.provision({ dataSourceUid: wanted })).dataSources.prometheus.uid;
    };
    expect(await chosenOf(["a", "b"], "b")).toBe("b");
    expect(await chosenOf(["a", "grafanacloud-prom"], undefined, "a")).toBe("grafanacloud-prom");
    expect(await chosenOf(["a", "b"], undefined, "b")).toBe("b");
    expect(await chosenOf(["a", "grafanacloud-usage"])).toBe("a");
    await expect(chosenOf(["a", "b"])).rejects.toThrow("GRAFANA_DATASOURCE_UID chooses");
    await expect(chosenOf(["a"], "c")).rejects.toThrow("one of type prometheus with uid c");
  });
});
