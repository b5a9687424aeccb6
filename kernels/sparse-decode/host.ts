/**
 * Sparse decode over typed arrays.
 *
 * Shapes: B rows, D width, F features, K features a row.
 */
import { hostVersion, type KernelVersion } from "../kernel-version.ts";
import { addScaledRows } from "../scaled-rows.ts";
import { sparseDecodeName, type SparseDecodeInputs } from "./contract.ts";

export const sparseDecodeHost: readonly KernelVersion[] = [
  hostVersion(sparseDecodeName, (memory, { indices_BK, values_BK, decoder_FD }: SparseDecodeInputs) => {
    const [rows, active] = indices_BK.shape;
    const width = decoder_FD.shape[1];
    const out_BD = memory.allocate([rows, width], "float32");
    const terms = {
      matrix: memory.floats(decoder_FD),
      width,
      rows: memory.ints(indices_BK),
      coefficients: memory.floats(values_BK),
    };
    const out = memory.floats(out_BD);
    out.fill(0);
    for (let b = 0; b < rows; b++) addScaledRows(out, b * width, terms, { start: b * active, end: (b + 1) * active });
    return out_BD;
  }),
];
