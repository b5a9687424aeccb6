/** The part of an imported run that stands in for its training: its parameters come from the checkpoint of step 0. */
import { join } from "node:path";
import { brokenFile } from "./json-file.ts";
import { checkpointName, checkpointsFolder } from "./layout.ts";
import { findCheckpoint } from "./resume.ts";
import type { RunInProgress } from "./run-in-progress.ts";
import * as run from "./run-services.ts";
import * as services from "../services.ts";
import { restoreParameters } from "../training/checkpoint.ts";
import type { TrainingSummary } from "../training/train.ts";

/**
 * @throws SwitchyardError RUN_FOLDER_BROKEN when there is no such checkpoint, CHECKPOINT_OTHER_ARCHITECTURE and the like
 *   when it does not fit the run's config
 */
export async function restoreImported({ folder, scope, emit }: RunInProgress): Promise<TrainingSummary> {
  const model = await scope.get(run.modelRef);
  const checkpoint = await findCheckpoint(folder, 0, { parameters: model.parameters }, (error) => {
    emit({ type: "warning", message: error.message });
  });
  if (checkpoint === undefined) {
    throw brokenFile(join(checkpointsFolder(folder), checkpointName(0)), "no checkpoint of the imported parameters");
  }
  await restoreParameters(await scope.get(services.tensorFlowRef), model.parameters, checkpoint);
  return { step: 0, rows: 0, interrupted: false, stepMs: undefined, peakMemoryBytes: 0 };
}
