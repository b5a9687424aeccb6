/**
 * Executes runs one after the other in the process of the command itself: for debuggers and profilers, and where a
 * child process cannot be started. A run that crashes the runtime ends the whole sweep; finished runs are safe.
 */
import { availableParallelism } from "node:os";
import { Type } from "typebox";
import type { SourceProgress } from "../../core/data/contracts.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { executeSweep } from "../../core/run/execute-sweep.ts";

export const inProcess = definePlugin({
  kind: "executor",
  name: "in-process",
  version: "1",
  summary: "Runs one after the other in the process of the command.",
  options: Type.Object({}),
  create: () => ({
    execute: (jobs, sources, context) => {
      // What a worker process would suffer at the second Ctrl-C, this one must.
      context.killSignal.addEventListener("abort", () => process.exit(130), { once: true });
      return executeSweep(jobs, sources, context, {
        slots: 1,
        cores: availableParallelism(),
        lendsIdleCores: false,
        prepare: (source, { runner, events, signal }, resources) => {
          const progress: SourceProgress = (done, total, what) => {
            signal.throwIfAborted();
            events.sourceProgress(source, done, total, what);
          };
          return runner.prepare(source, progress, resources);
        },
        execute: (job, { runner, events, signal }, resources) =>
          runner.execute(job, {
            signal,
            ...resources,
            onEvent: (event) => {
              events.runEvent(job, event);
            },
          }),
      });
    },
  }),
});
