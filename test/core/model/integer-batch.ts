/**
 * A routed batch of small integers with gates that are powers of two, so that float32 is exact and ties abound, and the
 * same batch as plain arrays: expected codes are computed from those alone.
 */
import type * as tf from "@tensorflow/tfjs";
import { createEncodeContext } from "../../../core/model/encode-context.ts";
import type { Code, EncodeContext, ModelShape, NamedTensors, TrainingMoment } from "../../../core/model/contracts.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { createRng } from "../../../core/model/rng.ts";
import type { Device } from "../../../kernels/devices/device.ts";

export interface BatchChoice {
  readonly rows?: number;
  readonly width?: number;
  readonly features?: number;
  readonly experts?: number;
  readonly selected?: number;
  readonly hasBias?: boolean;
  readonly seed?: number;
  /** Changes the plain arrays before tensors are made of them. */
  readonly edit?: (plain: PlainBatch) => void;
}

export interface PlainBatch {
  readonly acts: number[][];
  readonly encoder: number[][];
  readonly bias: number[];
  /** R experts of each row. */
  readonly experts: number[][];
  readonly gates: number[][];
}

/** A feature that a row can reach, with gate * ReLU(pre-activation). */
export interface Candidate {
  readonly row: number;
  readonly feature: number;
  readonly value: number;
}

export interface IntegerBatch {
  readonly shape: ModelShape;
  readonly plain: PlainBatch;
  /** In the order of rows, and in a row of features. */
  readonly candidates: readonly Candidate[];
  context(device: Device, given?: ContextChoice): EncodeContext;
}

export interface ContextChoice {
  readonly parameters?: NamedTensors;
  readonly training?: TrainingMoment;
  /** In place of the plain ones, to take gradients in them. */
  readonly encoder?: tf.Tensor;
  readonly gates?: tf.Tensor;
}

export function integerBatch(choice: BatchChoice = {}): IntegerBatch {
  const { rows = 12, width = 3, features = 24, experts: numExperts = 4, selected = 2, hasBias = true } = choice;
  const shape = createModelShape({ width, features, router: { numExperts, numSelected: selected } });
  const stream = createRng(choice.seed ?? 3).stream("integers");
  const integers = (count: number): number[] => Array.from({ length: count }, () => stream.integer(7) - 3);
  const plain: PlainBatch = {
    acts: Array.from({ length: rows }, () => integers(width)),
    encoder: Array.from({ length: features }, () => integers(width)),
    bias: hasBias ? integers(features) : new Array<number>(features).fill(0),
    experts: Array.from({ length: rows }, () => {
      const first = stream.integer(numExperts);
      return Array.from({ length: selected }, (_unused, r) => (first + r) % numExperts);
    }),
    gates: Array.from({ length: rows }, () =>
      Array.from({ length: selected }, () => [0.25, 0.5, 1][stream.integer(3)]!),
    ),
  };
  choice.edit?.(plain);
  return {
    shape,
    plain,
    candidates: candidatesOf(plain, shape),
    context: ({ tf: tensorflow, kernels }, { parameters = {}, training, encoder, gates } = {}) => {
      const expertIndices_BR = tensorflow.tensor2d(plain.experts, [rows, selected], "int32");
      const gates_BR = (gates as tf.Tensor2D | undefined) ?? tensorflow.tensor2d(plain.gates);
      return createEncodeContext({
        ...{ tf: tensorflow, kernels, shape, parameters, training },
        acts_BD: tensorflow.tensor2d(plain.acts),
        encoder_FD: (encoder as tf.Tensor2D | undefined) ?? tensorflow.tensor2d(plain.encoder),
        encoderBias_F: hasBias ? tensorflow.tensor1d(plain.bias) : undefined,
        routing: { expertIndices_BR, gates_BR },
      });
    },
  };
}

function candidatesOf({ acts, encoder, bias, experts, gates }: PlainBatch, shape: ModelShape): readonly Candidate[] {
  return acts.flatMap((x, row) =>
    encoder.flatMap((weights, feature) => {
      const slot = experts[row]!.indexOf(Math.floor(feature / shape.featuresPerExpert));
      if (slot < 0) return [];
      const product = weights.reduce((sum, weight, d) => sum + weight * x[d]!, 0) + bias[feature]!;
      return [{ row, feature, value: gates[row]![slot]! * Math.max(0, product) }];
    }),
  );
}

/** The largest of some candidates, positive ones only; ties in the order of rows, then of features. */
export function largestOf(candidates: readonly Candidate[], count: number): readonly Candidate[] {
  const order = (a: Candidate, b: Candidate): number => b.value - a.value || a.row - b.row || a.feature - b.feature;
  return [...candidates]
    .sort(order)
    .slice(0, count)
    .filter(({ value }) => value > 0);
}

/** What is active, in the order of rows and features. */
export function activeOf(code: Code, shape: ModelShape): readonly Candidate[] {
  const active: Candidate[] = [];
  if (code.kind === "sparse") {
    const indices = code.indices_BK.arraySync();
    for (const [row, values] of code.values_BK.arraySync().entries()) {
      for (const [k, value] of values.entries())
        if (value !== 0) active.push({ row, feature: indices[row]![k]!, value });
    }
  } else {
    const experts = code.expertIndices_BR.arraySync();
    for (const [row, blocks] of code.values_BRM.arraySync().entries()) {
      for (const [r, block] of blocks.entries()) {
        for (const [m, value] of block.entries()) {
          if (value !== 0) active.push({ row, feature: experts[row]![r]! * shape.featuresPerExpert + m, value });
        }
      }
    }
  }
  return inOrder(active);
}

export function inOrder(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...candidates].sort((a, b) => a.row - b.row || a.feature - b.feature);
}
