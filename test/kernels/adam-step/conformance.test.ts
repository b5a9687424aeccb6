/** The Adam step against float64, on every device and version. */
import { adamStepCases } from "../../conformance/kernels/adam-step.ts";
import { runOnAll } from "../subjects.ts";

runOnAll("adam-step", adamStepCases);
