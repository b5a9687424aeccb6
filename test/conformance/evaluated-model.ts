/**
 * A small routed autoencoder with held-out rows, a language model and true features, for evaluators to look at. The
 * forward pass runs once; batches are slices of it, so that splitting the rows changes no number.
 *
 * Shapes: B rows of a batch, D width, E experts.
 */
import type * as tf from "@tensorflow/tfjs";
import type { ActivationSource, LanguageModelProbe, RowStore, Splice } from "../../core/data/contracts.ts";
import type { EvaluationBatch, EvaluationContext, RoutingMoment } from "../../core/evaluation/contracts.ts";
import type { ModelShape, Router } from "../../core/model/contracts.ts";
import { createSparseAutoencoder } from "../../core/model/create-sparse-autoencoder.ts";
import { createRng } from "../../core/model/rng.ts";
import type { SparseAutoencoder } from "../../core/model/sparse-autoencoder.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { fail } from "./conformance-case.ts";
import { normals } from "./workbench.ts";

/** Held-out rows of the made-up source. */
export const heldOutRows = 48;

const shape: ModelShape = {
  width: 8,
  features: 24,
  experts: 3,
  featuresPerExpert: 8,
  selectedExperts: 1,
  sharedExperts: 0,
};
const activeFeatures = 4;
/** Rows of a context of the made-up source. */
const contextRows = 6;

/** The made-up routing of four rows: one of them moved in the last tenth of ten steps. */
const routingMoments: readonly RoutingMoment[] = [
  { step: 9, numRows: 4, experts_NR: Int32Array.of(0, 1, 2, 0) },
  { step: 10, numRows: 4, experts_NR: Int32Array.of(0, 1, 2, 1) },
];

export interface EvaluatedModel {
  readonly model: SparseAutoencoder;
  readonly source: ActivationSource;
  readonly context: EvaluationContext;
  /** The held-out rows as batches of these sizes, which sum to `heldOutRows`. */
  batches(sizes: readonly number[]): readonly EvaluationBatch[];
  disposeBatches(batches: readonly EvaluationBatch[]): void;
  dispose(): void;
}

export function evaluatedModel(device: Device): EvaluatedModel {
  const { tf, kernels } = device;
  const rng = createRng(31);
  const rows = normals(rng.stream("rows"), heldOutRows * shape.width);
  const model = createSparseAutoencoder({
    tf,
    kernels,
    shape,
    rng,
    router: linearRouter(tf),
    expert: { encode: (context) => context.topK(activeFeatures) },
    config: {
      encoderBias: true,
      subtractDecoderBias: true,
      initialisation: "gaussian",
      decoderNorm: 1,
      decoderBias: "zeros",
    },
  });
  const source = madeUpSource(device, rows);
  const training = { steps: 10, batchSize: 16, stepMs: 2.5, peakMemoryBytes: 1e8 };
  return {
    model,
    source,
    context: { model, shape, source, training, activeFeatures, routingMoments },
    batches: (sizes) => sliceBatches(device, model, rows, sizes),
    disposeBatches: (batches) => {
      tf.dispose(batches.flatMap(tensorsOf));
    },
    dispose: () => {
      model.parameters.dispose();
    },
  };
}

function linearRouter(tensorflow: typeof tf): Router {
  return {
    initialise: ({ width, experts }, rng) => ({
      weight: { shape: [width, experts], values: normals(rng.stream("router"), width * experts) },
    }),
    route: (acts_BD, { weight }) => {
      const probabilities_BE = tensorflow.softmax<tf.Tensor2D>(tensorflow.matMul(acts_BD, weight as tf.Tensor2D));
      const chosen_B1 = tensorflow.expandDims<tf.Tensor2D>(tensorflow.argMax(probabilities_BE, 1), 1);
      return { expertIndices_BR: chosen_B1, gates_BR: tensorflow.max(probabilities_BE, 1, true), probabilities_BE };
    },
  };
}

function sliceBatches(
  { tf }: Device,
  model: SparseAutoencoder,
  rows: Float32Array,
  sizes: readonly number[],
): readonly EvaluationBatch[] {
  const batches: EvaluationBatch[] = [];
  tf.tidy(() => {
    const acts_BD = tf.tensor2d(rows.slice(), [heldOutRows, shape.width]);
    const { routing, code, reconstruction_BD } = model.forward(acts_BD);
    if (code.kind !== "sparse" || routing.probabilities_BE === undefined)
      fail("the made-up model", "a sparse code", code.kind);
    let start = 0;
    for (const size of sizes) {
      const take = (tensor: tf.Tensor2D): tf.Tensor2D => tf.slice(tensor, [start, 0], [size, tensor.shape[1]]);
      batches.push({
        acts_BD: take(acts_BD),
        reconstruction_BD: take(reconstruction_BD),
        code: { kind: "sparse", indices_BK: take(code.indices_BK), values_BK: take(code.values_BK) },
        routing: {
          expertIndices_BR: take(routing.expertIndices_BR),
          gates_BR: take(routing.gates_BR),
          probabilities_BE: take(routing.probabilities_BE),
        },
        positions_B: Int32Array.from({ length: size }, (_unused, row) => (start + row) % contextRows),
      });
      start += size;
    }
    return batches.flatMap(tensorsOf);
  });
  return batches;
}

function tensorsOf({ acts_BD, reconstruction_BD, code, routing }: EvaluationBatch): tf.Tensor[] {
  const values = code.kind === "sparse" ? [code.indices_BK, code.values_BK] : [code.expertIndices_BR, code.values_BRM];
  const { expertIndices_BR, gates_BR, probabilities_BE } = routing;
  return [
    acts_BD,
    reconstruction_BD,
    ...values,
    expertIndices_BR,
    gates_BR,
    ...(probabilities_BE === undefined ? [] : [probabilities_BE]),
  ];
}

function madeUpSource(device: Device, rows: Float32Array): ActivationSource {
  const { width } = shape;
  const store: RowStore = {
    numRows: heldOutRows,
    width,
    read: (start, count, into) => {
      into.set(rows.subarray(start * width, (start + count) * width));
      return Promise.resolve();
    },
  };
  const numFeatures = 12;
  const directions = normals(createRng(37).stream("directions"), numFeatures * width);
  for (let g = 0; g < numFeatures; g += 1) {
    const norm = Math.hypot(...directions.subarray(g * width, (g + 1) * width));
    for (let d = 0; d < width; d += 1) directions[g * width + d]! /= norm;
  }
  return {
    width,
    train: store,
    heldOut: store,
    heldOutPositions: (row) => row % contextRows,
    languageModel: madeUpProbe(device, rows),
    groundTruth: { directions, numFeatures },
  };
}

/** A cross-entropy that grows with the squared error of what is spliced in, between 2 and 4 nats; zeros cost 4. */
function madeUpProbe({ tf }: Device, rows: Float32Array): LanguageModelProbe {
  const natsOf = (splice: Splice): number => {
    if (splice.kind === "original") return 2;
    if (splice.kind === "zero") return 4;
    return tf.tidy(() => {
      const acts_ND = tf.tensor2d(rows.slice(), [heldOutRows, shape.width]);
      const error = tf.mean(tf.square(tf.sub(splice.replace(acts_ND), acts_ND))).dataSync()[0]!;
      return 2 + (2 * error) / (1 + error);
    });
  };
  return {
    numContexts: 4,
    measure: (splices) => {
      const effects = splices.map(natsOf).map((nats) => ({ nats, kl: (nats - 2) / 2 }));
      return Promise.resolve({ numTokens: heldOutRows, originalNats: 2, effects });
    },
  };
}
