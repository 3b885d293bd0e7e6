/** Every parser that reads what comes from outside. Owns the list; what each is held to is its own. */
import { makeRecordings } from "./recordings.ts";
import type { Target } from "./target.ts";
import { makeCambrianTargets } from "./targets/cambrian-answers.ts";
import { makeConfigurationTargets } from "./targets/configuration.ts";
import { makeFillBatchTarget, makeFillMessageTarget, toBodies } from "./targets/fill-message.ts";
import { makeFramesTarget } from "./targets/frames.ts";
import { makeFunctionClientTargets } from "./targets/function-clients.ts";
import { makeFunctionEventTargets } from "./targets/function-events.ts";
import { makeFunctionItemTargets } from "./targets/function-items.ts";
import { makeHttpTarget } from "./targets/http-answer.ts";
import { makeLookTargets } from "./targets/looks.ts";
import { makeNumberTargets } from "./targets/numbers.ts";
import { makeSeiRestTargets } from "./targets/sei-rest.ts";
import { makeTapeTargets } from "./targets/tapes.ts";
import { makeTaskItemTargets } from "./targets/task-items.ts";

export function makeTargets(): readonly Target[] {
  const recordings = makeRecordings();
  const bodies = toBodies(recordings.fills);
  return [
    makeFramesTarget(recordings.frames),
    ...makeNumberTargets(),
    makeHttpTarget(),
    ...makeSeiRestTargets(),
    ...makeCambrianTargets(recordings),
    makeFillMessageTarget(bodies),
    makeFillBatchTarget(bodies),
    ...makeFunctionEventTargets(),
    ...makeFunctionClientTargets(recordings),
    ...makeLookTargets(),
    ...makeTaskItemTargets(),
    ...makeFunctionItemTargets(bodies),
    ...makeConfigurationTargets(),
    ...makeTapeTargets(recordings.events),
  ];
}
