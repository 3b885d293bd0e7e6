/**
 * A Grafana as its HTTP API shows it, as far as it is provisioned: token, version, data sources, folders, dashboards, contact points, rule
 * groups; and what can go wrong on the way. Owns which call goes where; `server.ts` opens it to real sockets.
 */
import { answerAlerting } from "./alerting-routes.ts";
import { type GrafanaAnswer, type GrafanaCall, GrafanaRefusal, refuse } from "./answer.ts";
import { answerApp } from "./app-routes.ts";
import { answerLegacy } from "./legacy-routes.ts";
import { type GrafanaStore, makeStore } from "./store.ts";

export type GrafanaSettings = {
  /** The service account's token that is taken. */
  readonly token: string;
  readonly version?: string;
  readonly namespace?: string;
  /** Of the `/apis`; none makes a Grafana of before them. */
  readonly appVersions?: readonly string[];
};

/** Met by the next `times` calls whose method and path match, in place of the answer, or after the call has had its effect. */
type GrafanaFault = {
  readonly call: RegExp;
  readonly answer: GrafanaAnswer;
  readonly when: "before" | "after";
  readonly times: number;
};

export type GrafanaApi = {
  readonly store: GrafanaStore;
  /** `<METHOD> <path>` of every call, oldest first; at most the last thousand. */
  readonly calls: readonly string[];
  answer(call: GrafanaCall): GrafanaAnswer;
  inject(fault: GrafanaFault): void;
  /** Does something once, right before the first call that matches: as another person would. */
  meddle(call: RegExp, work: (store: GrafanaStore) => void): void;
};

const CALLS_KEPT = 1_000;

export function makeGrafanaApi(settings: GrafanaSettings): GrafanaApi {
  const { token, version = "13.3.0", namespace = "default", appVersions = ["v1"] } = settings;
  const store = makeStore();
  const calls: string[] = [];
  const faults: { readonly fault: GrafanaFault; left: number }[] = [];
  const meddlers: { readonly call: RegExp; readonly work: (store: GrafanaStore) => void }[] = [];

  const takeFault = (name: string, when: GrafanaFault["when"]): GrafanaAnswer | undefined => {
    const found = faults.find(({ fault, left }) => left > 0 && fault.when === when && fault.call.test(name));
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.fault.answer;
  };
  const serve = (call: GrafanaCall): GrafanaAnswer => {
    if (call.path === "/api/health") return { status: 200, body: { commit: "local", database: "ok", version } };
    if (call.headers["authorization"] !== `Bearer ${token}`) refuse(401, "Invalid API key");
    if (call.path === "/api/frontend/settings") {
      return { status: 200, body: { ...(appVersions.length === 0 ? {} : { namespace }), buildInfo: { version } } };
    }
    if (call.path === "/api/datasources") return { status: 200, body: store.dataSources };
    const app = { namespace, versions: appVersions };
    return (
      answerApp(store, call, app) ??
      answerLegacy(store, call) ??
      answerAlerting(store, call) ??
      refuse(404, "Not found")
    );
  };
  const serveOrRefuse = (call: GrafanaCall): GrafanaAnswer => {
    try {
      return serve(call);
    } catch (error) {
      if (error instanceof GrafanaRefusal) return error.answer;
      throw error;
    }
  };
  const answer = (call: GrafanaCall): GrafanaAnswer => {
    const name = `${call.method} ${call.path}`;
    calls.push(name);
    if (calls.length > CALLS_KEPT) calls.shift();
    const meddler = meddlers.findIndex((each) => each.call.test(name));
    if (meddler >= 0) meddlers.splice(meddler, 1)[0]?.work(store);
    const before = takeFault(name, "before");
    if (before !== undefined) return before;
    const served = serveOrRefuse(call);
    return takeFault(name, "after") ?? served;
  };
  return {
    store,
    calls,
    answer,
    inject: (fault) => void faults.push({ fault, left: fault.times }),
    meddle: (call, work) => void meddlers.push({ call, work }),
  };
}
