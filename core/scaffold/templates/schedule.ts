/**
 * Lowers the learning rate along half a cosine. Say here what yours does, and why.
 *
 *   multiplier = (1 + cos(pi * step / totalSteps)) / 2
 */
import { definePlugin, Type } from "../../index.ts";

export const exampleSchedule = definePlugin({
  kind: "schedule",
  name: "example-schedule",
  version: "1",
  summary: "Falls along half a cosine.",
  options: Type.Object({
    final: Type.Number({ default: 0, minimum: 0, maximum: 1, description: "Multiplier that it falls to." }),
  }),
  create: ({ final }) => ({
    multiplier: (step, totalSteps) => {
      const cosine = (1 + Math.cos((Math.PI * step) / totalSteps)) / 2;
      return final + (1 - final) * cosine;
    },
  }),
});
