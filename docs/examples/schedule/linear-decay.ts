// 10 steps, of which the last fifth decays: full until step 8, half at step 9; step 10 would have rate 0.
import { build, print } from "../setup.ts";

const schedule = await build("schedule", { type: "linear-decay", decayStart: 0.8 });
for (const step of [0, 7, 8, 9]) print(`step ${step} of 10`, schedule.multiplier(step, 10));
