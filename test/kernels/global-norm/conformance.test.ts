/** The global norm against float64, on every device and version. */
import { globalNormCases } from "../../conformance/kernels/norms.ts";
import { runOnAll } from "../subjects.ts";

runOnAll("global-norm", globalNormCases);
