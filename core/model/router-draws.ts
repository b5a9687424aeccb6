/**
 * Random numbers for routers that draw while training. Each step has a stream of its own, derived from the run's seed
 * and the step: the same step draws the same numbers, also when a run is resumed there, and whatever else draws.
 *
 * Numbers are drawn row after row, so that the first rows of a batch get the same ones however many follow.
 *
 * Shapes: B rows, E experts.
 */
import type * as tf from "@tensorflow/tfjs";
import type { TrainingMoment } from "./contracts.ts";
import type { RandomStream, Rng } from "./rng.ts";

/** Half the spacing of `uniform()`: keeps draws strictly between 0 and 1, at the middle of their intervals. */
const halfSpacing = 2 ** -33;

/** What a router draws from at a step. */
export function routerStream(rng: Rng, { step }: TrainingMoment): RandomStream {
  return rng.stream(`router step ${step}`);
}

/**
 * One number of the standard Gumbel distribution, -ln(-ln u): the argmax of logits with such noise added is
 * distributed as their softmax.
 * @see Gumbel 1954; Maddison et al. 2014 (arXiv 1411.0030), section 2
 */
export function gumbelDraw(stream: RandomStream): number {
  return -Math.log(-Math.log(stream.uniform() + halfSpacing));
}

/** [B, E] of independent draws. */
export function drawMatrix(
  tensorflow: typeof tf,
  [rows, columns]: readonly [number, number],
  draw: () => number,
): tf.Tensor2D {
  // A loop: `Float32Array.from` with a function takes twice as long, and there is a draw a row and expert and step.
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < values.length; i += 1) values[i] = draw();
  return tensorflow.tensor2d(values, [rows, columns]);
}
