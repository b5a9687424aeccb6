/** What training is given. */
import type * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../../kernels/kernels.ts";
import type { TrainingConfig } from "../config/config.ts";
import type { Rng } from "../model/rng.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";
import type { Checkpoint, TrainingState } from "./checkpoint.ts";
import type { Optimizer, Schedule, StepRecord } from "./contracts.ts";
import type { PhaseListener } from "./phases.ts";
import type { NamedLoss } from "./gradients.ts";

/** What training takes of a stream of rows; `createShuffledStream` makes one. */
export interface BatchStream {
  /** Copies the next `count` rows into the front of `into`, row-major float32. */
  next(count: number, into: Float32Array): Promise<void>;
}

export interface TrainingInput {
  readonly tf: typeof tf;
  readonly kernels: Kernels;
  readonly model: SparseAutoencoder;
  readonly losses: readonly NamedLoss[];
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly config: Pick<TrainingConfig, "steps" | "batchSize" | "gradientClip" | "checkpointEvery" | "logEvery"> &
    Partial<Pick<TrainingConfig, "deadAfterRows" | "resampleEvery" | "resampleUntil">>;
  /** Positioned after `resumeFrom.rows` rows when resuming. */
  readonly stream: BatchStream;
  readonly rng: Pick<Rng, "seed">;
  /** Whether the device computes behind our back, so that reading a number waits for everything before it. */
  readonly computesAhead?: boolean | undefined;
  readonly resumeFrom?: Checkpoint | undefined;
  readonly onStep?: (record: StepRecord) => void | Promise<void>;
  /** Called after every step with the number of finished steps, before its checkpoint; part of no phase of a step. */
  readonly onStepEnd?: ((step: number) => void | Promise<void>) | undefined;
  /** Called every `checkpointEvery` steps, after the last step, and when interrupted. */
  readonly onCheckpoint?: (state: TrainingState) => void | Promise<void>;
  /** Told what every step is busy with. */
  readonly onPhase?: PhaseListener | undefined;
  /** Ends training after the step in progress, with a checkpoint. */
  readonly signal?: AbortSignal;
}
