import { beforeEach, describe, expect, it } from "vitest";
import { type GrafanaApi, makeGrafanaApi } from "../../../sim/grafana-api/grafana-api.ts";

const TOKEN = "glsa_x";
const FOLDERS = "/apis/folder.grafana.app/v1/namespaces/default/folders";
const DASHBOARDS = "/apis/dashboard.grafana.app/v1/namespaces/default/dashboards";
const POINTS = "/api/v1/provisioning/contact-points";
const GROUP = "/api/v1/provisioning/folder/f/rule-groups/g";

let api: GrafanaApi;
beforeEach(() => {
  api = makeGrafanaApi({ token: TOKEN });
});

function call(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
  const url = new URL(path, "http://grafana.test");
  return api.answer({
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: { authorization: `Bearer ${TOKEN}`, ...headers },
    body,
  });
}

const folder = (resourceVersion?: string) => ({
  apiVersion: "folder.grafana.app/v1",
  kind: "Folder",
  metadata: { name: "f", ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  spec: { title: "F" },
});
const dashboard = (folderUid: string) => ({
  apiVersion: "dashboard.grafana.app/v1",
  kind: "Dashboard",
  metadata: { name: "d", annotations: { "grafana.app/folder": folderUid } },
  spec: { title: "D", schemaVersion: 42 },
});
const point = { uid: "p", name: "ops", type: "email", settings: { addresses: "a@b.test" } };
const query = {
  refId: "A",
  queryType: "",
  relativeTimeRange: { from: 600, to: 0 },
  datasourceUid: "grafanacloud-prom",
  model: { refId: "A", expr: "up" },
};
const threshold = {
  refId: "C",
  relativeTimeRange: { from: 0, to: 0 },
  datasourceUid: "__expr__",
  model: { refId: "C", type: "threshold", expression: "A", conditions: [{ evaluator: { type: "gt", params: [1] } }] },
};
const rule = {
  uid: "r",
  orgID: 1,
  folderUID: "f",
  ruleGroup: "g",
  title: "R",
  condition: "C",
  data: [query, threshold],
  for: "1m",
  noDataState: "OK",
  execErrState: "Error",
};
const group = (...rules: readonly unknown[]) => ({ title: "g", folderUid: "f", interval: 60, rules });
const receiver = (name: string) => ({ receiver: name, group_by: ["alertname", "grafana_folder"] });

describe("the simulated Grafana", () => {
  it("answers its health to everybody, and all else to its token alone", () => {
    expect(call("GET", "/api/health", undefined, { authorization: "" })).toMatchObject({ status: 200 });
    expect(call("GET", "/api/datasources", undefined, { authorization: "Bearer glsa_y" })).toMatchObject({
      status: 401,
    });
    expect(call("GET", "/api/alerts")).toMatchObject({ status: 404 });
  });

  it("tells an object that is not there from an API that is not there", () => {
    expect(call("GET", `${FOLDERS}/f`)).toMatchObject({
      status: 404,
      body: { reason: "NotFound", details: { name: "f" } },
    });
    const elsewhere = FOLDERS.replace("/v1/", "/v2/");
    expect(call("GET", `${elsewhere}/f`)).toEqual({ status: 404, body: "404 page not found\n" });
  });

  it("takes an object once by POST, and by PUT on the version that stands", () => {
    expect(call("POST", FOLDERS, folder())).toMatchObject({ status: 201 });
    expect(call("POST", FOLDERS, folder())).toMatchObject({ status: 409, body: { reason: "AlreadyExists" } });
    expect(call("PUT", `${FOLDERS}/f`, folder("1"))).toMatchObject({ status: 200 });
    expect(call("PUT", `${FOLDERS}/f`, folder("1"))).toMatchObject({ status: 409, body: { reason: "Conflict" } });
    expect(call("PUT", `${FOLDERS}/f`, folder())).toMatchObject({ status: 200 });
  });

  it("puts a dashboard into a folder that is there alone", () => {
    expect(call("POST", DASHBOARDS, dashboard("f"))).toMatchObject({ status: 400 });
    call("POST", FOLDERS, folder());
    expect(call("POST", DASHBOARDS, dashboard("f"))).toMatchObject({ status: 201 });
  });

  it("answers a classic write on an old version with 412, unless it overwrites", () => {
    const write = (more: Readonly<Record<string, unknown>>) =>
      call("POST", "/api/dashboards/db", {
        dashboard: { id: null, uid: "d", title: "D", schemaVersion: 42, version: 1 },
        ...more,
      });
    expect(write({})).toMatchObject({ status: 200 });
    expect(write({})).toMatchObject({ status: 200 });
    expect(write({})).toMatchObject({ status: 412, body: { status: "version-mismatch" } });
    expect(write({ overwrite: true })).toMatchObject({ status: 200 });
    expect(call("POST", "/api/folders", { uid: "f", title: "F" })).toMatchObject({ status: 200 });
    expect(call("POST", "/api/folders", { uid: "f", title: "F" })).toMatchObject({ status: 412 });
    expect(call("PUT", "/api/folders/f", { title: "G", version: 7 })).toMatchObject({ status: 412 });
  });

  describe("with a folder", () => {
    beforeEach(() => void call("POST", FOLDERS, folder()));

    it("replaces a rule group as a whole, and without rules its interval alone", () => {
      const other = { ...rule, uid: "s", title: "S" };
      expect(call("PUT", GROUP, group(rule, other))).toMatchObject({ status: 200 });
      expect(call("PUT", GROUP, group(other))).toMatchObject({ status: 200, body: { rules: [{ uid: "s" }] } });
      const { rules: _, ...bare } = group();
      expect(call("PUT", GROUP, { ...bare, interval: 120 })).toMatchObject({
        status: 200,
        body: { interval: 120, rules: [{ uid: "s", provenance: "api" }] },
      });
    });

    it.each<[string, Readonly<Record<string, unknown>>, string]>([
      [
        "a receiver that is not there",
        { notification_settings: receiver("nobody") },
        'receiver "nobody" does not exist',
      ],
      [
        "grouping without the folder",
        { notification_settings: { receiver: "ops", group_by: ["alertname"] } },
        "group_by",
      ],
      [
        "a data source that is not there",
        { data: [{ ...query, datasourceUid: "x" }, threshold] },
        "data source x not found",
      ],
      ["a condition that names nothing", { condition: "Z" }, "condition must name"],
      [
        "an expression that names nothing",
        { data: [{ ...query, refId: "B", model: { refId: "B" } }, threshold] },
        "names A",
      ],
      [
        "two thresholds in one",
        { data: [query, { ...threshold, model: { ...threshold.model, conditions: [] } }] },
        "expression C",
      ],
      ["a duration that is none", { for: "soon" }, "for"],
      ["a panel without its dashboard", { annotations: { __panelId__: "4" } }, "__dashboardUid__"],
      ["a field that nobody knows", { noDataStat: "OK" }, "noDataStat"],
      ["another group's name", { ruleGroup: "h" }, "another folder or group"],
    ])("refuses a rule with %s", (_what, change, expected) => {
      call("POST", POINTS, point);
      const answer = call("PUT", GROUP, group({ ...rule, ...change }));
      expect(answer.status).toBe(400);
      expect(JSON.stringify(answer.body)).toContain(expected.replaceAll('"', '\\"'));
      expect(api.store.groups.size).toBe(0);
    });

    it("keeps what came by a call from being turned into a thing made by hand, and takes over the reverse", () => {
      const byHand = { "x-disable-provenance": "true" };
      call("PUT", GROUP, group(rule), byHand);
      expect(call("PUT", GROUP, group(rule))).toMatchObject({ status: 200 });
      expect(call("PUT", GROUP, group(rule), byHand)).toMatchObject({
        status: 409,
        body: { message: "cannot change provenance from 'api' to ''" },
      });
      call("POST", POINTS, point);
      expect(call("PUT", `${POINTS}/p`, point, byHand)).toMatchObject({ status: 409 });
    });

    it("keeps a contact point that a rule names", () => {
      expect(call("POST", POINTS, point)).toMatchObject({ status: 202 });
      expect(call("POST", POINTS, point)).toMatchObject({ status: 409 });
      call("PUT", GROUP, group({ ...rule, notification_settings: receiver("ops") }));
      expect(call("DELETE", `${POINTS}/p`)).toMatchObject({ status: 409 });
      call("PUT", GROUP, group(rule));
      expect(call("DELETE", `${POINTS}/p`)).toMatchObject({ status: 202 });
      expect(call("GET", `${POINTS}?name=ops`)).toMatchObject({ status: 200, body: [] });
    });
  });
});
