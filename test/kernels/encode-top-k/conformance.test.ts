/** Encode top-k against float64, on every device and version. */
import { encodeTopKCases } from "../../conformance/kernels/encode-top-k.ts";
import { runOnAll } from "../subjects.ts";

runOnAll("encode-top-k", encodeTopKCases);
