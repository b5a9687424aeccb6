/**
 * Largest cosine of each row of one matrix to the rows of another, by tiles: the full matrix of cosines of a wide
 * dictionary (24,576 squared is 2.4 GB) is never formed.
 *
 * Shapes: N query rows, F candidate rows in G equal groups of F/G, D width, T rows of a tile.
 */
import type * as tf from "@tensorflow/tfjs";

const tileRows = 512;
/** What stands where a row would be compared with itself; below every cosine. */
const excluded = -3;

export interface NearestRowsOptions {
  /** Contiguous groups of candidates of equal size; the maximum is taken in each. Divides F. Default 1. */
  readonly numGroups?: number;
  /** Query n is candidate n, and is not compared with itself. Default false. */
  readonly excludeSelf?: boolean;
}

/**
 * max over the candidates j of group g (j != n where the query is a candidate itself) of cos(query n, candidate j).
 * A zero row has cosine 0 with everything.
 * @returns Row-major [N, G], NaN where the group has no other row than the query itself.
 */
export async function nearestCosines(
  tensorFlow: typeof tf,
  queries_ND: tf.Tensor2D,
  candidates_FD: tf.Tensor2D,
  options: NearestRowsOptions = {},
): Promise<Float32Array> {
  const [numQueries, width] = queries_ND.shape;
  const numGroups = options.numGroups ?? 1;
  const nearest_NG = new Float32Array(numQueries * numGroups);
  // Transposed once and explicitly: the wasm backend multiplies by a transposed operand an order of magnitude slower.
  const candidates_DF = tensorFlow.tidy(() => unitRows(tensorFlow, candidates_FD).transpose());
  try {
    for (let start = 0; start < numQueries; start += tileRows) {
      const count = Math.min(tileRows, numQueries - start);
      const nearest_TG = tensorFlow.tidy(() => {
        const tile_TD = unitRows(tensorFlow, tensorFlow.slice(queries_ND, [start, 0], [count, width]));
        const cosines_TF = tensorFlow.matMul<tf.Tensor2D>(tile_TD, candidates_DF);
        const compared_TF = options.excludeSelf === true ? withoutSelf(tensorFlow, cosines_TF, start) : cosines_TF;
        return tensorFlow.max(compared_TF.reshape([count, numGroups, -1]), 2);
      });
      nearest_NG.set(await nearest_TG.data(), start * numGroups);
      nearest_TG.dispose();
    }
  } finally {
    candidates_DF.dispose();
  }
  return nearest_NG.map((cosine) => (cosine < -1.5 ? Number.NaN : cosine));
}

/** Rows divided by their norms; a zero row stays zero. Runs inside a tidy. */
export function unitRows(tensorFlow: typeof tf, matrix_ND: tf.Tensor2D): tf.Tensor2D {
  const norms_N1 = tensorFlow.sqrt(tensorFlow.sum(tensorFlow.square(matrix_ND), 1, true));
  return tensorFlow.div(matrix_ND, tensorFlow.maximum(norms_N1, 1e-30));
}

function withoutSelf(tensorFlow: typeof tf, cosines_TF: tf.Tensor2D, start: number): tf.Tensor2D {
  const [count, numCandidates] = cosines_TF.shape;
  // Queries start .. start + T meet themselves on the diagonal of the T columns from `start`.
  const diagonal_TT = tensorFlow.mul(tensorFlow.eye(count), excluded);
  const self_TF = tensorFlow.pad(diagonal_TT, [
    [0, 0],
    [start, numCandidates - start - count],
  ]);
  return tensorFlow.add(cosines_TF, self_TF);
}
