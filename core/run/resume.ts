/** Finds the checkpoint that a run goes on from, and keeps the folder of checkpoints small. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { loadCheckpoint } from "../training/checkpoint.ts";
import type { Checkpoint, CheckpointExpectation } from "../training/checkpoint.ts";
import { checkpointName, checkpointsFolder, listCheckpoints } from "./layout.ts";

/** Two, so that there is one before the newest when that one is damaged. */
const numKept = 2;

/**
 * The newest checkpoint that can be read; damaged ones are reported and passed over.
 * @returns `undefined` when there is none: the run starts from its first step.
 * @throws SwitchyardError CHECKPOINT_OTHER_ARCHITECTURE, CHECKPOINT_OTHER_RUN, CHECKPOINT_OF_OTHER_LENGTH and the
 * like, for a checkpoint that is whole and does not belong to this run
 */
export async function findCheckpoint(
  runFolder: string,
  totalSteps: number,
  expected: CheckpointExpectation,
  onDamaged: (error: SwitchyardError) => void,
): Promise<Checkpoint | undefined> {
  for (const step of listCheckpoints(runFolder)) {
    const file = join(checkpointsFolder(runFolder), checkpointName(step));
    try {
      const checkpoint = await loadCheckpoint(file, expected);
      if (checkpoint.step <= totalSteps) return checkpoint;
      throw new SwitchyardError("CHECKPOINT_OF_OTHER_LENGTH", "A checkpoint lies beyond the run's last step.", {
        where: file,
        expected: `at most ${totalSteps} steps`,
        received: `${checkpoint.step} steps`,
        next: "Move the checkpoint away, or start over with --rerun all.",
      });
    } catch (error) {
      if (!(error instanceof SwitchyardError) || error.code !== "CHECKPOINT_UNREADABLE") throw error;
      onDamaged(error);
    }
  }
  return undefined;
}

/** Removes all but the newest checkpoints. */
export function pruneCheckpoints(runFolder: string): void {
  for (const step of listCheckpoints(runFolder).slice(numKept)) {
    rmSync(join(checkpointsFolder(runFolder), checkpointName(step)), { force: true });
  }
}
