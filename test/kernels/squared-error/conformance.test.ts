/** The squared error against float64, on every device and version. */
import { squaredErrorCases } from "../../conformance/kernels/squared-error.ts";
import { runOnAll } from "../subjects.ts";

runOnAll("squared-error", squaredErrorCases);
