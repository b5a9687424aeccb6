// Two steps of warm-up, then the whole learning rate. The very first step has rate 0.
import { build, print } from "../setup.ts";

const schedule = await build("schedule", { type: "constant", warmupSteps: 2 });
for (const step of [0, 1, 2, 9]) print(`step ${step} of 10`, schedule.multiplier(step, 10));
