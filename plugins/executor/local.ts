/**
 * Executes runs in worker processes on this machine, one process a run, as many at a time as there are slots. A run
 * that crashes its process, or is killed by the system, takes nothing else with it. A run on a GPU has one of `gpus`.
 */
import { availableParallelism } from "node:os";
import { Type } from "typebox";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { executeSweep } from "../../core/run/execute-sweep.ts";
import { createGpuSlots } from "../../core/run/gpu-slots.ts";
import { executeInWorker, prepareInWorker } from "../../core/run/worker-jobs.ts";

/** One item of `gpus`. Defaults inside of lists are not filled in, so all is optional. */
const gpu = Type.Object(
  {
    adapter: Type.Optional(
      Type.String({ minLength: 1, description: "Part of the GPU's name, as `switchyard doctor` shows it." }),
    ),
    env: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]), {
        description: "Environment variables of processes that compute on it.",
      }),
    ),
    slots: Type.Optional(Type.Integer({ minimum: 1, description: "Runs that may compute on it at a time." })),
  },
  { additionalProperties: false },
);

export const local = definePlugin({
  kind: "executor",
  name: "local",
  version: "1",
  summary: "Runs in worker processes on this machine, several at a time.",
  options: Type.Object({
    slots: Type.Union([Type.Literal("auto"), Type.Integer({ minimum: 1 })], {
      default: "auto",
      description: "Runs at a time, on whatever device; `auto` is one a processor core. `--slots` outranks it.",
    }),
    gpus: Type.Array(gpu, {
      minItems: 1,
      default: [{}],
      description:
        "The GPUs that runs on a GPU are given, one each while they execute; the next run waits. A run on another device " +
        "takes none and does not wait for one. Each item has `adapter` (part of the GPU's name; it takes the place of " +
        "the device's `auto`), `env` (environment variables of processes that compute on it) and `slots` (runs that may " +
        "compute on it at a time, 1 by default), all optional. By default there is one GPU, whichever the device opens.",
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
      const gpus = createGpuSlots(
        options.gpus.map(({ env = {}, slots: slotsOfGpu = 1, ...rest }) => ({
          ...rest,
          // YAML has numbers where the environment has text.
          env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])),
          slots: slotsOfGpu,
        })),
      );
      return executeSweep(jobs, sources, context, {
        gpus,
        ...{ slots, cores, lendsIdleCores: options.idleCores === "lend" },
        prepare: prepareInWorker,
        execute: executeInWorker,
      });
    },
  }),
});
