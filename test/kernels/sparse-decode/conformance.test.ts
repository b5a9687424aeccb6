/** Sparse decode against float64, on every device and version. */
import { sparseDecodeCases } from "../../conformance/kernels/sparse.ts";
import { runOnAll } from "../subjects.ts";

runOnAll("sparse-decode", sparseDecodeCases);
