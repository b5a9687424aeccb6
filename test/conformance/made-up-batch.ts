/**
 * A routed batch from random numbers: what experts and losses are tested on, without any router.
 *
 * Shapes: B rows, D width, F features, E experts, M features an expert, R experts a row.
 */
import type * as tf from "@tensorflow/tfjs";
import type {
  Code,
  EncodeContext,
  ModelShape,
  NamedTensors,
  Routing,
  TrainingMoment,
} from "../../core/model/contracts.ts";
import { createEncodeContext } from "../../core/model/encode-context.ts";
import { createRng } from "../../core/model/rng.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { normals } from "./workbench.ts";

export interface MadeUpBatch {
  readonly shape: ModelShape;
  readonly acts_BD: tf.Tensor2D;
  readonly encoder_FD: tf.Variable;
  readonly encoderBias_F: tf.Variable;
  readonly decoder_FD: tf.Variable;
  readonly gates_BR: tf.Variable;
  readonly expertIndices_BR: tf.Tensor2D;
  /** A context on these tensors; call it inside tidy. @param parameters The expert's own. */
  readonly context: (parameters?: NamedTensors, training?: TrainingMoment) => EncodeContext;
  readonly routing: Routing;
  dispose(): void;
}

/** Four experts of four features, two of them for each row; the last sees no row. */
export const routedShape: ModelShape = {
  width: 7,
  features: 16,
  experts: 4,
  featuresPerExpert: 4,
  selectedExperts: 2,
  sharedExperts: 0,
};
/** The plain sparse autoencoder: one expert. */
export const plainShape: ModelShape = {
  width: 7,
  features: 8,
  experts: 1,
  featuresPerExpert: 8,
  selectedExperts: 1,
  sharedExperts: 0,
};

/** @param rows B. @param order Expert e of the batch is expert order[e] of the unpermuted one. */
export function makeBatch(device: Device, shape: ModelShape, rows: number, order?: readonly number[]): MadeUpBatch {
  const { tf, kernels } = device;
  const stream = createRng(13).stream(`batch ${shape.experts}`);
  const { width, features, experts, featuresPerExpert, selectedExperts } = shape;
  const acts_BD = tf.tensor2d(normals(stream, rows * width), [rows, width]);
  const gates = Float32Array.from({ length: rows * selectedExperts }, () => 0.2 + 0.8 * stream.uniform());
  const used = Math.max(1, experts - 1);
  const chosen = Array.from({ length: rows }, () => {
    const first = stream.integer(used);
    return Array.from({ length: selectedExperts }, (_unused, r) => (first + r) % used);
  });
  const place = order ?? Array.from({ length: experts }, (_unused, e) => e);
  const indices = chosen.flat().map((e) => place.indexOf(e));
  const permute = (rowsOfFeatures: Float32Array, length: number): Float32Array =>
    Float32Array.from(
      place.flatMap((e) => [
        ...rowsOfFeatures.slice(e * featuresPerExpert * length, (e + 1) * featuresPerExpert * length),
      ]),
    );
  const matrix = (): tf.Variable =>
    tf.variable(tf.tensor2d(permute(normals(stream, features * width, 0.5), width), [features, width]));
  const encoder_FD = matrix();
  const decoder_FD = matrix();
  const encoderBias_F = tf.variable(tf.tensor1d(permute(normals(stream, features, 0.3), 1)));
  const gates_BR = tf.variable(tf.tensor2d(gates, [rows, selectedExperts]));
  const expertIndices_BR = tf.tensor2d(indices, [rows, selectedExperts], "int32");
  const routing: Routing = { expertIndices_BR, gates_BR: gates_BR as tf.Tensor as tf.Tensor2D };
  return {
    shape,
    acts_BD,
    encoder_FD,
    encoderBias_F,
    decoder_FD,
    gates_BR,
    expertIndices_BR,
    routing,
    context: (parameters = {}, training) =>
      createEncodeContext({
        tf,
        kernels,
        shape,
        acts_BD,
        encoder_FD: encoder_FD as tf.Tensor as tf.Tensor2D,
        encoderBias_F: encoderBias_F as tf.Tensor as tf.Tensor1D,
        routing,
        parameters,
        training,
      }),
    dispose: () => {
      tf.dispose([acts_BD, encoder_FD, encoderBias_F, decoder_FD, gates_BR, expertIndices_BR]);
    },
  };
}

/** One active feature candidate of a code. */
export interface CodeEntry {
  readonly row: number;
  readonly feature: number;
  readonly value: number;
}

/** Every entry of a code, in its own order: the same order as the code's values. */
export function readCode(code: Code, shape: ModelShape): readonly CodeEntry[] {
  const { featuresPerExpert: block } = shape;
  if (code.kind === "sparse") {
    const [indices, values] = [code.indices_BK.dataSync(), code.values_BK.dataSync()];
    const perRow = code.indices_BK.shape[1];
    return Array.from(values, (value, i) => ({ row: Math.floor(i / perRow), feature: indices[i]!, value }));
  }
  const [indices, values] = [code.expertIndices_BR.dataSync(), code.values_BRM.dataSync()];
  const slots = code.expertIndices_BR.shape[1];
  return Array.from(values, (value, i) => ({
    row: Math.floor(i / (slots * block)),
    feature: indices[Math.floor(i / block)]! * block + (i % block),
    value,
  }));
}

/** The values of a code as its tensor. */
export function valuesOf(code: Code): tf.Tensor {
  return code.kind === "sparse" ? code.values_BK : code.values_BRM;
}

/** [B, F] row-major, zero where the code has no entry. */
export function denseCode(entries: readonly CodeEntry[], rows: number, shape: ModelShape): Float64Array {
  const dense = new Float64Array(rows * shape.features);
  for (const { row, feature, value } of entries) dense[row * shape.features + feature]! += value;
  return dense;
}
