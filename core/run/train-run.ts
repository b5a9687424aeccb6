/** The training part of a run: from its newest checkpoint, or its first step, to its last. */
import { join } from "node:path";
import { createShuffledStream } from "../data/shuffled-stream.ts";
import * as services from "../services.ts";
import type { TrainingState } from "../training/checkpoint.ts";
import type { StepRecord, Tracker } from "../training/contracts.ts";
import type { PhaseListener } from "../training/phases.ts";
import { train } from "../training/train.ts";
import type { TrainingSummary } from "../training/train.ts";
import type { RunInProgress } from "./run-in-progress.ts";
import { runFiles } from "./layout.ts";
import { openMetrics } from "./metrics-file.ts";
import { profileTraining } from "./profile-training.ts";
import { findCheckpoint, pruneCheckpoints } from "./resume.ts";
import { createRoutingRecorder } from "./routing-record.ts";
import * as run from "./run-services.ts";

/** @throws SwitchyardError whatever training, the source or the disk reports */
export async function trainRun(
  inProgress: RunInProgress,
  saveCheckpoint: (state: TrainingState) => Promise<void>,
): Promise<TrainingSummary> {
  const { folder, attempt, isProfiled, input, scope, signal, emit } = inProgress;
  const { training, losses, trackers, seed } = input.config;
  const model = await scope.get(run.modelRef);
  const resumeFrom = await findCheckpoint(
    folder,
    training.steps,
    { parameters: model.parameters, seed, batchSize: training.batchSize },
    (error) => {
      emit({ type: "warning", message: error.message });
    },
  );
  const source = await scope.get(services.sourceRef);
  const rng = await scope.get(services.rngRef);
  const device = await scope.get(services.deviceRef);
  const built: Tracker[] = await Promise.all(trackers.map((_, i) => scope.get(run.trackerRef(i))));
  const optimizer = await scope.get(run.optimizerRef);
  const metrics = openMetrics(join(folder, runFiles.metrics));
  emit({
    type: "training",
    device: device.description,
    resumedFrom: resumeFrom?.step ?? 0,
    totalSteps: training.steps,
    attempt: attempt.number,
  });
  const trainSteps = async (onPhase?: PhaseListener): Promise<TrainingSummary> =>
    train({
      tf: await scope.get(services.tensorFlowRef),
      kernels: await scope.get(services.kernelsRef),
      model,
      losses: await Promise.all(
        losses.map(async ({ type }, i) => [nameOf(losses, type, i), await scope.get(run.lossRef(i))] as const),
      ),
      optimizer,
      schedule: await scope.get(run.scheduleRef),
      config: training,
      stream: createShuffledStream({
        store: source.train,
        rng,
        bufferRows: training.shuffleRows,
        startRow: resumeFrom?.rows ?? 0,
      }),
      rng,
      computesAhead: device.computesAhead,
      resumeFrom,
      signal,
      onPhase,
      onStep: async (record: StepRecord) => {
        metrics.append(record);
        for (const tracker of built) await tracker.step?.(record);
        emit({ type: "step", record });
      },
      onStepEnd: createRoutingRecorder({
        tf: await scope.get(services.tensorFlowRef),
        model,
        heldOut: source.heldOut,
        runFolder: folder,
        totalSteps: training.steps,
      }),
      onCheckpoint: async (state) => {
        await saveCheckpoint(state);
        pruneCheckpoints(folder);
      },
    });
  try {
    const numSteps = training.steps - (resumeFrom?.step ?? 0);
    return await (isProfiled ? profileTraining(inProgress, numSteps, trainSteps) : trainSteps());
  } finally {
    metrics.close();
    // Its state is twice as large as the model, and evaluation needs none of it.
    optimizer.dispose();
  }
}

/** Losses and evaluators go by their plugin's name; a second one of the same plugin by "name-2". */
export function nameOf(choices: readonly { readonly type: string }[], type: string, index: number): string {
  const earlier = choices.slice(0, index).filter((choice) => choice.type === type).length;
  return earlier === 0 ? type : `${type}-${earlier + 1}`;
}
