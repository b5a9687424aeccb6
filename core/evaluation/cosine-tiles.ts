/**
 * Cosines between the rows of two matrices, a tile of rows at a time: the full matrix of cosines of a wide dictionary
 * (24,576 squared is 2.4 GB) is never formed.
 *
 * Shapes: N query rows, F candidate rows, D width, T rows of a tile.
 */
import type * as tf from "@tensorflow/tfjs";

const tileRows = 512;
/** What stands where a row would be compared with itself; below every cosine. */
export const excludedCosine = -3;

export interface CosineTile {
  /** The query that the tile starts at. */
  readonly start: number;
  /** T */
  readonly count: number;
  /** [T, F]; disposed after the visit. A zero row has cosine 0 with everything. */
  readonly cosines_TF: tf.Tensor2D;
}

/**
 * Visits all cosines, tile after tile in order of the queries.
 * @param excludeSelf Query n is candidate n, and has `excludedCosine` with itself.
 */
export async function visitCosineTiles(
  tensorFlow: typeof tf,
  { queries_ND, candidates_FD, excludeSelf }: CosineTilesInput,
  visit: (tile: CosineTile) => Promise<void> | void,
): Promise<void> {
  const [numQueries, width] = queries_ND.shape;
  // Transposed once and explicitly: the wasm backend multiplies by a transposed operand an order of magnitude slower.
  const candidates_DF = tensorFlow.tidy(() => unitRows(tensorFlow, candidates_FD).transpose());
  try {
    for (let start = 0; start < numQueries; start += tileRows) {
      const count = Math.min(tileRows, numQueries - start);
      const cosines_TF = tensorFlow.tidy(() => {
        const tile_TD = unitRows(tensorFlow, tensorFlow.slice(queries_ND, [start, 0], [count, width]));
        const all_TF = tensorFlow.matMul<tf.Tensor2D>(tile_TD, candidates_DF);
        return excludeSelf ? withoutSelf(tensorFlow, all_TF, start) : all_TF;
      });
      try {
        await visit({ start, count, cosines_TF });
      } finally {
        cosines_TF.dispose();
      }
    }
  } finally {
    candidates_DF.dispose();
  }
}

export interface CosineTilesInput {
  readonly queries_ND: tf.Tensor2D;
  readonly candidates_FD: tf.Tensor2D;
  readonly excludeSelf: boolean;
}

/** Rows divided by their norms; a zero row stays zero. Runs inside a tidy. */
export function unitRows(tensorFlow: typeof tf, matrix_ND: tf.Tensor2D): tf.Tensor2D {
  const norms_N1 = tensorFlow.sqrt(tensorFlow.sum(tensorFlow.square(matrix_ND), 1, true));
  return tensorFlow.div(matrix_ND, tensorFlow.maximum(norms_N1, 1e-30));
}

function withoutSelf(tensorFlow: typeof tf, cosines_TF: tf.Tensor2D, start: number): tf.Tensor2D {
  const [count, numCandidates] = cosines_TF.shape;
  // Queries start .. start + T meet themselves on the diagonal of the T columns from `start`.
  const diagonal_TT = tensorFlow.mul(tensorFlow.eye(count), excludedCosine);
  const self_TF = tensorFlow.pad(diagonal_TT, [
    [0, 0],
    [start, numCandidates - start - count],
  ]);
  return tensorFlow.add(cosines_TF, self_TF);
}
