/** The decoder's constraint against float64, on every device and version. */
import { decoderNormCases } from "../../conformance/kernels/norms.ts";
import { runOnAll } from "../subjects.ts";

runOnAll("decoder-norm", decoderNormCases);
