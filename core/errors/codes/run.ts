/** Error codes of the run room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const runCodes = {
  RUN_FORMAT: {
    title: "A run folder was written by another version of Switchyard's folder layout.",
    why: "Reading it as if it had today's layout could show wrong numbers, and continuing it could destroy results. So it is neither read nor changed.",
    fix: "Use the version of Switchyard that wrote it, or choose another folder with `--runs`.",
  },
  RUN_FOLDER_BROKEN: {
    title: "A file of a run folder cannot be understood.",
    why: "Switchyard writes these files atomically, so something else changed or cut the file.",
    fix: "Restore the file named in `where`, or move the run's folder away; the next `switchyard run` makes the run again.",
  },
  RUN_LOCKED: {
    title: "Another process is working on this run.",
    why: "Two processes that train one run would overwrite each other's checkpoints.",
    fix: "Wait for the other process (its id and host are in `received`), or stop it; then run the same command again.",
  },
  RUN_CRASHED: {
    title: "The process of a run ended without saying why.",
    why: "The system killed it (out of memory is the usual reason: exit by SIGKILL), or the runtime itself crashed. What it printed last is in its log.",
    fix: "Read the log named in `where`. For memory: fewer `--slots`, a smaller `training.batchSize` or `training.shuffleRows`. Then run the same command again: it continues from the last checkpoint.",
  },
  RUN_ID_MISMATCH: {
    title: "A run folder holds another run than the one that belongs there.",
    why: "A folder is named after its run's id. Someone renamed or copied a folder into this place.",
    fix: "Move that folder away and run the same command again.",
  },
  METRICS_BROKEN: {
    title: "A line of metrics.jsonl is not a step record.",
    why: "Only the last line may be incomplete (a run that was killed while writing it); this one lies before it, so the file was changed from outside.",
    fix: "Remove the line named in `where`.",
  },
  RUN_NOT_TRAINED: {
    title: "A run has no checkpoint that its model could be read from.",
    why: "The run never started, or ended before its first checkpoint, or its checkpoints were removed.",
    fix: "Train it: `switchyard run` with its config continues it. `switchyard status <sweep>` shows how far each run is.",
  },
  CHECKPOINT_OF_OTHER_LENGTH: {
    title: "A run has a checkpoint beyond its last step.",
    why: "The checkpoint was written by a longer training than this run's config asks for, so it cannot be a part of this run.",
    fix: "Move that checkpoint away, or start the run over with `--rerun all`.",
  },
  SOURCE_NOT_PREPARED: {
    title: "A source could not be prepared, so the runs that read it did not start.",
    why: "Sources are prepared once, before any run starts (a transformer's activations are harvested to the cache). That failed; the first lines say why.",
    fix: "Repair the cause and run the same command again; what was harvested already is kept.",
  },
  NO_CHECKPOINT: {
    title: "A run has no checkpoint to read.",
    why: "`switchyard similarity` compares what runs have learned, which their checkpoints hold. This run has not reached its first one.",
    fix: "Run it first. `switchyard status` shows how far runs are.",
  },
  DICTIONARIES_DIFFER: {
    title: "Two dictionaries have rows of different widths.",
    why: "A cosine is taken between two decoder rows of one length: that of the activations. These runs learned from activations of different widths.",
    fix: "Compare runs on activations of the same model and hook point.",
  },
  NOTHING_TO_COMPARE: {
    title: "Among these runs there are no two to compare.",
    why: "Of sweeps, `switchyard similarity` compares the runs that differ in nothing but the seed; of single runs, every two. There was no such pair.",
    fix: "Add `seeds: 3` to the `sweep` and run it again, or name two run folders.",
  },
  DEVICE_WRONG_RESULT: {
    title: "A device opens, but does not compute what it should.",
    why: "`switchyard doctor` lets every device compute a norm whose value is known. A driver, a package or the device's own code is at fault; what it trained could not be relied on.",
    fix: "Choose another device, and report this to whoever made it.",
  },
  DEVICE_TIMEOUT: {
    title: "A device did not open in time.",
    why: "`switchyard doctor` waits a minute for each device. One that does not answer by then waits for something that does not come: a driver, a download, a lock.",
    fix: "Choose another device, or find out what this one waits for.",
  },
  GPU_NOT_ASSIGNED: {
    title: "A run could not have the GPU that it was meant to have.",
    why:
      "The executor gives every run on a GPU one of `executor.gpus`, by a part of its name, by environment variables, or " +
      "both. Either none of them is the one that the run's `device` names, or the device opened another GPU than it was " +
      "given: it would share that GPU with another run while the right one idles, and what was measured would be of another card.",
    fix: "Correct `adapter` or `env` in `executor.gpus`. `switchyard doctor` shows the names, and which GPU opens with the environment that it is started with.",
  },
  SOURCE_WIDTH: {
    title: "A source gives rows of another width than it promised before it was built.",
    why: "The model's shape follows from the promise (the plugin's `facts`). Training on rows of another width would read wrong numbers.",
    fix: "If the source's files changed since the runs were planned, run the command again. Else correct the source plugin.",
  },
} as const satisfies Record<string, Explanation>;
