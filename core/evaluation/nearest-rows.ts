/**
 * Largest cosine of each row of one matrix to the rows of another, by tiles.
 *
 * Shapes: N query rows, F candidate rows in G equal groups of F/G, D width, T rows of a tile.
 */
import type * as tf from "@tensorflow/tfjs";
import { visitCosineTiles } from "./cosine-tiles.ts";
import type { CosineTile } from "./cosine-tiles.ts";

export interface NearestRowsOptions {
  /** Contiguous groups of candidates of equal size; the maximum is taken in each. Divides F. Default 1. */
  readonly numGroups?: number;
  /** Query n is candidate n, and is not compared with itself. Default false. */
  readonly excludeSelf?: boolean;
}

/**
 * max over the candidates j of group g (j != n where the query is a candidate itself) of cos(query n, candidate j).
 * A zero row has cosine 0 with everything.
 * @param visit Sees the tiles that the maxima are taken of, so that cosines are computed once for several purposes.
 * @returns Row-major [N, G], NaN where the group has no other row than the query itself.
 */
export async function nearestCosines(
  tensorFlow: typeof tf,
  queries_ND: tf.Tensor2D,
  candidates_FD: tf.Tensor2D,
  options: NearestRowsOptions = {},
  visit: (tile: CosineTile) => Promise<void> | void = () => undefined,
): Promise<Float32Array> {
  const numGroups = options.numGroups ?? 1;
  const nearest_NG = new Float32Array(queries_ND.shape[0] * numGroups);
  const input = { queries_ND, candidates_FD, excludeSelf: options.excludeSelf === true };
  await visitCosineTiles(tensorFlow, input, async (tile) => {
    const nearest_TG = tensorFlow.tidy(() => tensorFlow.max(tile.cosines_TF.reshape([tile.count, numGroups, -1]), 2));
    try {
      nearest_NG.set(await nearest_TG.data<"float32">(), tile.start * numGroups);
    } finally {
      nearest_TG.dispose();
    }
    await visit(tile);
  });
  return nearest_NG.map((cosine) => (cosine < -1.5 ? Number.NaN : cosine));
}
