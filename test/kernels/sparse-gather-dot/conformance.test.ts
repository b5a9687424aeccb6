/** Sparse gather-dot against float64, on every device and version. */
import { sparseGatherDotCases } from "../../conformance/kernels/sparse.ts";
import { runOnAll } from "../subjects.ts";

runOnAll("sparse-gather-dot", sparseGatherDotCases);
