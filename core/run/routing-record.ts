/**
 * Where rows were routed in the course of training: at every tenth of a run's steps the first held-out rows are routed
 * and their experts written down, so that an evaluator can say how much the routing still moved. The moments are parts
 * of the training and not its checkpoints, which a run may save as often as it likes without becoming another run.
 *
 * One small file a moment, routing/step-00000400.safetensors: `experts` int32 [N, R], ascending in a row. A run that
 * was killed writes the same bytes again when it comes to the same step.
 */
import type * as tf from "@tensorflow/tfjs";
import { join } from "node:path";
import type { RowStore } from "../data/contracts.ts";
import { readSafetensors, writeSafetensors } from "../data/safetensors.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { RoutingMoment } from "../evaluation/contracts.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";
import { checkpointName, namesIn, routingFolder, stepOfCheckpoint } from "./layout.ts";

const numMoments = 10;
/** Enough for a share with a standard error below 0.016; a fraction of a training step. */
const maxRows = 1024;

/** The steps after which the routing is recorded, ascending; the last step is always one. */
export function routingSteps(totalSteps: number): readonly number[] {
  const steps = Array.from({ length: numMoments }, (_, i) => Math.round((totalSteps * (i + 1)) / numMoments));
  return [...new Set(steps)].filter((step) => step >= 1);
}

export interface RoutingRecorderInput {
  readonly tf: typeof tf;
  readonly model: SparseAutoencoder;
  readonly heldOut: RowStore;
  readonly runFolder: string;
  readonly totalSteps: number;
}

/**
 * @returns To be called after every step; undefined for a model that has nothing to choose.
 * @throws SwitchyardError (the returned function) what reading the rows or the disk reports
 */
export function createRoutingRecorder({
  tf: tensorFlow,
  model,
  heldOut,
  runFolder,
  totalSteps,
}: RoutingRecorderInput): ((step: number) => Promise<void>) | undefined {
  if (model.shape.experts === model.shape.selectedExperts) return undefined;
  const steps = new Set(routingSteps(totalSteps));
  const numRows = Math.min(maxRows, heldOut.numRows);
  let rows: Float32Array | undefined;
  return async (step) => {
    if (!steps.has(step) || numRows === 0) return;
    if (rows === undefined) {
      rows = new Float32Array(numRows * heldOut.width);
      await heldOut.read(0, numRows, rows);
    }
    const acts = rows;
    const experts_NR = tensorFlow.tidy(() => {
      // A copy, because some backends keep the array that they are given.
      const acts_ND = tensorFlow.tensor2d(acts.slice(), [numRows, heldOut.width]);
      return model.forward(acts_ND).routing.expertIndices_BR;
    });
    const numSelected = experts_NR.shape[1];
    const experts = Int32Array.from(await experts_NR.data());
    experts_NR.dispose();
    for (let start = 0; start < experts.length; start += numSelected) {
      experts.subarray(start, start + numSelected).sort();
    }
    await writeSafetensors(join(routingFolder(runFolder), checkpointName(step)), {
      experts: { shape: [numRows, numSelected], data: experts },
    });
  };
}

/**
 * What was recorded so far, in order of steps.
 * @throws SwitchyardError SAFETENSORS_CORRUPT and the like, RUN_FOLDER_BROKEN
 */
export async function readRoutingMoments(runFolder: string): Promise<readonly RoutingMoment[]> {
  const folder = routingFolder(runFolder);
  const steps = namesIn(folder).flatMap((name) => stepOfCheckpoint(name) ?? []);
  return Promise.all(steps.sort((a, b) => a - b).map((step) => readMoment(join(folder, checkpointName(step)), step)));
}

async function readMoment(file: string, step: number): Promise<RoutingMoment> {
  const experts = (await readSafetensors(file)).tensors.get("experts");
  const numRows = experts?.shape[0];
  if (experts?.data instanceof Int32Array && numRows !== undefined) return { step, experts_NR: experts.data, numRows };
  throw new SwitchyardError("RUN_FOLDER_BROKEN", "A record of the routing holds something else.", {
    where: file,
    expected: "a tensor `experts`, int32 [rows, experts a row]",
    received: experts === undefined ? "no such tensor" : `${experts.dtype} [${experts.shape.join(", ")}]`,
    next: "Remove the file: the evaluation then says nothing of that moment.",
  });
}
