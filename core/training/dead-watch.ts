/**
 * Counts dead features while training: those that were active on no row of the last `deadAfterRows`. The counts stay
 * on the device; what is read with the losses of each step is two numbers. From the longest silence so far the next
 * step knows whether any feature can be dead at all, so that losses on dead features cost nothing until then.
 */
import type * as tf from "@tensorflow/tfjs";
import type { TrainingConfig } from "../config/config.ts";
import { stepsSinceActive } from "../model/feature-activity.ts";
import type { ParameterSet } from "../model/parameters.ts";

export interface DeadWatch {
  /** Steps of silence after which a feature is dead: the rows divided by B, rounded up. */
  readonly window: number;
  /** The window where a feature can be dead after the next step; undefined before. */
  readonly deadAfterSteps: number | undefined;
  /** The scalars to be read after a step; `note` takes them back as numbers. Run it in a tidy. */
  measure(tensorflow: typeof tf, nextBuffers: ReadonlyMap<string, tf.Tensor>): readonly tf.Scalar[];
  /** A step was made whose numbers are not read yet: every feature may have been silent in it. `note` corrects that. */
  presume(): void;
  /** @returns How many features are dead. */
  note(measured: readonly number[]): number;
  /** Reads the counts anew, after something else than a step changed them. */
  refresh(): Promise<void>;
}

type WatchConfig = Pick<TrainingConfig, "batchSize"> & Partial<Pick<TrainingConfig, "deadAfterRows">>;

/** Reads the buffer: a resumed run goes on counting. */
export async function createDeadWatch(
  parameters: ParameterSet,
  { batchSize, deadAfterRows = 10_000_000 }: WatchConfig,
): Promise<DeadWatch> {
  const window = Math.ceil(deadAfterRows / batchSize);
  let longestSilence = await readLongestSilence(parameters);
  return {
    window,
    get deadAfterSteps() {
      return longestSilence + 1 >= window ? window : undefined;
    },
    measure: (tensorflow, nextBuffers) => {
      const next_F = nextBuffers.get(stepsSinceActive) ?? parameters.get(stepsSinceActive);
      const isDead_F = tensorflow.cast(tensorflow.greaterEqual(next_F, window), "float32");
      return [tensorflow.sum(isDead_F), tensorflow.max(next_F)];
    },
    presume: () => {
      longestSilence += 1;
    },
    note: ([dead = 0, longest = 0]) => {
      longestSilence = longest;
      return dead;
    },
    refresh: async () => {
      longestSilence = await readLongestSilence(parameters);
    },
  };
}

async function readLongestSilence(parameters: ParameterSet): Promise<number> {
  const since_F = await parameters.get(stepsSinceActive).data<"float32">();
  return since_F.reduce((longest, steps) => Math.max(longest, steps), 0);
}
