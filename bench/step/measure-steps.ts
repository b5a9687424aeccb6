/**
 * Times training steps of the product's own loop (core/training/train.ts): what it reports of each step, and how long
 * the step was busy with each of its phases. Serving the next batch is not part of a step.
 *
 * A step ends when one number of every parameter has been read. Without that, a device that computes behind our back
 * would still be updating them, and the next step would pay. The phases of such a device are told by when it was waited
 * for: `forward` hands over, and `backward`, at whose end the loss is read, waits for both.
 */
import type { StepRecord } from "../../core/training/contracts.ts";
import type { TrainingPhase } from "../../core/training/phases.ts";
import { train } from "../../core/training/train.ts";
import { gradientClip, type Recipe } from "./recipe.ts";
import type { StepSize } from "./size.ts";

export interface MeasuredStep extends StepRecord {
  /** Milliseconds of the step's phases by name, in their order; the rest of `stepMs` is in none of them. */
  readonly phases: Readonly<Record<string, number>>;
}

export interface StepsInput {
  readonly recipe: Recipe;
  readonly size: StepSize;
  /** [B, D] each; served in turn. */
  readonly batches: readonly Float32Array[];
  readonly steps: number;
  /**
   * Awaited before every step; throwing ends the training.
   * @param measured The steps made so far, which later steps are added to.
   */
  readonly before?: (measured: readonly MeasuredStep[]) => void | Promise<void>;
}

export async function measureSteps({
  recipe,
  size,
  batches,
  steps,
  before,
}: StepsInput): Promise<readonly MeasuredStep[]> {
  const measured: MeasuredStep[] = [];
  const clock = createPhaseClock();
  let isUpdating = false;
  await train({
    ...recipe,
    config: { steps, batchSize: size.B, gradientClip, checkpointEvery: steps, logEvery: 1 },
    stream: {
      next: async (_count, into) => {
        await before?.(measured);
        into.set(batches[measured.length % batches.length] ?? []);
      },
    },
    onPhase: (phase) => {
      if (isUpdating) finishStep(recipe);
      isUpdating = phase === "update";
      clock.onPhase(phase);
    },
    onStep: (record) => {
      measured.push({ ...record, phases: clock.take() });
    },
  });
  return measured;
}

/** Waits until all parameters are updated. @returns One number of each. */
export function finishStep({ tf, model }: Pick<Recipe, "tf" | "model">): readonly number[] {
  return tf.tidy(() => {
    const first = tf.tensor1d([0], "int32");
    // Not a slice: tfjs' wasm slice copies the whole tensor.
    const numbers = model.parameters.all.map(({ variable }) => tf.gather(tf.reshape(variable, [-1]), first));
    return [...tf.concat(numbers).dataSync()];
  });
}

export interface PhaseClock {
  readonly onPhase: (phase: TrainingPhase) => void;
  /** Milliseconds by phase since the last call. */
  take(): Readonly<Record<string, number>>;
}

/** Phases in which a step computes nothing. */
const outsideOfSteps: ReadonlySet<TrainingPhase> = new Set<TrainingPhase>(["data", "checkpoint", "other"]);

/** @param now Milliseconds of a clock, for tests. */
export function createPhaseClock(now: () => number = () => performance.now()): PhaseClock {
  let sums = new Map<string, number>();
  let current: TrainingPhase = "other";
  let since = now();
  const onPhase = (phase: TrainingPhase): void => {
    const time = now();
    if (!outsideOfSteps.has(current)) sums.set(current, (sums.get(current) ?? 0) + time - since);
    current = phase;
    since = time;
  };
  return {
    onPhase,
    take: () => {
      onPhase(current);
      const taken = Object.fromEntries(sums);
      sums = new Map();
      return taken;
    },
  };
}
