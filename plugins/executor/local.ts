/**
 * Executes runs in worker processes on this machine, one process a run, as many at a time as there are slots. A run
 * that crashes its process, or is killed by the system, takes nothing else with it.
 */
import { availableParallelism } from "node:os";
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { executeSweep } from "../../core/run/execute-sweep.ts";
import { executeInWorker, prepareInWorker } from "../../core/run/worker-jobs.ts";

export const local = definePlugin({
  kind: "executor",
  name: "local",
  version: "1",
  summary: "Runs in worker processes on this machine, several at a time.",
  options: Type.Object({
    slots: Type.Union([Type.Literal("auto"), Type.Integer({ minimum: 1 })], {
      default: "auto",
      description: "Runs at a time; `auto` is one a processor core. `--slots` outranks it.",
    }),
    idleCores: Type.Enum(["wait", "lend"], {
      default: "wait",
      description:
        "What the cores of runs that ended do when no run is left to start. wait: nothing, so that every run has the " +
        "same threads and seconds can be compared. lend: help the runs that are left.",
    }),
  }),
  create: (options) => ({
    execute: (jobs, sources, context) => {
      const cores = availableParallelism();
      const slots = context.slots ?? (options.slots === "auto" ? cores : options.slots);
      return executeSweep(jobs, sources, context, {
        ...{ slots, cores, lendsIdleCores: options.idleCores === "lend" },
        prepare: prepareInWorker,
        execute: executeInWorker,
      });
    },
  }),
});
