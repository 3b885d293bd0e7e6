import { describe, expect, test } from "vitest";
import type { PushSource } from "../../../fargate/otlp/target.ts";
import { ACCOUNT, makePushWorld, SECRET_ARN, secretText } from "./push-world.ts";

const source: PushSource = { type: "secret", arn: SECRET_ARN };
const filled = { text: secretText() };

describe("a target out of the secret", () => {
  test("is read once while all goes well", async () => {
    const { push, collector, secrets, pass } = makePushWorld({ source, held: filled });
    push.start();
    await pass(60);
    expect([collector.takenCount, secrets.readings()]).toEqual([5, 1]);
    expect(push.state().status).toBe("working");
  });

  test.each([
    ["has no value", { error: "ResourceNotFoundException" }, "the secret of Grafana has no value yet"],
    [
      "has Grafana's own fields alone",
      { text: '{"url":"https://a.grafana.net","apiKey":"glsa_x"}' },
      "the secret of Grafana has no otlpUrl, otlpInstanceId, otlpToken",
    ],
    [
      "has part of them",
      { text: secretText({ otlpToken: undefined }) },
      "in the secret of Grafana otlpToken must be 1 to 1024 printable characters without spaces, was absent",
    ],
    [
      "has what the description shows",
      { text: secretText({ otlpUrl: "https://….grafana.net/otlp", otlpInstanceId: "…", otlpToken: "glc_…" }) },
      "in the secret of Grafana otlpUrl must be an https:// address without a query, or an http:// one of this machine, was something else (not shown); otlpInstanceId must",
    ],
    [
      "has a port that no deployed task reaches",
      { text: secretText({ otlpUrl: "https://collector.example:4318" }) },
      "in the secret of Grafana otlpUrl must be on port 443, which a deployed task may reach, was something else (not shown)",
    ],
    ["has a number for a text", { text: secretText({ otlpInstanceId: 12 }) }, "otlpInstanceId must be 1 to 128"],
    ["is no JSON", { text: ACCOUNT.token }, "the secret of Grafana holds no JSON object"],
    ["is a list", { text: `["${ACCOUNT.token}"]` }, "the secret of Grafana holds no JSON object"],
    ["is empty", { text: "" }, "the secret of Grafana holds no JSON object"],
  ])("that %s means off: said once, nothing pushed, nothing of it shown", async (_name, held, reason) => {
    const { push, world, lines, records, secrets, pass } = makePushWorld({ source, held });
    push.start();
    await pass(620);
    expect(push.state()).toMatchObject({ status: "off", pushes: 0, failures: 0 });
    expect(push.state().detail).toContain(reason);
    expect([world.arrivalsMs, lines]).toEqual([[], ["metrics push"]]);
    expect(secrets.readings()).toBe(3);
    expect(JSON.stringify([records, push.state()])).not.toContain(ACCOUNT.token);
  });

  test("that is filled later is taken within five minutes, without a restart", async () => {
    const { push, collector, world, records, pass } = makePushWorld({ source });
    push.start();
    await pass(200);
    world.held = filled;
    await pass(101);
    expect(collector.takenCount).toBe(1);
    expect(records.map(({ fields }) => fields["status"])).toEqual(["off", "working"]);
  });

  test.each([
    ["ThrottlingException", "the secret of Grafana can not be read: ThrottlingException"],
    ["AccessDeniedException", "the task may not read the secret of Grafana"],
  ])("that can not be asked (%s) is asked again after a minute", async (error, detail) => {
    const { push, collector, world, secrets, pass } = makePushWorld({ source, held: { error } });
    push.start();
    await pass(30);
    expect(push.state().detail).toBe(detail);
    world.held = filled;
    await pass(31);
    expect([secrets.readings(), collector.takenCount]).toEqual([2, 1]);
  });

  test("with a token that was changed is read again once the old one is refused", async () => {
    const { push, collector, world, secrets, pass } = makePushWorld({ source, held: filled });
    push.start();
    await pass(80);
    collector.account = { ...ACCOUNT, token: "glc_the-next-token" };
    world.held = { text: secretText({ otlpToken: "glc_the-next-token" }) };
    await pass(100);
    expect(push.state()).toMatchObject({ status: "working", failures: 1 });
    expect([secrets.readings(), new Set(collector.refusals)]).toEqual([
      2,
      new Set(["401 authentication error: invalid authentication credentials"]),
    ]);
  });

  test.each(["InternalServiceError", "AccessDeniedException"])(
    "stands while it can not be read again (%s), and goes when it was emptied",
    async (error) => {
      const { push, collector, world, secrets, pass } = makePushWorld({ source, held: filled });
      push.start();
      await pass(20);
      collector.fault = { type: "status", status: 401 };
      world.held = { error };
      await pass(200);
      expect(push.state().status).toBe("failing");
      const readings = secrets.readings();
      expect(readings).toBeGreaterThan(2);
      // A minute apart at the least.
      expect(readings).toBeLessThanOrEqual(5);
      world.held = { text: "{}" };
      await pass(120);
      expect(push.state()).toMatchObject({ status: "off" });
      world.held = filled;
      collector.fault = undefined;
      await pass(300);
      expect(push.state().status).toBe("working");
    },
  );
});
