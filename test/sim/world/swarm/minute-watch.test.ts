import { expect, it } from "vitest";
import { MinuteWatch } from "../../../../sim/world/swarm/minute-watch.ts";

const at = (time: string) => Date.parse(`2026-01-02T${time}.000Z`);

type Look = readonly [time: string, isAble: boolean, task?: string];

it.each<[string, boolean, readonly Look[]]>([
  [
    "was able for five minutes of it",
    true,
    [
      ["03:10:00", true],
      ["03:15:00", true],
    ],
  ],
  [
    "was able for less",
    false,
    [
      ["03:10:00", true],
      ["03:14:59", true],
    ],
  ],
  [
    "was able for five minutes with a break",
    false,
    [
      ["03:10:00", true],
      ["03:12:00", false],
      ["03:12:01", true],
      ["03:16:00", true],
    ],
  ],
  [
    "was able for five minutes that began in the hour before",
    false,
    [
      ["02:56:00", true],
      ["03:04:59", true],
    ],
  ],
  [
    "was able for long, and for five minutes in this hour",
    true,
    [
      ["02:10:00", true],
      ["03:05:00", true],
    ],
  ],
  [
    "was able in the next hour alone",
    false,
    [
      ["04:00:00", true],
      ["04:30:00", true],
    ],
  ],
  [
    "was followed by another after less",
    false,
    [
      ["03:10:00", true],
      ["03:13:00", true, "task-2"],
      ["03:16:00", true, "task-2"],
    ],
  ],
])("a minute of 03 must have been written or not where a task %s", (_what, expected, looks) => {
  const minutes = new MinuteWatch();
  for (const [time, isAble, task = "task-1"] of looks) minutes.note(task, isAble, at(time));
  expect(minutes.mustHave("2026-01-02T03")).toBe(expected);
});

it("a minute of an earlier hour must have been written where one of that hour must", () => {
  const minutes = new MinuteWatch();
  minutes.note("task-1", true, at("03:10:00"));
  minutes.note("task-1", true, at("03:15:00"));
  expect(["02", "03", "04", "09"].map((hour) => minutes.mustHaveBefore(`2026-01-02T${hour}`))).toEqual([
    ...[false, false, true, true],
  ]);
});
