/**
 * Gradients as the sparse kernels' backward passes make them, with their values in float64: a device may put off forming
 * such a tensor until somebody reads it.
 *
 * Shapes: B rows, D width, F features, K active features a row.
 */
import type * as tf from "@tensorflow/tfjs";
import { runRowSparseAccumulate } from "../../../kernels/row-sparse-accumulate/contract.ts";
import { runSparseDecode } from "../../../kernels/sparse-decode/contract.ts";
import { rowSparseAccumulate64, sparseDecode64 } from "./float64/sparse.ts";
import { createRandomData } from "./random-data.ts";

/** Large enough for recycled memory on devices that keep some: F D is more than 4096 numbers. */
const size = { B: 24, D: 70, F: 65, K: 3 };

export interface SparseOperands {
  readonly indices_BK: tf.Tensor2D;
  readonly numbers_BK: tf.Tensor2D;
  /** [B, D] or [F, D] */
  readonly matrix: tf.Tensor2D;
}

export interface SparseGradient {
  readonly what: string;
  readonly shape: readonly [number, number];
  readonly values: Float64Array;
  readonly operands: (tensorflow: typeof tf) => SparseOperands;
  readonly make: (operands: SparseOperands, tensorflow: typeof tf) => tf.Tensor2D;
}

function drawGradients(): readonly SparseGradient[] {
  const { B, D, F, K } = size;
  const random = createRandomData(31);
  const indices = random.indices(B * K, F);
  const [numbers, rows, decoder] = [random.floats(B * K), random.floats(B * D), random.floats(F * D)];
  const operands =
    (matrix: Float32Array) =>
    (tensorflow: typeof tf): SparseOperands => ({
      indices_BK: tensorflow.tensor2d(indices, [B, K], "int32"),
      numbers_BK: tensorflow.tensor2d(numbers.slice(), [B, K]),
      matrix: tensorflow.tensor2d(matrix.slice(), [matrix.length / D, D]),
    });
  const accumulate = ({ indices_BK, numbers_BK, matrix }: SparseOperands): tf.Tensor2D =>
    runRowSparseAccumulate({ indices_BK, coefficients_BK: numbers_BK, rows_BD: matrix }, { numFeatures: F });
  const accumulated = rowSparseAccumulate64(indices, numbers, rows, size);
  const factor = Math.fround(-0.7);
  return [
    {
      ...{ what: "a dictionary's gradient", shape: [F, D], values: accumulated },
      ...{ operands: operands(rows), make: accumulate },
    },
    {
      ...{ what: "a dictionary's gradient times a number", shape: [F, D], values: accumulated.map((x) => x * factor) },
      ...{ operands: operands(rows), make: (at, tensorflow) => tensorflow.mul(accumulate(at), factor) },
    },
    {
      ...{ what: "a gradient of activations", shape: [B, D] },
      values: sparseDecode64(indices, numbers, decoder, size),
      operands: operands(decoder),
      make: ({ indices_BK, numbers_BK, matrix }) =>
        runSparseDecode({ indices_BK, values_BK: numbers_BK, decoder_FD: matrix }),
    },
  ];
}

export const sparseGradients = drawGradients();

/** Made with operands that are gone when it is returned. */
export function makeAlone({ operands, make }: SparseGradient, tensorflow: typeof tf): tf.Tensor2D {
  return tensorflow.tidy(() => make(operands(tensorflow), tensorflow));
}
