/**
 * Row-sparse accumulate over typed arrays, in the order of the rows: the same bits every time. A zero coefficient (a
 * feature that was selected but is not active) costs nothing.
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import {
  rowSparseAccumulateName,
  type RowSparseAccumulateAttributes,
  type RowSparseAccumulateInputs,
} from "./contract.ts";

export const rowSparseAccumulateHost: readonly KernelVersion[] = [
  hostVersion(
    rowSparseAccumulateName,
    (
      memory,
      { indices_BK, coefficients_BK, rows_BD }: RowSparseAccumulateInputs,
      { numFeatures }: RowSparseAccumulateAttributes,
    ) => {
      const active = indices_BK.shape[1];
      const width = rows_BD.shape[1];
      const out_FD = memory.allocate([numFeatures, width], "float32");
      const indices = memory.ints(indices_BK);
      const coefficients = memory.floats(coefficients_BK);
      const rows = memory.floats(rows_BD);
      const out = memory.floats(out_FD);
      out.fill(0);
      for (let at = 0; at < indices.length; at++) {
        const coefficient = coefficients[at]!;
        if (coefficient === 0) continue;
        const from = Math.floor(at / active) * width;
        const to = indices[at]! * width;
        for (let d = 0; d < width; d++) out[to + d]! += coefficient * rows[from + d]!;
      }
      return out_FD;
    },
  ),
];
