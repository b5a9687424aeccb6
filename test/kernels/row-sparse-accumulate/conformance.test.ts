/** Row-sparse accumulate against float64, on every device and version. */
import { rowSparseAccumulateCases } from "../../conformance/kernels/sparse.ts";
import { runOnAll } from "../subjects.ts";

runOnAll("row-sparse-accumulate", rowSparseAccumulateCases);
