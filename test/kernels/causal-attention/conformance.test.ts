/** Causal attention against float64, on every device and version. */
import { causalAttentionCases } from "../../conformance/kernels/causal-attention.ts";
import { runOnAll } from "../subjects.ts";

runOnAll("causal attention", causalAttentionCases);
