/** Two schedules that stand for built-in plugins in the tests of the catalogue. */
import { definePlugin, Type } from "../../../core/index.ts";

export const constantForTest = definePlugin({
  kind: "schedule",
  name: "constant",
  version: "1",
  summary: "Always 1.",
  options: Type.Object({}),
  create: () => ({ multiplier: () => 1 }),
});

export const linearForTest = definePlugin({
  kind: "schedule",
  name: "linear",
  version: "1",
  summary: "Falls to 0.",
  options: Type.Object({}),
  create: () => ({ multiplier: (step, totalSteps) => 1 - step / totalSteps }),
});
